"""What is known of every image of a store: one JSON array a line, in `images.jsonl`."""

from __future__ import annotations

import gc
import json
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.files.json_input import parse_json
from regcore.images.diagnostics import Diagnostic
from regcore.store.ledger_line import LedgerLine, Noticed, Record

LEDGER = "images.jsonl"

#: Bytes of lines that are parsed at once.
_BLOCK = 1 << 20

_NO_CHECKSUM = "0" * 16
_HEX = frozenset("0123456789abcdefABCDEF")

_DECODER = msgspec.json.Decoder(list[LedgerLine])
#: msgspec lets NUL characters pass.
_ODD = b"\\u0000"


class Ledger:
    """Records in columns, which take a fifth of the memory of objects; a sequence of Record."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.files: list[str | None] = []
        self.errors: dict[int, str] = {}
        self.noticed: dict[int, Noticed] = {}
        self._sizes = array("q")
        self._mtimes = array("q")
        self._rows = array("l")
        self._checksums = array("Q")
        self._one_object: dict[str | None, str | None] = {}  # for each file name, not one a line

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, position: int) -> Record:
        file = self.files[position]
        return Record(
            path=self.paths[position],
            size=self._sizes[position],
            mtime_ns=self._mtimes[position],
            file=file,
            row=None if file is None else self._rows[position],
            checksum=None if file is None else f"{self._checksums[position]:016x}",
            error=self.errors.get(position),
            noticed=self.noticed.get(position),
        )

    def __iter__(self) -> Iterator[Record]:
        return (self[position] for position in range(len(self)))

    def checksums(self) -> NDArray[np.uint64]:
        """The checksum of each record; 0 for those without values."""
        return np.array(self._checksums, np.uint64)

    def rows(self) -> NDArray[np.int64]:
        """The row of each record; 0 for those without values."""
        return np.array(self._rows, np.int64)

    @classmethod
    def read(cls, file: BinaryIO, name: str | Path, *, first_line: int = 1) -> Ledger:
        """The ledger in the rest of `file`, whose first line is number `first_line`.

        A last line without its end is left out: its writer was killed. Raises DatasetError with
        `name` and the line where one is damaged, or names a source outside of its folder.
        """
        ledger = cls()
        with _no_garbage_collection():
            while block := file.readlines(_BLOCK):
                if not block[-1].endswith(b"\n"):
                    block.pop()
                if block:
                    ledger._extend(_parsed(block, name, first_line + len(ledger)), name)
        return ledger

    def _extend(self, block: Sequence[LedgerLine], name: str | Path) -> None:
        paths, sizes, mtimes, files, rows, checksums, errors, noticed = zip(*block, strict=True)
        first = len(self.paths)
        self.paths.extend(paths)
        self._sizes.extend(sizes)
        self._mtimes.extend(mtimes)
        self.files.extend(map(self._one_object.setdefault, files, files))
        self._rows.extend(row or 0 for row in rows)
        try:
            self._checksums.extend(_from_hex([text or _NO_CHECKSUM for text in checksums]))
        except ValueError as error:
            wrong = next(text for text in checksums if text and not _HEX.issuperset(text))
            raise DatasetError(
                f"{name}: not a ledger of images: {wrong!r} is no checksum"
            ) from error
        if any(errors):
            self.errors |= {first + i: text for i, text in enumerate(errors) if text}
        if any(noticed):
            self.noticed |= {first + i: n for i, n in enumerate(noticed) if n}


def is_name(text: str) -> bool:
    """Whether this can be the path of a file below a folder."""
    parts = text.split("/")
    return "" not in parts and ".." not in parts and "\0" not in text


def are_names(texts: Sequence[str]) -> bool:
    """Whether all are, in a tenth of the time."""
    together = f"/{'/'.join(texts)}/"
    if "//" not in together and ".." not in together and "\0" not in together:
        return True
    return all(map(is_name, texts))


def check_name(folder: str | Path, file: str) -> None:
    """Raises DatasetError for a file that a ledger names outside of the store's folder."""
    if not is_name(file):
        raise DatasetError(f"{folder}: its ledger names the file {file!r}, which is not inside")


def place_of(folder: Path, file: str) -> Path:
    """The path of a file that a ledger names; DatasetError if it were outside of the folder."""
    check_name(folder, file)
    return folder / file


def _parsed(block: Sequence[bytes], name: str | Path, first_line: int) -> list[LedgerLine]:
    """Many lines go through one call of the parser, which is three times as fast.

    Where one of them is odd, each is looked at by itself.
    """
    text = b"[" + b",".join(block) + b"]"
    if _ODD not in text:
        with suppress(msgspec.MsgspecError, ValueError, RecursionError):
            rows = _DECODER.decode(text)
            if len(rows) == len(block) and _are_records(rows):
                return rows
    named = f"{name}: not a ledger of images, line"
    return [_record(line, f"{named} {first_line + i}") for i, line in enumerate(block)]


def _are_records(rows: Sequence[LedgerLine]) -> bool:
    """Whether none of these is suspect: this looks at all at once; `_record` says what is wrong."""
    paths, _, _, files, numbers, checksums, errors, _ = zip(*rows, strict=True)
    if not are_names(paths):
        return False
    failed = files.count(None)
    if not failed:
        return None not in numbers and None not in checksums and not any(errors)
    return all(
        (file is None) == (number is None) == (checksum is None) == bool(error)
        for file, number, checksum, error in zip(files, numbers, checksums, errors, strict=True)
    )


def _record(line: bytes, name: str) -> LedgerLine:
    """One line by itself; DatasetError with the reason where it is no record."""
    row: LedgerLine = parse_json(line, cast("type[LedgerLine]", LedgerLine), name)
    path, _, _, file, number, checksum, error, _ = row
    if not is_name(path):
        raise DatasetError(f"{name}: {path!r} is no image below a folder")
    if not (file is None) == (number is None) == (checksum is None) == bool(error):
        raise DatasetError(f"{name}: an image has values, or else an error")
    if not _HEX.issuperset(checksum or ""):
        raise DatasetError(f"{name}: {checksum!r} is no checksum")
    return row


def _from_hex(checksums: Sequence[str]) -> array[int]:
    """All at once, which is five times as fast as int(text, 16) for each."""
    numbers = array("Q", bytes.fromhex("".join(checksums)))
    if len(numbers) != len(checksums):
        raise ValueError("white space is no digit")
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


class LayeredLedgers:
    """Several ledgers as one, in which the record of an image that came last counts."""

    def __init__(self, *ledgers: Ledger) -> None:
        self._layers: list[tuple[Ledger, dict[str, int]]] = []  # the last one first
        for ledger in ledgers:
            self.add(ledger)

    def add(self, ledger: Ledger) -> None:
        """Puts a ledger on top of the others."""
        positions = {path: position for position, path in enumerate(ledger.paths)}
        self._layers.insert(0, (ledger, positions))

    def find(self, path: str) -> Record | None:
        """The record of an image."""
        for ledger, positions in self._layers:
            if (position := positions.get(path)) is not None:
                return ledger[position]
        return None

    def paths(self) -> set[str]:
        """All images with a record."""
        return set().union(*(positions for _, positions in self._layers))

    def files(self) -> set[str]:
        """All files with values."""
        return {file for ledger, _ in self._layers for file in ledger.files if file is not None}


def made(
    paths: Sequence[str],
    states: Sequence[tuple[int, int]],
    places: Iterator[tuple[str, int]],
    checksums: NDArray[np.uint64],
    *,
    errors: Mapping[int, str],
    diagnostics: Sequence[Diagnostic],
) -> list[Record]:
    """Records of images just made.

    states: size and mtime_ns of every source. places: file and row of the next image that did not
    fail. errors: the reason for every place in the list whose image failed.
    """
    noticed = {
        f.index: Noticed(f.warnings, f.first_warning, f.orientation, f.clipped) for f in diagnostics
    }
    return [
        Record(path, *state, None, None, None, errors[i], None)
        if i in errors
        else Record(path, *state, *next(places), f"{value:016x}", None, noticed.get(i))
        for i, (path, state, value) in enumerate(
            zip(paths, states, checksums.tolist(), strict=True)
        )
    ]


def lines(records: Iterable[Record]) -> bytes:
    """The records as lines of a ledger."""
    return "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in records).encode()


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    # The collector would go through all lines read so far, again and again, and find nothing.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

"""What is known of every image of a store: one JSON array a line, in `images.jsonl`."""

from __future__ import annotations

import gc
import json
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.findings import Finding

LEDGER = "images.jsonl"

#: Bytes of lines that are parsed at once.
_BLOCK = 1 << 20

_TEXTS = {str, type(None)}
_NO_CHECKSUM = "0" * 16


class Record(NamedTuple):
    """One image. The fields in this order are a line of the ledger.

    path: of its source, below the store's source folder; size, mtime_ns: of that file when it was
        read, -1 where it could not be.
    file, row: its values are number `row` of that file of the store; both None where it failed.
    checksum: XXH3 of its values, 16 hex digits; None where it failed.
    error: why it failed; None where it did not.
    noticed: warnings of the decoder, the first of them, and the EXIF orientation, as in a Finding;
        None where nothing was.
    """

    path: str
    size: int
    mtime_ns: int
    file: str | None
    row: int | None
    checksum: str | None
    error: str | None
    noticed: tuple[int, str, int] | None

    @property
    def repaired(self) -> bool:
        """Whether the decoder warned of damage."""
        return self.noticed is not None and self.noticed[0] > 0

    def finding(self, source: Path) -> Finding | None:
        """What was noticed, of the image below `source`."""
        return Finding(str(source / self.path), *self.noticed) if self.noticed else None


class Ledger:
    """Records in columns, which take a fifth of the memory of objects; a sequence of Record."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.files: list[str | None] = []
        self.errors: dict[int, str] = {}
        self.noticed: dict[int, tuple[int, str, int]] = {}
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
        """Of each record; 0 for those without values."""
        return np.array(self._checksums, np.uint64)

    @classmethod
    def read(cls, file: BinaryIO, name: str | Path) -> Ledger:
        """The ledger in the rest of `file`.

        A last line without its end is left out: its writer was killed. Raises DatasetError with
        `name` where a line is damaged.
        """
        ledger = cls()
        try:
            with _no_garbage_collection():
                for block in _blocks(file):
                    ledger._extend(block)
        except (TypeError, ValueError, OverflowError) as error:
            raise DatasetError(f"{name}: not a ledger of images ({error})") from error
        return ledger

    def _extend(self, block: list[list[Any]]) -> None:
        paths, sizes, mtimes, files, rows, checksums, errors, noticed = zip(*block, strict=True)
        if not set(map(type, paths)) <= {str} or not set(map(type, files + errors)) <= _TEXTS:
            raise TypeError("a name or an error is no text")
        first = len(self.paths)
        self.paths.extend(paths)
        self._sizes.extend(sizes)
        self._mtimes.extend(mtimes)
        self.files.extend(map(self._one_object.setdefault, files, files))
        self._rows.extend(row or 0 for row in rows)
        self._checksums.extend(_from_hex([text or _NO_CHECKSUM for text in checksums]))
        if any(errors):
            self.errors |= {first + i: text for i, text in enumerate(errors) if text}
        if any(noticed):
            self.noticed |= {first + i: _noticed(*n) for i, n in enumerate(noticed) if n}


def place_of(folder: Path, file: str) -> Path:
    """The path of a file that a ledger names; DatasetError if it were outside of the folder."""
    parts = PurePosixPath(file).parts
    if file.startswith("/") or ".." in parts or not parts:
        raise DatasetError(f"{folder}: its ledger names the file {file!r}, which is not inside")
    return folder / file


def _noticed(warnings: int, first_warning: str, orientation: int) -> tuple[int, str, int]:
    return int(warnings), str(first_warning), int(orientation)


def _from_hex(checksums: Sequence[str]) -> array[int]:
    """All at once, which is five times as fast as int(text, 16) for each."""
    if set(map(len, checksums)) != {len(_NO_CHECKSUM)}:
        raise ValueError("a checksum has another length")
    numbers = array("Q", bytes.fromhex("".join(checksums)))
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
    findings: Sequence[Finding],
) -> list[Record]:
    """Records of images just made.

    states: size and mtime_ns of every source. places: file and row of the next image that did not
    fail. errors: the reason for every place in the list whose image failed.
    """
    noticed = {f.index: (f.warnings, f.first_warning, f.orientation) for f in findings}
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


def _blocks(file: BinaryIO) -> Iterator[list[list[Any]]]:
    """Many lines go through one call of the parser, which is three times as fast."""
    while block := file.readlines(_BLOCK):
        if not block[-1].endswith(b"\n"):
            block.pop()
        if block:
            yield json.loads(b"[" + b",".join(block) + b"]")


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

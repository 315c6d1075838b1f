"""What is known of every image of a store: one JSON array a line, in `images.jsonl`."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.findings import Finding

LEDGER = "images.jsonl"

#: Bytes of lines that are parsed at once.
_BLOCK = 1 << 20


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
        self._noticed: dict[int, tuple[int, str, int]] = {}
        self._sizes = np.empty(0, np.int64)
        self._mtimes = np.empty(0, np.int64)
        self._rows = np.empty(0, np.int32)
        self._checksums = np.empty(0, np.uint64)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, position: int) -> Record:
        file = self.files[position]
        return Record(
            path=self.paths[position],
            size=int(self._sizes[position]),
            mtime_ns=int(self._mtimes[position]),
            file=file,
            row=None if file is None else int(self._rows[position]),
            checksum=None if file is None else f"{int(self._checksums[position]):016x}",
            error=self.errors.get(position),
            noticed=self._noticed.get(position),
        )

    def __iter__(self) -> Iterator[Record]:
        return (self[position] for position in range(len(self)))

    @classmethod
    def read(cls, file: BinaryIO, name: str | Path) -> Ledger:
        """The ledger in the rest of `file`.

        A last line without its end is left out: its writer was killed. Raises DatasetError with
        `name` where a line is damaged.
        """
        ledger = cls()
        sizes, mtimes, rows, checksums = [ledger._sizes], [], [], []
        known: dict[str | None, str | None] = {}  # one object for each file name, not one a line
        with _no_garbage_collection():
            for block in _blocks(file, name):
                try:
                    path, size, mtime, place, row, checksum, error, noticed = zip(
                        *block, strict=True
                    )
                    sizes.append(np.array(size, np.int64))
                    mtimes.append(np.array(mtime, np.int64))
                    rows.append(np.array([r or 0 for r in row], np.int32))
                    checksums.append(np.array([int(c or "0", 16) for c in checksum], np.uint64))
                except (TypeError, ValueError, OverflowError) as reason:
                    raise DatasetError(f"{name}: not a ledger of images ({reason})") from reason
                first = len(ledger.paths)
                ledger.errors |= {first + i: text for i, text in enumerate(error) if text}
                ledger._noticed |= {first + i: tuple(n) for i, n in enumerate(noticed) if n}
                ledger.paths.extend(path)
                ledger.files.extend(known.setdefault(one, one) for one in place)
        ledger._sizes = np.concatenate(sizes)
        ledger._mtimes = np.concatenate([ledger._mtimes, *mtimes])
        ledger._rows = np.concatenate([ledger._rows, *rows])
        ledger._checksums = np.concatenate([ledger._checksums, *checksums])
        return ledger


class LayeredLedgers:
    """Several ledgers as one, in which the record of an image that came last counts."""

    def __init__(self, *ledgers: Ledger) -> None:
        self._ledgers = ledgers[::-1]
        self._positions = [
            {path: position for position, path in enumerate(ledger.paths)}
            for ledger in self._ledgers
        ]

    def find(self, path: str) -> Record | None:
        """The record of an image."""
        for ledger, positions in zip(self._ledgers, self._positions, strict=True):
            if (position := positions.get(path)) is not None:
                return ledger[position]
        return None

    def paths(self) -> set[str]:
        """All images with a record."""
        return set().union(*self._positions)

    def files(self) -> set[str]:
        """All files with values."""
        return {file for ledger in self._ledgers for file in ledger.files if file is not None}


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


def _blocks(file: BinaryIO, name: str | Path) -> Iterator[list[list[object]]]:
    """Many lines go through one call of the parser, which is three times as fast."""
    while block := file.readlines(_BLOCK):
        if not block[-1].endswith(b"\n"):
            block.pop()
        if not block:
            return
        try:
            yield json.loads(b"[" + b",".join(block) + b"]")
        except ValueError as error:
            raise DatasetError(f"{name}: not a ledger of images ({error})") from error


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

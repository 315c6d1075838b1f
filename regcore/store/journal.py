"""The record of a store in the making, which survives the death of its writer."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from regcore.errors import DatasetError, OutputError
from regcore.files.atomic import sync
from regcore.files.lock import open_locked
from regcore.store.ledger import Ledger, lines
from regcore.store.ledger_line import Record
from regcore.store.manifest import StoreSpec, is_torn

if TYPE_CHECKING:
    from typing_extensions import Self

JOURNAL = "images.jsonl.part"

_BLOCK = 1 << 16
_LONGEST_DESCRIPTION = 1 << 16


class RecordSink(Protocol):
    """What takes the records of finished images."""

    def append(self, records: Iterable[Record], *, durably: bool = False) -> None:
        """Adds finished images. durably: they survive a power cut from now on."""


class Journal:
    """Finished images, appended as they come, after a line that describes the store.

    Whoever has a folder's journal open has the folder for himself. What was in it is `description`
    (None in a new one) and `ledger`; a last line without its end is left out. Nothing in the file
    changes before `begin`, `append` or `forget`.
    was_there: whether there was a journal, be it empty.
    damage: what is wrong with a journal of ours, None where nothing is; it can be forgotten.
    Raises RegcoreError where another process has it, DatasetError where it is no journal of ours.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL
        self.was_there = self._path.exists()
        self._file = open_locked(self._path)
        self.description: StoreSpec | None = None
        self.ledger = Ledger()
        self.damage: DatasetError | None = None
        try:
            self._torn_at: int | None = _end_of_lines(self._file)
            self._read()
        except BaseException:
            self._file.close()
            raise

    def _read(self) -> None:
        self._file.seek(0)
        first = self._file.readline(_LONGEST_DESCRIPTION)
        if not first.endswith(b"\n"):
            if len(first) == _LONGEST_DESCRIPTION or not is_torn(first):
                raise DatasetError(
                    f"{self._path}: not the journal of a store, so that regcore leaves it alone; "
                    "move it away"
                )
            return
        self.description = _read_description(first, self._path)
        try:
            self.ledger = Ledger.read(self._file, self._path, first_line=2)
        except DatasetError as error:
            self.damage = error

    def begin(self, description: StoreSpec) -> None:
        """Describes the store, in a new journal."""
        if self.description is None:
            self.description = description
            self._append(description.to_line(), durably=True)
            sync(self._path.parent)

    def append(self, records: Iterable[Record], *, durably: bool = False) -> None:
        """Adds finished images. durably: they survive a power cut from now on."""
        self._append(lines(records), durably=durably)

    def _append(self, text: bytes, *, durably: bool) -> None:
        try:
            if self._torn_at is not None:
                self._file.truncate(self._torn_at)
                self._torn_at = None
            self._file.write(text)
            self._file.flush()
            if durably:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(f"{self._path}: cannot write: {error.strerror}") from error

    def reread(self) -> Ledger:
        """All images in the journal now."""
        self._read()
        if self.damage is not None:
            raise self.damage
        return self.ledger

    def forget(self) -> None:
        """Empties the journal."""
        self._torn_at = 0
        self.description, self.ledger, self.damage = None, Ledger(), None

    def remove(self) -> None:
        """Deletes the journal; the folder stays reserved until it is closed."""
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Gives the folder free; a journal that was not begun goes."""
        if self.description is None:
            self.remove()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def peek(folder: Path) -> tuple[StoreSpec | None, Ledger]:
    """What a journal says, without a claim to its folder; nothing where it is absent or torn."""
    path = folder / JOURNAL
    if not path.is_file():
        return None, Ledger()
    with path.open("rb") as file:
        first = file.readline(_LONGEST_DESCRIPTION)
        if not first.endswith(b"\n"):
            return None, Ledger()
        return _read_description(first, path), Ledger.read(file, path, first_line=2)


def _end_of_lines(file: BinaryIO) -> int:
    """Where the last whole line of the file ends."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        begin = max(0, end - _BLOCK)
        file.seek(begin)
        newline = file.read(end - begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        end = begin
    return 0


def _read_description(line: bytes, path: Path) -> StoreSpec:
    try:
        return StoreSpec.read(line, path)
    except DatasetError as error:
        raise DatasetError(f"{error} (it is not the journal of a store)") from error

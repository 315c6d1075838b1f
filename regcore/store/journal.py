"""The record of a store in the making, which survives the death of its writer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from regcore.errors import DatasetError, OutputError
from regcore.folder_lock import open_locked
from regcore.store.ledger import Ledger, Record, lines
from regcore.store.manifest import Description

if TYPE_CHECKING:
    from typing_extensions import Self

JOURNAL = "images.jsonl.part"

_BLOCK = 1 << 16


class Journal:
    """Finished images, appended as they come, behind a line that describes the store.

    Whoever has a folder's journal open has the folder for himself. What was in it is `description`
    (None in a new one) and `ledger`. Raises RegcoreError where another process has it, DatasetError
    where it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL
        self._file = open_locked(self._path)
        self.description: Description | None = None
        self.ledger = Ledger()
        try:
            _drop_torn_line(self._file)
            self._read()
        except BaseException:
            self._file.close()
            raise

    def _read(self) -> None:
        self._file.seek(0)
        if first := self._file.readline():
            self.description = _read_description(first, self._path)
            self.ledger = Ledger.read(self._file, self._path)

    def begin(self, description: Description) -> None:
        """Describes the store, in a new journal."""
        if self.description is None:
            self.description = description
            self._append(json.dumps(description.to_dict()).encode() + b"\n", durably=True)

    def append(self, records: Iterable[Record], *, durably: bool = False) -> None:
        """Adds finished images. durably: they survive a power cut from now on."""
        self._append(lines(records), durably=durably)

    def _append(self, text: bytes, *, durably: bool) -> None:
        try:
            self._file.write(text)
            self._file.flush()
            if durably:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(f"{self._path}: cannot write: {error.strerror}") from error

    def reread(self) -> Ledger:
        """All images in the journal now."""
        self._read()
        return self.ledger

    def forget(self) -> None:
        """Empties the journal."""
        self._file.truncate(0)
        self.description, self.ledger = None, Ledger()

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


def _drop_torn_line(file: BinaryIO) -> None:
    """Cuts the file behind its last whole line."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        begin = max(0, end - _BLOCK)
        file.seek(begin)
        newline = file.read(end - begin).rfind(b"\n")
        if newline >= 0:
            end = begin + newline + 1
            break
        end = begin
    file.truncate(end)


def _read_description(line: bytes, path: Path) -> Description:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise DatasetError(f"{path}: not the journal of a store ({error})") from error
    if not isinstance(fields, dict):
        raise DatasetError(f"{path}: not the journal of a store")
    return Description.from_dict(fields, path)

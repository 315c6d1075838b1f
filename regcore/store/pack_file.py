"""One pack in the making: written in place under another name, then closed up and published."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from regcore.errors import OutputError
from regcore.files.temporary_file import TemporaryFile
from regcore.store.durable import sync_data


class PackFile:
    """A file of images side by side.

    It has its name only after `publish`; what was not published goes with `discard`.
    """

    def __init__(self, path: Path, image_bytes: int) -> None:
        self.path = path
        self._temporary = TemporaryFile(path)
        self._image_bytes = image_bytes

    @property
    def descriptor(self) -> int:
        """That of the open file, -1 while there is none."""
        return self._temporary.descriptor

    def create(self) -> None:
        """Opens the file, empty. Whoever calls this must see to `discard` first."""
        try:
            self._temporary.create()
        except OSError as error:
            raise OutputError(f"{self.path}: cannot create: {error.strerror}") from error

    def close_up(self, rows: Sequence[int], file_rows: int) -> None:
        """Moves the images in `rows`, ascending, to the front; zeros follow up to `file_rows`."""
        size = self._image_bytes
        try:
            for place, row in enumerate(rows):
                if place != row:
                    self._move(row * size, place * size)
            os.ftruncate(self.descriptor, len(rows) * size)
            os.ftruncate(self.descriptor, file_rows * size)
        except OSError as error:
            raise self._failure(error) from error

    def _move(self, source: int, target: int) -> None:
        """Copies an image's bytes; the system may take fewer at a time than it was given."""
        values = memoryview(os.pread(self.descriptor, self._image_bytes, source))
        while values:
            written = os.pwrite(self.descriptor, values, target)
            values, target = values[written:], target + written

    def publish(self) -> None:
        """Gives the file its name once the disk has all of it; without an image there is none."""
        try:
            if os.fstat(self.descriptor).st_size:
                sync_data(self.descriptor)
                self._temporary.rename()
            else:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failure(error) from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Deletes the file if it has not got its name, and closes it."""
        self._temporary.discard()

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"{self.path}: cannot write: {error.strerror}")

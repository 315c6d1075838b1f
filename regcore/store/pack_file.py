"""One pack in the making: written in place under another name, then closed up and published."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from regcore.errors import OutputError
from regcore.files.atomic import create_beside
from regcore.store.durable import sync_data


class PackFile:
    """A file of images side by side; `descriptor` is for those who write them.

    It has its name only after `publish`; what was not published goes with `discard`.
    """

    def __init__(self, path: Path, image_bytes: int) -> None:
        self.path = path
        self._temporary: Path | None = None
        self._image_bytes = image_bytes
        self.descriptor = -1

    def create(self) -> None:
        """Opens the file, empty. Whoever calls this must see to `discard` first."""
        try:
            self._temporary, self.descriptor = create_beside(self.path)
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
        if self._temporary is None:
            raise ValueError("a pack is published once, after it was created")
        try:
            if os.fstat(self.descriptor).st_size:
                sync_data(self.descriptor)
                self._temporary.rename(self.path)
            else:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failure(error) from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Deletes the file if it has not got its name, and closes it."""
        if self._temporary is not None:
            # Nobody takes it for abandoned while it is open, and so locked.
            self._temporary.unlink(missing_ok=True)
            self._temporary = None
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"{self.path}: cannot write: {error.strerror}")

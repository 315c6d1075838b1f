"""One pack in the making: written in place under another name, then closed up and published."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from regcore.errors import OutputError


class PackFile:
    """A file of images side by side; `descriptor` is for those who write them.

    It has its name only after `publish`; what was not published goes with `discard`.
    """

    def __init__(self, path: Path, image_bytes: int) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.part")
        self._image_bytes = image_bytes
        self.descriptor = -1

    def create(self) -> None:
        """Opens the file, empty. Whoever calls this must see to `discard` first."""
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            self.descriptor = os.open(self._temporary, flags, 0o666)
        except OSError as error:
            raise OutputError(f"{self._temporary}: cannot create: {error.strerror}") from error

    def close_up(self, rows: Sequence[int], file_rows: int) -> None:
        """Moves the images in `rows`, ascending, to the front; zeros follow up to `file_rows`."""
        size = self._image_bytes
        try:
            for place, row in enumerate(rows):
                if place != row:
                    values = os.pread(self.descriptor, size, row * size)
                    os.pwrite(self.descriptor, values, place * size)
            os.ftruncate(self.descriptor, len(rows) * size)
            os.ftruncate(self.descriptor, file_rows * size)
        except OSError as error:
            raise self._failure(error) from error

    def publish(self) -> None:
        """Gives the file its name once the disk has all of it; without an image there is none."""
        try:
            if os.fstat(self.descriptor).st_size:
                os.fdatasync(self.descriptor)
                self._temporary.rename(self._path)
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failure(error) from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Closes the file, and deletes it if it has not got its name."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        self._temporary.unlink(missing_ok=True)

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"{self._path}: cannot write: {error.strerror}")

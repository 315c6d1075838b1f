"""Image files of a folder, or one file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from regcore.images.listing import Listing, listing
from regcore.images.sources import Image
from regcore.sources.protocol import NO_VERSION, ImageSource

_GONE = {errno.ENOENT, errno.ENOTDIR}


class FileSource(ImageSource):
    """The files `names` below the folder `root`."""

    def __init__(
        self, root: str | Path, names: Sequence[str], found: Listing | None = None
    ) -> None:
        """found: the listing that they come from, which knows what was left out."""
        self._folder = Path(root)
        self.root = str(root)
        self.names = names
        self._found = found
        self.broken = () if found is None else found.broken

    @classmethod
    def listed(cls, source: str | Path) -> FileSource:
        """All images of a folder and its sub-folders, or one file; see regcore.images.listing."""
        found = listing(source)
        return cls(found.root, found.names, found)

    def read(self, places: Iterable[int] | None = None) -> list[Image]:
        """See ImageSource: the paths."""
        names = self.names if places is None else (self.names[place] for place in places)
        return [self._folder / name for name in names]

    def version(self, place: int) -> tuple[int, int]:
        """See ImageSource."""
        return file_version(self._folder / self.names[place])

    def is_gone(self, place: int) -> bool:
        """See ImageSource."""
        return file_is_gone(self._folder / self.names[place])

    def chosen(self, names: Sequence[str]) -> FileSource:
        """See ImageSource."""
        return FileSource(self.root, names, self._found)

    def files(self) -> Iterator[Path]:
        """See ImageSource."""
        return (self._folder / name for name in self.names)

    def left_out(self) -> str:
        """See ImageSource."""
        return "" if self._found is None else self._found.left_out()


def file_version(path: str | Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in ns; NO_VERSION where it cannot be asked."""
    try:
        status = os.stat(path)  # noqa: PTH116  (a million times)
    except OSError:
        return NO_VERSION
    return status.st_size, status.st_mtime_ns


def file_is_gone(path: str | Path) -> bool:
    """Whether there is no file any more."""
    try:
        os.stat(path)  # noqa: PTH116
    except OSError as error:
        return error.errno in _GONE
    return False

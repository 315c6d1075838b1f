"""Images in archives, tables and databases: one, or several as one list."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError, DecodeError, UsageError
from regcore.files.names import ARCHIVE_MARK
from regcore.images.listing import LeftOut
from regcore.images.sources import Image
from regcore.sources.files import file_version
from regcore.sources.prefetch import FailingImage
from regcore.sources.protocol import NO_VERSION, ImageSource, below

_NO_MEMBER = "there is no such member"
_CHANGED = "its archive is another one since it was listed"


class Archive(ABC):
    """One archive. Places are those of its images, in its own order.

    name: of the archive below the root of its source; path: where it lies. names: of its images.
    """

    def __init__(self, root: str, name: str) -> None:
        self.name = name
        self.path = below(root, name)
        self.names: Sequence[str] = ()
        self.broken: Sequence[DecodeError] = ()
        self.unknown = LeftOut()
        self.state = self.state_now()

    def labels(self) -> NDArray[np.int64] | None:
        """See ImageSource."""
        return None

    @abstractmethod
    def items(self, places: Sequence[int]) -> list[Image]:
        """See ImageSource.read."""

    @abstractmethod
    def identity(self, place: int) -> tuple[int, int]:
        """An image's size in bytes, or -1 where only the archive's is known, and what tells it."""

    def state_now(self) -> tuple[int, int]:
        """What tells the archive from one that had its name before; NO_VERSION: it is not there."""
        return file_version(self.path)

    def read(self, places: Sequence[int]) -> list[Image]:
        """See ImageSource. Of an archive that is another one since it was listed, none is read."""
        if self.state_now() == self.state:
            return self.items(places)
        return [FailingImage(self.member(place), _CHANGED) for place in places]

    def version(self, place: int) -> tuple[int, int]:
        """See ImageSource."""
        if self.state == NO_VERSION or self.state_now() != self.state:
            return NO_VERSION
        size, other = self.identity(place)
        return size if size >= 0 else self.state[0], mixed(*self.state, other)

    def file(self) -> Path | None:
        """The local file, if it is one."""
        return Path(self.path)

    def close(self) -> None:
        """See ImageSource."""
        return

    def member(self, place: int) -> str:
        """What errors call an image."""
        return f"{self.path}{ARCHIVE_MARK}{self.names[place]}"


class MissingArchive(Archive):
    """One that is not there, or cannot be read."""

    def __init__(self, root: str, name: str, error: str) -> None:
        super().__init__(root, name)
        self.error = error

    def items(self, places: Sequence[int]) -> list[Image]:
        """See Archive: why each of them cannot be read."""
        return [FailingImage(f"{self.path}{ARCHIVE_MARK}{place}", self.error) for place in places]

    def identity(self, place: int) -> tuple[int, int]:
        """See Archive."""
        return -1, place


_Names = tuple[list[str], NDArray[np.int64], NDArray[np.int64]]


def _all_of(archives: Sequence[Archive]) -> _Names:
    counts = [len(archive.names) for archive in archives]
    names = [
        f"{archive.name}{ARCHIVE_MARK}{name}" for archive in archives for name in archive.names
    ]
    places = np.concatenate([np.arange(0), *map(np.arange, counts)])
    return names, np.repeat(np.arange(len(archives)), counts), places


class ArchiveSource(ImageSource):
    """The images of some archives, one archive after the other; or a choice of them.

    chosen: their names, for each the number of its archive, and its place there, or -1.
    """

    def __init__(
        self, root: str, archives: Sequence[Archive], chosen: _Names | None = None
    ) -> None:
        self.root = root
        self.archives = archives
        self.names, self._numbers, self._places = chosen or _all_of(archives)
        self.broken = [error for archive in archives for error in archive.broken]

    def labels(self) -> NDArray[np.int64] | None:
        """See ImageSource."""
        used = sorted(set(self._numbers[self._places >= 0].tolist()))
        if not used and len(self):
            raise DatasetError(f"{self.path(0)}: {self._why(0)}")
        found = {number: self.archives[number].labels() for number in used}
        having = {number: labels for number, labels in found.items() if labels is not None}
        if not having:
            return None
        without = [self.archives[number].path for number in used if number not in having]
        if without:
            raise DatasetError(f"{without[0]}: has no labels, where others of the source have")
        if (self._places < 0).any():
            lost = int(np.argmin(self._places))
            raise DatasetError(f"{self.path(lost)}: has no label: {self._why(lost)}")
        labels = np.empty(len(self), np.int64)
        for number, of_archive in having.items():
            mine = self._numbers == number
            labels[mine] = of_archive[self._places[mine]]
        return labels

    def read(self, places: Iterable[int] | None = None) -> list[Image]:
        """See ImageSource."""
        wanted = np.arange(len(self)) if places is None else np.array([*places], np.int64)
        there = self._places[wanted] >= 0
        items: list[Image] = []
        # Neighbours in an archive are read together.
        for number, run in runs(np.where(there, self._numbers[wanted], -1)):
            listed = wanted[run]
            if number < 0:
                items += [FailingImage(self.path(p), self._why(p)) for p in listed.tolist()]
            else:
                items += self.archives[number].read(self._places[listed].tolist())
        return items

    def _why(self, place: int) -> str:
        archive = self.archives[self._numbers[place]]
        if isinstance(archive, MissingArchive):
            return archive.error
        if ARCHIVE_MARK not in self.names[place]:
            return f"no image in an archive is called so, but {archive.name}{ARCHIVE_MARK}PATH"
        return _NO_MEMBER

    def version(self, place: int) -> tuple[int, int]:
        """See ImageSource."""
        if self._places[place] < 0:
            return NO_VERSION
        archive: Archive = self.archives[self._numbers[place]]
        return archive.version(int(self._places[place]))

    def is_gone(self, place: int) -> bool:
        """See ImageSource."""
        archive: Archive = self.archives[self._numbers[place]]
        return bool(self._places[place] < 0) or archive.state_now() == NO_VERSION

    def chosen(self, names: Sequence[str]) -> ArchiveSource:
        """See ImageSource."""
        numbers = {archive.name: number for number, archive in enumerate(self.archives)}
        known = self._place_of
        places = np.array([known.get(name, -1) for name in names], np.int64)
        owners = [numbers.get(name.partition(ARCHIVE_MARK)[0], 0) for name in names]
        there, choice = places >= 0, places[places >= 0]
        of_archive, at = np.array(owners, np.int64), np.full(len(names), -1)
        of_archive[there] = self._numbers[choice]
        at[there] = self._places[choice]
        return ArchiveSource(self.root, self.archives, (list(names), of_archive, at))

    @cached_property
    def _place_of(self) -> dict[str, int]:
        """The place of each name: a million are chosen from in portions, many times."""
        return {name: place for place, name in enumerate(self.names)}

    def files(self) -> Iterator[Path]:
        """See ImageSource."""
        return (file for archive in self.archives if (file := archive.file()) is not None)

    def left_out(self) -> str:
        """See ImageSource."""
        count = sum(archive.unknown.count for archive in self.archives)
        if not count:
            return ""
        first = next(archive.unknown for archive in self.archives if archive.unknown.count)
        return f"{count} of a kind that is not read ({first})"

    def close(self) -> None:
        """See ImageSource."""
        for archive in self.archives:
            archive.close()


def runs(keys: NDArray[np.int64]) -> Iterator[tuple[int, slice]]:
    """Each key that stands one or more times in a row, and where."""
    ends = np.append(np.flatnonzero(np.diff(keys)) + 1, len(keys)).tolist()
    begin = 0
    for end in ends:
        if end > begin:
            yield int(keys[begin]), slice(begin, end)
        begin = end


def check_distinct(names: Sequence[str], where: str = "") -> None:
    """Raises UsageError where a file is named twice, whose images would count twice.

    where: what names them, for the message.
    """
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise UsageError(f"{f'{where}: ' if where else ''}{name} is named {count} times")


def mixed(*facts: object) -> int:
    """One number of 63 bits that tells these facts from others."""
    digest = hashlib.blake2b(repr(facts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1

"""Images in a tar archive, as WebDataset keeps them. It is read, not mapped.

A shard that is cut short while it is mapped would kill the process; while it is read, the images
that are no longer there fail by name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regcore._native.tar_index import index_tar
from regcore.errors import DatasetError, DecodeError
from regcore.images.sources import FilePart, Image
from regcore.sources.archive import Archive
from regcore.sources.members import image_members
from regcore.sources.prefetch import FailingImage
from regcore.sources.remote_tar import why_unread

#: Of an ordinary file: today's, the older one, and one that lies contiguously.
_FILES = frozenset("0\x007")


class TarArchive(Archive):
    """The images of one archive; a member `KEY.cls` or `KEY.json` labels those of its key."""

    def __init__(self, root: str, name: str) -> None:
        """Raises DatasetError where the archive cannot be read, or has two images of one name.

        Where it is damaged, `broken` says so, and the images before the damage are there.
        """
        super().__init__(root, name)
        try:
            names, self._offsets, self._sizes, self._types, damage = index_tar(self.path)
        except RuntimeError as error:
            raise DatasetError(f"{self.path}: {error}") from None
        self._members = image_members(self.path, names)
        if damage and not names:
            raise DatasetError(f"{self.path}: no tar archive, or a damaged one: {damage}")
        self.names = self._members.names
        self.unknown = self._members.unknown
        self.broken = list(self._members.broken)
        if damage:
            self.broken.append(DecodeError(self.path, f"damaged, it may have had more: {damage}"))

    def labels(self) -> NDArray[np.int64] | None:
        """See ImageSource."""
        with open(self.path, "rb", buffering=0) as file:  # noqa: PTH123

            def read(place: int, most: int) -> bytes:
                size = min(self._sizes[place], most)
                return os.pread(file.fileno(), size, self._offsets[place])

            return self._members.labels(self.path, read)

    def items(self, places: Sequence[int]) -> list[Image]:
        """See Archive: parts of its file."""
        return [self._image(place) for place in places]

    def _image(self, place: int) -> Image:
        member = self._members.places[place]
        if self._types[member] not in _FILES:
            why = why_unread(sparse=self._types[member] == "S")
            return FailingImage(self.member(place), why)
        return FilePart(self.path, self._offsets[member], self._sizes[member], self.member(place))

    def identity(self, place: int) -> tuple[int, int]:
        """See Archive."""
        member = self._members.places[place]
        return self._sizes[member], self._offsets[member]

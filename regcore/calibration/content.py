"""Whether images are the same files, by their sizes and hashes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from regcore.errors import RegcoreError
from regcore.images.sources import FilePart, Image, ImageOnDemand
from regcore.sources.protocol import ImageSource

#: Of a SHA-256, the letters that are compared.
SHORT = 16


class ImageContent(NamedTuple):
    """The bytes of an image file: how many, and their SHA-256 in hexadecimal."""

    size: int
    sha256: str

    @property
    def short(self) -> tuple[int, str]:
        """What is compared."""
        return self.size, self.sha256[:SHORT]


def content_of(image: Image) -> ImageContent:
    """Of an image of a source; raises OSError, or what its archive raises, where there is none."""
    data = _bytes_of(image)
    return ImageContent(len(data), hashlib.sha256(data).hexdigest())


class SeenContents:
    """The contents of images of a source that were looked at. copies: how many were copies."""

    def __init__(self, source: ImageSource) -> None:
        """Nothing has been looked at yet."""
        self._source = source
        self._read: dict[int, ImageContent | None] = {}
        self._seen: set[tuple[int, str]] = set()
        self.copies = 0

    def read(self, places: Sequence[int]) -> None:
        """Reads several, which is faster than one by one."""
        for place, image in zip(places, self._source.read(places), strict=True):
            self._read[place] = _readable_content(image)

    def is_copy(self, place: int) -> bool:
        """Whether an image has the bytes of another that was asked about before."""
        content = self._content(place)
        if content is None:
            return False
        copy = content.short in self._seen
        self.copies += copy
        self._seen.add(content.short)
        return copy

    def of(self, places: Sequence[int]) -> list[ImageContent]:
        """The contents of images that can be read."""
        self.read([place for place in places if self._read.get(place) is None])
        found = [self._read[place] for place in places]
        return [content for content in found if content is not None]

    def _content(self, place: int) -> ImageContent | None:
        if place not in self._read:
            self.read([place])
        return self._read[place]


def same_contents(
    source: ImageSource, places: Sequence[int], known: Collection[tuple[int, str]]
) -> Iterator[int]:
    """Those of the places of a source whose images are among the `known`, see ImageContent.short.

    Only images of a size that is among the known are read; of some archives the size shows when an
    image is read. An image that cannot be read is none of them.
    """
    if not known:
        return
    sizes = {None, *(size for size, _ in known)}
    for place, image in zip(places, source.read(places), strict=True):
        if _is_among(image, sizes, known):
            yield place


def _is_among(image: Image, sizes: set[int | None], known: Collection[tuple[int, str]]) -> bool:
    try:
        return _size_of(image) in sizes and content_of(image).short in known
    except (OSError, RegcoreError):
        return False


def _readable_content(image: Image) -> ImageContent | None:
    """None where it cannot be read, which whoever prepares it says."""
    try:
        return content_of(image)
    except (OSError, RegcoreError):
        return None


def _size_of(image: Image) -> int | None:
    """In bytes; None where only reading it tells."""
    if isinstance(image, FilePart):
        return image.size
    if isinstance(image, (str, os.PathLike)):
        return os.stat(image).st_size  # noqa: PTH116  (a million times)
    return None


def _bytes_of(image: Image) -> bytes | bytearray | memoryview:
    if isinstance(image, (FilePart, ImageOnDemand)):
        return image.read()
    if isinstance(image, (bytes, bytearray, memoryview)):
        return image
    if isinstance(image, (str, os.PathLike)):
        with open(image, "rb") as file:  # noqa: PTH123
            return file.read()
    return np.ascontiguousarray(image).tobytes()

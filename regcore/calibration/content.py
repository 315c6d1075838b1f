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

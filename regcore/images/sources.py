"""A caller's images as the core takes them, and what the core tells of them."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from regcore._native import pipeline as native
from regcore._native.sources import ClippedPixels
from regcore.errors import DecodeError, OutputError, RegcoreError, UsageError
from regcore.files.arguments import is_masked_array
from regcore.images.diagnostics import Diagnostic
from regcore.images.pillow_images import is_clipped, is_pillow_image, pixels_of

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


class FilePart(NamedTuple):
    """An image that is part of a file, as in a tar archive.

    offset, size: where it lies, in bytes. name: what errors and diagnostics call it.
    """

    path: str
    offset: int
    size: int
    name: str

    def read(self) -> bytes:
        """The bytes of the image file; raises OSError."""
        with open(self.path, "rb") as file:  # noqa: PTH123  (a million times)
            file.seek(self.offset)
            return file.read(self.size)


class ImageOnDemand(ABC):
    """An image whose bytes are asked for when its turn comes, by a worker that holds the GIL."""

    __slots__ = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """What errors and diagnostics call it."""

    @abstractmethod
    def read(self) -> bytes | bytearray | memoryview:
        """The bytes of the image file, contiguous; any error is the image's.

        Called about in the order of the list, by several threads.
        """


_UINT8 = np.dtype(np.uint8)

_Plain = (
    str
    | os.PathLike[str]
    | FilePart
    | ImageOnDemand
    | bytes
    | bytearray
    | memoryview
    | NDArray[np.uint8]
)
_AXES = 4  # images, height, width, channels

#: A path, a part of a file, the bytes of an image file, RGB pixels (height x width x 3, uint8), or
#: an image of Pillow, of any mode.
Image: TypeAlias = "_Plain | PillowImage"


def as_items(items: Sequence[Image], *, upright: bool = False) -> list[native.Item]:
    """Paths as str, bytes, or pixels whose rows have no gaps; raises UsageError for another.

    upright: whether images of Pillow are turned as their EXIF orientation says. One that Pillow
    cannot load becomes an item that fails in its turn.
    """
    if isinstance(items, (str, bytes, bytearray, memoryview, os.PathLike)):
        raise TypeError("items must be a sequence of images, not one image")
    if isinstance(items, np.ndarray) and 1 < items.ndim < _AXES:
        raise TypeError("items must be a sequence of images, not the pixels of one")
    if not isinstance(items, Iterable):
        raise TypeError(f"items must be a sequence of images, not {type(items).__name__}")
    return [
        _pixels(item)
        if type(item) is np.ndarray  # first, as a call for one array is short
        else _pillow_item(item, index, upright=upright)
        if is_pillow_image(item)
        else _as_item(item)
        for index, item in enumerate(items)
    ]


def _pillow_item(image: PillowImage, index: int, *, upright: bool) -> native.Item:
    try:
        pixels = pixels_of(image, upright=upright)
    except (OSError, SyntaxError, ValueError) as error:
        return UnloadableImage(unnamed_item(index), str(error))
    if not pixels.size:
        return UnloadableImage(unnamed_item(index), "has no pixels")
    return ClippedPixels(pixels) if is_clipped(image) else pixels


class UnloadableImage(ImageOnDemand):
    """An image of Pillow that cannot be loaded, which is told in its turn as that of a bad file."""

    __slots__ = ("_detail", "_name")

    def __init__(self, name: str, detail: str) -> None:
        self._name = name
        self._detail = detail

    @property
    def name(self) -> str:
        """As it was made."""
        return self._name

    def read(self) -> bytes:
        """Raises the DecodeError."""
        raise DecodeError(self._name, self._detail)


def _as_item(item: _Plain) -> native.Item:
    if isinstance(item, np.ndarray):
        return _pixels(item)
    if isinstance(item, (bytes, bytearray, ImageOnDemand)):
        return item
    if isinstance(item, FilePart):
        return _checked_part(item)
    if isinstance(item, memoryview):
        if not item.c_contiguous:
            raise UsageError("the bytes of an image must be contiguous")
        return item.cast("B")
    return _path(item)


def _path(item: str | os.PathLike[str]) -> str:
    try:
        path = os.fspath(item)
    except TypeError:
        raise UsageError(
            f"an image is a path, bytes, pixels or of Pillow, not {type(item).__name__}"
        ) from None
    if not isinstance(path, str):
        path = os.fsdecode(path)
    if "\0" in path:
        raise UsageError(f"a path cannot hold a NUL character: {path!r}")
    return path


def _pixels(item: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if type(item) is not np.ndarray and is_masked_array(item):
        raise UsageError("pixels cannot be a masked array")
    if item.dtype != _UINT8 or item.ndim != 3 or item.shape[2] != 3 or item.size == 0:  # noqa: PLR2004
        raise UsageError(
            f"pixels must be uint8 of shape (height, width, 3), not {item.dtype} of {item.shape}"
        )
    # The core takes rows at any distance, but whole pixels side by side.
    return item if item.strides[1:] == (3, 1) else np.ascontiguousarray(item)


def split_reports(
    items: Sequence[native.Item], reports: native.Reports
) -> tuple[dict[int, DecodeError], list[Diagnostic]]:
    """The core's reports as errors, by place in the list, and diagnostics of the other images."""
    errors: dict[int, DecodeError] = {}
    diagnostics: list[Diagnostic] = []
    for index, detail, noticed in reports:
        name = name_of(items[index], index)
        if detail is None:
            diagnostics.append(Diagnostic(name, *noticed, index))
        else:
            errors[index] = DecodeError(name, detail, index)
    return errors, diagnostics


def _checked_part(part: FilePart) -> FilePart:
    if "\0" in part.path:
        raise UsageError(f"a path cannot hold a NUL character: {part.path!r}")
    if part.offset < 0 or part.size < 0:
        raise UsageError(f"{part.name}: lies at no place of a file")
    return part


def name_of(item: native.Item, index: int) -> str:
    """What errors call an item of a list."""
    if isinstance(item, str):
        return item
    if isinstance(item, (FilePart, ImageOnDemand)):
        return item.name
    return unnamed_item(index)


def unnamed_item(index: int) -> str:
    """What errors call an image that has no path, by its place in the list."""
    return f"item {index}"


@contextmanager
def core_errors() -> Iterator[None]:
    """What the core raises (no threads, created before a fork) in regcore's own class."""
    try:
        yield
    except RuntimeError as error:
        raise RegcoreError(str(error)) from None
    except OSError as error:
        raise OutputError(str(error)) from None

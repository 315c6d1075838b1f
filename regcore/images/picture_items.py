"""Whole pictures as the core takes them: L, RGB or RGBA."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regcore._native import pictures as native

if TYPE_CHECKING:
    from regcore._native.sources import Item
from regcore.errors import DecodeError, UsageError
from regcore.files.arguments import check_choice, is_masked_array
from regcore.images.pillow_images import is_pillow_image, pixels_of
from regcore.images.sources import Image, UnloadableImage, as_items, name_of, unnamed_item

#: Pillow's modes, with the number of their channels.
CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}

_ROWS_AND_COLUMNS = 2


@dataclass(frozen=True)
class PictureItem:
    """One picture: its item for the core, its channels, and whether its array has that axis."""

    item: Item
    channels: int
    has_channel_axis: bool

    def array_shape(self, width: int, height: int) -> tuple[int, ...]:
        """The shape of an array of that size for it."""
        return (height, width, self.channels) if self.has_channel_axis else (height, width)


def picture_items(
    images: Sequence[Image], mode: str, *, upright: bool = False
) -> list[PictureItem]:
    """Each image as the core takes it; raises UsageError for what is none.

    mode: what files, and images of Pillow in another of its modes than L, RGB and RGBA, are
        converted to; pixels stay what they are.
    upright: whether images of Pillow are turned as their EXIF orientation says.
    """
    check_choice("mode", mode, tuple(CHANNELS))
    if isinstance(images, (str, bytes, bytearray, memoryview)) or not isinstance(images, Iterable):
        raise TypeError("images must be a sequence of images, not one image")
    if isinstance(images, np.ndarray) and images.ndim <= len(CHANNELS):
        raise TypeError("images must be a sequence of images, not one array")
    return [
        _picture_item(image, index, mode, upright=upright) for index, image in enumerate(images)
    ]


def _picture_item(image: Image, index: int, mode: str, *, upright: bool) -> PictureItem:
    if isinstance(image, np.ndarray):
        return _of_pixels(image, index)
    if is_pillow_image(image):
        try:
            pixels = pixels_of(image, upright=upright, modes=tuple(CHANNELS), otherwise=mode)
        except (OSError, SyntaxError, ValueError) as error:
            return _of_file(UnloadableImage(unnamed_item(index), str(error)), mode)
        if pixels.size == 0:
            return _of_file(UnloadableImage(unnamed_item(index), "has no pixels"), mode)
        return _of_pixels(pixels, index)
    return _of_file(as_items([image])[0], mode)


def _of_file(item: Item, mode: str) -> PictureItem:
    return PictureItem(item, CHANNELS[mode], has_channel_axis=mode != "L")


def _of_pixels(pixels: NDArray[np.uint8], index: int) -> PictureItem:
    if is_masked_array(pixels):
        raise UsageError(f"{unnamed_item(index)}: pixels cannot be a masked array")
    is_plane = pixels.ndim == _ROWS_AND_COLUMNS
    shaped = pixels[:, :, None] if is_plane else pixels
    known = tuple(CHANNELS.values())
    if pixels.dtype != np.uint8 or shaped.ndim != len(known) or shaped.shape[2] not in known:
        raise UsageError(
            f"{unnamed_item(index)}: pixels must be uint8 of shape (height, width) or (height, "
            f"width, 1, 3 or 4), not {pixels.dtype} of {pixels.shape}"
        )
    if pixels.size == 0:
        raise UsageError(f"{unnamed_item(index)}: has no pixels, but the shape {pixels.shape}")
    channels = shaped.shape[2]
    if shaped.strides[1:] != (channels, 1):
        shaped = np.ascontiguousarray(shaped)
        # NumPy may give an axis of length 1 any stride.
        shaped = shaped.reshape(-1).reshape(shaped.shape)
    return PictureItem(shaped, channels, has_channel_axis=not is_plane)


def failures_of(
    pictures: Sequence[PictureItem], failures: native.Failures
) -> dict[int, DecodeError]:
    """What the core tells of pictures that failed, by place in the list."""
    return {
        index: DecodeError(name_of(pictures[index].item, index), detail, index)
        for index, detail in failures
    }

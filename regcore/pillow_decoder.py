"""Pillow as the decoder of whatever the core does not take; the core does the rest."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from regcore.findings import UPRIGHT
from regcore.webp_header import HEADER_BYTES, webp_size

if TYPE_CHECKING:
    from PIL import Image

# Formats whose decoders are in wide use and well tested; Pillow knows many that are neither.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")

# What Pillow holds at most: a picture as decoded and one as RGB, 4 bytes per pixel each, and what
# some decoders have besides (a JPEG's coefficients, a GIF's frame, a TIFF's strip, two canvases and
# a frame of a WebP).
_BYTES_PER_PIXEL = {"JPEG": 16, "GIF": 12, "TIFF": 16, "WEBP": 20}
_BYTES_PER_PIXEL_OF_OTHERS = 8

_BYTES_AT_A_TIME = 1 << 20

_ORIENTATION_TAG = 0x0112


class Canvas(Protocol):
    """Where the pixels go; both may raise."""

    def reserve(self, width: int, height: int, bytes_per_pixel: int) -> None:
        """Waits until there is memory for such a picture."""

    def pixels(self, width: int, height: int) -> memoryview:
        """Memory for height x width x 3 values."""


def decode_rgb(
    item: str | bytes | bytearray | memoryview | NDArray[np.uint8], canvas: Canvas
) -> int:
    """Puts `Image.open(item).convert("RGB")` on the canvas; returns its EXIF orientation.

    `item` is a path or the bytes of a file. Raises what Pillow raises, with a clearer text where
    the format is not one of FORMATS.
    """
    from PIL import Image, UnidentifiedImageError

    if isinstance(item, np.ndarray):
        raise TypeError("pixels need no decoder")
    file = item if isinstance(item, str) else io.BytesIO(item)
    reserved = _reserve_webp(item, canvas)
    # Pillow's warnings pass: filters belong to the whole process, and this runs in many threads.
    try:
        with Image.open(file, formats=FORMATS) as image:
            needs = _BYTES_PER_PIXEL.get(image.format or "", _BYTES_PER_PIXEL_OF_OTHERS)
            if not reserved:
                canvas.reserve(image.width, image.height, needs)
            image.load()
            _copy(image if image.mode == "RGB" else image.convert("RGB"), canvas)
            # Once loaded: Pillow turns a TIFF, which is then upright.
            return _orientation(image)
    except UnidentifiedImageError:
        raise ValueError(f"not an image of a known format ({', '.join(FORMATS)})") from None


def _reserve_webp(item: str | bytes | bytearray | memoryview, canvas: Canvas) -> bool:
    """Reserves for what is a WebP, before it is opened; says whether it is one."""
    if isinstance(item, str):
        with open(item, "rb") as file:  # noqa: PTH123  (a name is all that a worker has)
            head = file.read(HEADER_BYTES)
    else:
        head = bytes(item[:HEADER_BYTES])
    size = webp_size(head)
    if size is not None:
        canvas.reserve(*size, _BYTES_PER_PIXEL["WEBP"])
    return size is not None


def _copy(image: Image.Image, canvas: Canvas) -> None:
    """In parts: NumPy's view of a Pillow picture is a copy."""
    width, height = image.size
    pixels = np.asarray(canvas.pixels(width, height))
    rows = max(1, _BYTES_AT_A_TIME // (3 * width))
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        pixels[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG, UPRIGHT)
    except Exception:  # noqa: BLE001  (Pillow raises many kinds on damaged EXIF data)
        return UPRIGHT
    return value if value in range(1, 9) else UPRIGHT

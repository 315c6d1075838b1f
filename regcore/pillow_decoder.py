"""Pillow as the decoder of whatever the core does not take; the core does the rest."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regcore.findings import UPRIGHT

if TYPE_CHECKING:
    from PIL import Image

# Formats whose decoders are in wide use and well tested; Pillow knows many that are neither.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")

_ORIENTATION_TAG = 0x0112


def decode_rgb(
    item: str | bytes | bytearray | memoryview | NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], int]:
    """`Image.open(item).convert("RGB")` as an array, height x width x 3, uint8; EXIF orientation.

    `item` is a path or the bytes of a file. Raises what Pillow raises, with a clearer text where
    the format is not one of FORMATS.
    """
    from PIL import Image, UnidentifiedImageError

    if isinstance(item, np.ndarray):
        raise TypeError("pixels need no decoder")
    file = item if isinstance(item, str) else io.BytesIO(item)
    # Pillow's warnings pass: filters belong to the whole process, and this runs in many threads.
    try:
        with Image.open(file, formats=FORMATS) as image:
            pixels = np.array(image.convert("RGB"))
            # Once loaded: Pillow turns a TIFF, which is then upright.
            return pixels, _orientation(image)
    except UnidentifiedImageError:
        raise ValueError(f"not an image of a known format ({', '.join(FORMATS)})") from None


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG, UPRIGHT)
    except Exception:  # noqa: BLE001  (Pillow raises many kinds on damaged EXIF data)
        return UPRIGHT
    return value if value in range(1, 9) else UPRIGHT

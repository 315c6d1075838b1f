"""Pillow as the decoder of whatever the core does not take; the core does the rest."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

# Formats whose decoders are in wide use and well tested; Pillow knows many that are neither.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")


def decode_rgb(
    item: str | bytes | bytearray | memoryview | NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """`Image.open(item).convert("RGB")` as an array, height x width x 3, uint8.

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
            return np.array(image.convert("RGB"))
    except UnidentifiedImageError:
        raise ValueError(f"not an image of a known format ({', '.join(FORMATS)})") from None

"""OpenCV as the decoder of what the core does not take, for recipes of its flavour.

Its pixels of CMYK, of 16 bits and of rarer formats are not Pillow's. JPEGs in grey and in colour,
which the core decodes, and PNGs of 8 bits are the same in both.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from regcore.errors import RegcoreError
from regcore.images.own_pillow import image_module
from regcore.images.pillow_decoder import FORMATS, Canvas, Seen, decode_rgb, orientation_of

#: Pillow's modes of PNGs that are the same in both, so that these need no OpenCV.
_SAME = ("1", "L", "P", "RGB", "RGBA")
#: What is held at most for each pixel: OpenCV's picture, the coefficients of a JPEG, and a copy.
_BYTES_PER_PIXEL = 24


def decode_rgb_as_opencv(encoded: bytes, canvas: Canvas) -> Seen:
    """Puts `cv2.imread` of the file, in the order RGB, on the canvas; returns what it saw.

    Pixels are as they are stored: an EXIF orientation is not applied. Raises as decode_rgb does,
    ValueError for what OpenCV does not take, and RegcoreError where it is needed but not installed.
    """
    pillow = image_module()
    try:
        image = pillow.open(io.BytesIO(encoded), formats=FORMATS)
    except Exception:  # noqa: BLE001  (it is decode_rgb that says what is wrong with it)
        return decode_rgb(encoded, canvas)
    with image:
        if image.format == "PNG" and image.mode in _SAME:
            return decode_rgb(encoded, canvas)
        canvas.reserve(image.width, image.height, _BYTES_PER_PIXEL)
        pixels = _decoded(encoded, f"{image.format} of mode {image.mode}")
        height, width, _ = pixels.shape
        np.asarray(canvas.pixels(width, height))[...] = pixels[..., ::-1]
        return Seen(orientation_of(image))


def _decoded(encoded: bytes, kind: str) -> NDArray[np.uint8]:
    """BGR, uint8 [height, width, 3]."""
    try:
        import cv2
    except ImportError as error:
        raise RegcoreError(
            f"a {kind} has other pixels in OpenCV than in Pillow, and OpenCV is not installed "
            f"({error}): pip install opencv-python"
        ) from error
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), flags)
    except cv2.error as error:
        raise ValueError(f"OpenCV does not decode this {kind}: {error}") from None
    if pixels is None:
        raise ValueError(f"OpenCV does not decode this {kind}")
    return np.asarray(pixels)

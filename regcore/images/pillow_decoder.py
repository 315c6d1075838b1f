"""Pillow as the decoder of whatever the core does not take; the core does the rest."""

from __future__ import annotations

import io
from errno import EMFILE, ENFILE, ENOMEM
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from regcore.errors import RegcoreError
from regcore.images.diagnostics import UPRIGHT
from regcore.images.format_names import HEAD_BYTES, format_of
from regcore.images.own_pillow import image_module
from regcore.images.pillow_images import is_clipped
from regcore.images.webp_header import HEADER_BYTES, webp_size

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

# Errors of the process, by no fault of an image.
_LACKING = (EMFILE, ENFILE, ENOMEM)


class Canvas(Protocol):
    """Where the pixels go; both may raise."""

    def reserve(self, width: int, height: int, bytes_per_pixel: int) -> None:
        """Waits until there is memory for such a picture."""

    def pixels(self, width: int, height: int) -> memoryview:
        """Memory for height x width x channels values."""


class Seen(NamedTuple):
    """What a decoder saw: the EXIF orientation, and whether values beyond 8 bits were clipped."""

    orientation: int = UPRIGHT
    clipped: bool = False


def decode_rgb(encoded: bytes, canvas: Canvas) -> Seen:
    """`decode_as` of mode RGB."""
    return decode_as("RGB", encoded, canvas)


def decode_as(mode: str, encoded: bytes, canvas: Canvas) -> Seen:
    """Puts `Image.open(encoded).convert(mode)` on the canvas; returns what it saw.

    `encoded` is a whole file. Raises what Pillow raises, with a clearer text where the format is
    not one of FORMATS, and RegcoreError where not the image but the environment is to blame.
    """
    pillow = image_module()
    size = webp_size(encoded[:HEADER_BYTES])
    if size is not None:  # before it is opened
        canvas.reserve(*size, _BYTES_PER_PIXEL["WEBP"])
    try:
        with pillow.open(io.BytesIO(encoded), formats=FORMATS) as image:
            needs = _BYTES_PER_PIXEL.get(image.format or "", _BYTES_PER_PIXEL_OF_OTHERS)
            if size is None:
                canvas.reserve(image.width, image.height, needs)
            image.load()
            _copy(image if image.mode == mode else image.convert(mode), canvas)
            # Once loaded: Pillow turns a TIFF, which is then upright.
            return Seen(orientation_of(image), is_clipped(image))
    except pillow.UnidentifiedImageError:
        raise ValueError(_not_taken(encoded)) from None
    except OSError as error:
        if error.errno in _LACKING:
            raise RegcoreError(f"Pillow cannot decode: {error.strerror}") from None
        raise


def _not_taken(encoded: bytes) -> str:
    supported = ", ".join(FORMATS)
    name = format_of(encoded[:HEAD_BYTES])
    if name is None:
        return f"not an image of a known format ({supported})"
    if name.startswith("a damaged"):
        return f"{name}: Pillow cannot read its header"
    return f"is {name}, which is not an image of a known format ({supported})"


def _copy(image: Image.Image, canvas: Canvas) -> None:
    """In parts: NumPy's view of a Pillow picture is a copy."""
    width, height = image.size
    pixels = np.asarray(canvas.pixels(width, height))
    rows = max(1, _BYTES_AT_A_TIME // (3 * width))
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        part = np.asarray(image.crop((0, top, width, bottom)))
        pixels[top:bottom] = part.reshape(pixels[top:bottom].shape)


def orientation_of(image: Image.Image) -> int:
    """By EXIF, 1 to 8; upright where it says none."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, UPRIGHT)
    except Exception:  # noqa: BLE001  (Pillow raises many kinds on damaged EXIF data)
        return UPRIGHT
    return int(value) if value in range(1, 9) else UPRIGHT  # 6.0 and 6/1 count, too

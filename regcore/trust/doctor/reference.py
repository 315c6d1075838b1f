"""What is right: the pixels of the installed Pillow, torchvision's geometry, NumPy's float32.

It is written plainly and shares no code with regcore's own pipeline, which is compared with it.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.recipes.recipe import Recipe

Pixels = NDArray[np.uint8]
Values = NDArray[Any]


def decode(encoded: bytes) -> Pixels:
    """The picture as uint8 [rows, columns, 3]; its EXIF orientation is ignored."""
    from PIL import Image

    with Image.open(io.BytesIO(encoded)) as image:
        return np.array(image.convert("RGB"))


def decode_upright(encoded: bytes) -> Pixels:
    """The same, turned as its EXIF orientation says."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(encoded)) as image:
        return np.array(ImageOps.exif_transpose(image).convert("RGB"))


def decode_on(background: int, encoded: bytes) -> Pixels:
    """The same, with what is transparent laid on grey of that level."""
    from PIL import Image

    with Image.open(io.BytesIO(encoded)) as image:
        layer = image.convert("RGBA")
    canvas = Image.new("RGBA", layer.size, (background, background, background, 255))
    return np.array(Image.alpha_composite(canvas, layer).convert("RGB"))


def resize(pixels: Pixels, recipe: Recipe) -> Pixels:
    """The short side becomes recipe.resize, and the centre is cut: uint8 [crop, crop, 3]."""
    from PIL import Image

    image = Image.fromarray(pixels)
    side, crop = int_of(recipe.resize), int_of(recipe.crop)
    width, height = image.size
    if width <= height:
        sides = side, int(side * height / width)
    else:
        sides = int(side * width / height), side
    resampling = Image.Resampling[recipe.filter.upper()]
    resized = np.asarray(image if sides == image.size else image.resize(sides, resampling))
    top, left = (round((have - crop) / 2.0) for have in resized.shape[:2])
    cut: Pixels = resized[top : top + crop, left : left + crop].copy()
    return cut


def tensor(pixels: Pixels, recipe: Recipe) -> Values:
    """float32 [3, rows, columns]: divided by 255, less the mean, divided by the deviation."""
    values = pixels.astype(np.float32) / np.float32(255)
    mean, std = (np.array(each, np.float32) for each in (recipe.mean, recipe.std))
    values = (values - mean) / std
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def int_of(side: object) -> int:
    """A side of the doctor's own recipe, which are numbers."""
    if not isinstance(side, int):
        raise TypeError(f"{side!r} is no side")
    return side


def grey_of_16_bits(encoded: bytes) -> Values:
    """The values of a grey picture of 16 bits in three channels, uint16 [rows, columns, 3].

    Raises ValueError for any other picture.
    """
    from PIL import Image

    with Image.open(io.BytesIO(encoded)) as image:
        if not image.mode.startswith("I"):
            raise ValueError("has no grey of 16 bits")
        values = np.array(image).astype(np.uint16)
    return np.repeat(values[..., None], 3, axis=-1)

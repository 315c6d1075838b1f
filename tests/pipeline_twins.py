"""What the pipelines of other frameworks begin with, and photos to compare recipes on."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import assert_same_bytes, jpeg, photo_like
from PIL import Image, ImageOps

from regcore import Preprocessor, Recipe

Pixels = NDArray[np.uint8]

#: Width, height and orientation: 6 turns the picture by a quarter.
_PHOTOS = [(331, 257, 1), (257, 331, 6), (300, 300, 1), (517, 290, 3), (275, 823, 1), (401, 300, 8)]


def photos() -> list[bytes]:
    """JPEGs of odd sizes, some of which are turned."""
    items = []
    for seed, (width, height, orientation) in enumerate(_PHOTOS):
        exif = Image.Exif()
        exif[0x0112] = orientation
        items.append(jpeg(photo_like(width, height, seed), exif=exif))
    return items


def opencv() -> Any:
    """The library itself, by its own code; skips where it is not installed."""
    cv2 = pytest.importorskip("cv2", reason="needs opencv-python or opencv-python-headless")
    cv2.ipp.setUseIPP(False)
    return cv2


def read_by_pillow(item: bytes) -> Pixels:
    """RGB, as it is stored."""
    return np.asarray(Image.open(io.BytesIO(item)).convert("RGB"))


def read_by_opencv(item: bytes) -> Pixels:
    """BGR, turned as EXIF says: cv2.imdecode(item, cv2.IMREAD_COLOR)."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(item)))
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def resized(pixels: Pixels, columns: int, rows: int, method: Image.Resampling) -> Pixels:
    """By Pillow, whatever the channels are."""
    return np.array(Image.fromarray(pixels).resize((columns, rows), method))


def check_recipe(recipe: Recipe, twin: Callable[[bytes], NDArray[Any]]) -> None:
    """Every photo comes out as the framework would make it, to the bit."""
    items: Sequence[bytes] = photos()
    for item, result in zip(items, Preprocessor(recipe, workers=1)(items), strict=True):
        assert_same_bytes(result, np.ascontiguousarray(twin(item)))

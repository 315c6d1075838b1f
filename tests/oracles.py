"""The reference: Pillow's pixels, torchvision's geometry, NumPy's float32, written plainly."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from regcore import Recipe
from regcore.recipes.recipe import installed_pass_order

RESAMPLING = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def resize_short_side(
    image: Image.Image, size: int, filter_name: str, pass_order: str
) -> Image.Image:
    """torchvision.transforms.Resize(size) on a PIL image."""
    width, height = image.size
    if min(width, height) == size:
        return image
    if width <= height:
        target = size, int(size * height / width)
    else:
        target = int(size * width / height), size
    if pass_order == installed_pass_order():
        return image.resize(target, RESAMPLING[filter_name])
    # The other Pillow's order, one axis at a time; each step rounds to uint8 as a pass does.
    shrink = height - target[1]
    vertical_first = pass_order == "pillow13" and shrink > max(0, 2 * (width - target[0]))
    between = (width, target[1]) if vertical_first else (target[0], height)
    return image.resize(between, RESAMPLING[filter_name]).resize(target, RESAMPLING[filter_name])


def center_crop(image: Image.Image, size: int) -> Image.Image:
    """torchvision.transforms.CenterCrop(size) on a PIL image at least that large."""
    width, height = image.size
    left = int(round((width - size) / 2.0))  # noqa: RUF046
    top = int(round((height - size) / 2.0))  # noqa: RUF046
    return image.crop((left, top, left + size, top + size))


def open_rgb(item: str | bytes) -> Image.Image:
    return Image.open(item if isinstance(item, str) else io.BytesIO(item)).convert("RGB")


def reference(item: str | bytes | NDArray[np.uint8], recipe: Recipe) -> NDArray[Any]:
    """One image by the recipe."""
    image = Image.fromarray(item) if isinstance(item, np.ndarray) else open_rgb(item)
    image = resize_short_side(image, recipe.resize, recipe.filter, recipe.pass_order)
    image = center_crop(image, recipe.crop)
    pixels = np.asarray(image)
    if recipe.dtype == "uint8":
        values = pixels
    else:
        mean = np.asarray(recipe.mean, np.float32)
        std = np.asarray(recipe.std, np.float32)
        values = (pixels.astype(np.float32) / np.float32(255) - mean) / std
        assert values.dtype == np.float32
    if recipe.layout == "nchw":
        values = values.transpose(2, 0, 1)
    return np.ascontiguousarray(values.astype(recipe.dtype))


def assert_same_bytes(actual: NDArray[Any], expected: NDArray[Any]) -> None:
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    different = np.count_nonzero(
        np.ascontiguousarray(actual).view(np.uint8) != np.ascontiguousarray(expected).view(np.uint8)
    )
    assert different == 0, f"{different} bytes differ"


def photo_like(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth colour with edges and noise: every frequency a JPEG can hold. Height x width x 3."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = [
        127 + 100 * np.sin(x / (3 + 7 * c) + c) * np.cos(y / (5 + 4 * c) - c) for c in range(3)
    ]
    pixels = np.stack(waves, axis=-1) + rng.normal(0, 12, (height, width, 3))
    pixels[height // 3 : height // 2, width // 4 : width // 2] = rng.integers(0, 256, 3)
    return pixels.clip(0, 255).astype(np.uint8)


def jpeg(pixels: NDArray[np.uint8], **options: Any) -> bytes:
    """Encode; `options` are those of Pillow's JPEG writer."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **{"quality": 90, **options})
    return file.getvalue()


def save_photos(folder: Path, count: int) -> list[str]:
    """Small JPEGs of various sizes, and their names in natural order."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{i}.JPEG" for i in range(count)]
    for i, name in enumerate(names):
        (folder / name).write_bytes(jpeg(photo_like(40 + 3 * (i % 7), 36 + 5 * (i % 4), seed=i)))
    return names

"""The reference: Pillow's pixels, torchvision's geometry, NumPy's float32, written plainly."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL import __version__ as pillow_version

from regcore import Recipe
from regcore.recipes.recipe import installed_pass_order

RESAMPLING = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
}


def resized_size(image: Image.Image, recipe: Recipe) -> tuple[int, int]:
    """Width and height by torchvision's Resize, timm's ResizeKeepRatio, or PaddleClas."""
    (width, height), wanted = image.size, recipe.resize
    if wanted is None:
        return width, height
    if isinstance(wanted, int):
        if width <= height:
            return wanted, int(wanted * height / width)
        return int(wanted * width / height), wanted
    if recipe.fit == "exact":
        return wanted[1], wanted[0]
    if recipe.fit == "outside_factor":
        factor = max(wanted[0] / height, wanted[1] / width)
        return round(width * factor), round(height * factor)
    ratios = height / wanted[0], width / wanted[1]
    ratio = max(ratios) if recipe.fit == "inside" else min(ratios)
    return round(width / ratio), round(height / ratio)


def resized(image: Image.Image, recipe: Recipe) -> Image.Image:
    """By the installed Pillow, or as the recipe's does it."""
    (width, height), target = image.size, resized_size(image, recipe)
    method = RESAMPLING[recipe.filter]
    if target == image.size:
        return image
    if recipe.pass_order == installed_pass_order() or recipe.filter == "nearest":
        return image.resize(target, method)
    # The other Pillow's order, one axis at a time; each step rounds to uint8 as a pass does.
    shrink = height - target[1]
    vertical_first = recipe.pass_order == "pillow13" and shrink > max(0, 2 * (width - target[0]))
    between = (width, target[1]) if vertical_first else (target[0], height)
    return image.resize(between, method).resize(target, method)


def cropped(image: Image.Image, recipe: Recipe) -> Image.Image:
    """By torchvision's CenterCrop or Hugging Face's center_crop, with a border where it is small.

    Raises ValueError where it is small and the recipe has no border.
    """
    rows, columns = recipe.size
    offsets = []
    for side, cut in ((image.width, columns), (image.height, rows)):
        spare = side - cut
        if spare < 0 and recipe.fill is None:
            raise ValueError(f"{side} pixels are fewer than {cut}")
        if recipe.crop_offset == "floor":
            offsets.append(spare // 2)
        elif recipe.crop_offset == "toward_zero":
            offsets.append(int(spare / 2))
        else:
            offsets.append(-(-spare // 2) if spare < 0 else round(spare / 2.0))
    left, top = offsets
    fill = recipe.fill or (0, 0, 0)
    canvas = Image.new("RGB", (columns, rows), fill)
    canvas.paste(image.convert("RGB"), (-left, -top))
    return canvas


def open_rgb(item: str | bytes) -> Image.Image:
    return Image.open(item if isinstance(item, str) else io.BytesIO(item)).convert("RGB")


def reference(item: str | bytes | NDArray[np.uint8], recipe: Recipe) -> NDArray[Any]:
    """One image by the recipe."""
    image = Image.fromarray(item) if isinstance(item, np.ndarray) else open_rgb(item)
    if recipe.exif == "apply" and not isinstance(item, np.ndarray):
        image = ImageOps.exif_transpose(
            Image.open(item if isinstance(item, str) else io.BytesIO(item))
        ).convert("RGB")
    if recipe.channels == "gray":
        image = image.convert("L").convert("RGB")
    image = cropped(resized(image, recipe), recipe)
    pixels = np.asarray(image)
    if recipe.channels == "bgr":
        pixels = pixels[..., ::-1]
    if recipe.channels == "gray":
        pixels = pixels[..., :1]
    values = values_of(pixels, recipe)
    if recipe.layout == "nchw":
        values = values.transpose(2, 0, 1)
    return np.ascontiguousarray(values)


def values_of(pixels: NDArray[np.uint8], recipe: Recipe) -> NDArray[Any]:
    """The last step of a recipe, whose constants are float32."""
    if recipe.dtype == "uint8" and recipe.quant_scale is None:
        return pixels
    one = np.float32
    if recipe.arithmetic == "float64":
        mean, std, again = map(np.array, (recipe.mean, recipe.std, recipe.second_std or 1.0))
        values = ((pixels / recipe.divisor - mean) / std / again).astype(one)
    else:
        values = pixels.astype(one)
        product = recipe.arithmetic == "product"
        values = values * one(1 / recipe.divisor) if product else values / one(recipe.divisor)
        values = (values - np.asarray(recipe.mean, one)) / np.asarray(recipe.std, one)
        if recipe.second_std is not None:
            values = values / np.asarray(recipe.second_std, one)
    assert values.dtype == one
    if recipe.quant_scale is not None:
        limits = np.iinfo(recipe.dtype)
        steps = np.round(values / one(recipe.quant_scale)) + recipe.quant_zero_point
        return steps.clip(limits.min, limits.max).astype(recipe.dtype)
    if recipe.dtype == "bfloat16":
        ml_dtypes = pytest.importorskip("ml_dtypes", reason="needs ml_dtypes for bfloat16")
        bits: NDArray[Any] = values.astype(ml_dtypes.bfloat16).view(np.uint16)
        return bits
    return values.astype(recipe.dtype)


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


def has_order_of_its_own(width: int, height: int) -> bool:
    """Whether the Pillow here resizes such a picture as no pass_order does: docs/exactness.md."""
    return pillow_version.startswith(("12.2.", "12.3.")) and height > 100 * width

"""Pipelines that no recipe describes: other filters, decodes, curves, orders and values."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from scipy import ndimage

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
MEAN = np.float32((0.485, 0.456, 0.406))
STD = np.float32((0.229, 0.224, 0.225))
SIDE, SHORT = 224, 256


@dataclass(frozen=True)
class Stranger:
    """name: what it does. one: a file's float32 or uint8 [3, rows, columns]."""

    name: str
    one: Callable[[str], np.ndarray[Any, Any]]
    whole: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]] = lambda made: made

    def make(self, photos: list[str]) -> np.ndarray[Any, Any]:
        """[photos, 3, rows, columns]."""
        return self.whole(np.stack([self.one(photo) for photo in photos]))


def _pillow(image: Image.Image) -> Image.Image:
    """Short side to 256 by bilinear, 224 from the centre."""
    width, height = image.size
    size = (SHORT, SHORT * height // width) if width <= height else (SHORT * width // height, SHORT)
    return _centre(image.resize(size, Image.Resampling.BILINEAR))


def _centre(image: Image.Image, right: int = 0, down: int = 0) -> Image.Image:
    left, top = round((image.width - SIDE) / 2) + right, round((image.height - SIDE) / 2) + down
    return image.crop((left, top, left + SIDE, top + SIDE))


def _normalised(pixels: Pixels) -> np.ndarray[Any, Any]:
    return (pixels.astype(np.float32) / np.float32(255) - MEAN) / STD


def _photo(
    path: str,
    before: Callable[[Image.Image], Image.Image] = lambda image: image,
    resize: Callable[[Image.Image], Image.Image | Pixels] = _pillow,
    after: Callable[[Image.Image], Image.Image] = lambda image: image,
    values: Callable[[Pixels], np.ndarray[Any, Any]] = _normalised,
) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        resized = resize(before(image.convert("RGB")))
    if isinstance(resized, np.ndarray) and resized.dtype != np.uint8:
        made = (resized / np.float32(255) - MEAN) / STD
    else:
        if isinstance(resized, np.ndarray):
            resized = Image.fromarray(resized)
        made = values(np.asarray(after(resized)))
    return np.ascontiguousarray(made.transpose(2, 0, 1))


def _encoded(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def _gamma(image: Image.Image, power: float) -> Image.Image:
    table = [round(255 * (level / 255) ** power) for level in range(256)]
    return image.point(table * 3)


def _noise(image: Image.Image, share: float) -> Image.Image:
    """One level more or less, as of another decoder."""
    draw = np.random.default_rng(image.width)
    pixels = np.asarray(image).astype(int)
    changed = (draw.random(pixels.shape) < share) * draw.choice((-1, 1), pixels.shape)
    return Image.fromarray(np.clip(pixels + changed, 0, 255).astype(np.uint8))


def _plain_chroma(image: Image.Image) -> Image.Image:
    """Colours of 4:2:0, without smooth upsampling."""
    luma, *chroma = image.convert("YCbCr").split()
    half = [
        one.reduce(2).resize(one.size, Image.Resampling.NEAREST) if min(one.size) > 1 else one
        for one in chroma
    ]
    return Image.merge("YCbCr", (luma, *half)).convert("RGB")


def _blur(image: Image.Image, radius: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(radius))


_CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    **{f"blur of radius {r}": partial(_blur, radius=r) for r in (0.3, 0.5, 1, 2, 4)},
    **{f"gamma {g}": partial(_gamma, power=g) for g in (0.45, 0.9, 1.1, 2.2)},
    **{f"JPEG of quality {q}": partial(_encoded, quality=q) for q in (50, 75, 90, 95, 98)},
    "sharpened": lambda image: image.filter(ImageFilter.SHARPEN),
    "autocontrast": ImageOps.autocontrast,
    "equalised": ImageOps.equalize,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.2),
    "less colour": lambda image: ImageEnhance.Color(image).enhance(0.7),
    "mirrored": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "another level in 1 %": partial(_noise, share=0.01),
    "another level in 20 %": partial(_noise, share=0.2),
}
_BEFORE: dict[str, Callable[[Image.Image], Image.Image]] = {
    **_CHANGES,
    "plain upsampling of colours": _plain_chroma,
    "a cut of 3 pixels": lambda image: ImageOps.crop(image, 3),
    "a cut of 7/8": lambda image: ImageOps.crop(image, min(image.size) // 16),
    "turned by 90": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "turned by 2": lambda image: image.rotate(2),
    "halved first": lambda image: image.reduce(2),
    "to 400 first": lambda image: image.resize((400, 400 * image.height // image.width)),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "64 colours": lambda image: image.quantize(64).convert("RGB"),
}
_AFTER: dict[str, Callable[[Image.Image], Image.Image]] = {
    **_CHANGES,
    "posterised": lambda image: ImageOps.posterize(image, 6),
    "inverted": ImageOps.invert,
    "transposed": lambda image: image.transpose(Image.Transpose.TRANSPOSE),
}


def _float_zoom(image: Image.Image, order: int) -> Pixels:
    scale = SHORT / min(image.size)
    pixels = np.asarray(image).astype(np.float32)
    made = ndimage.zoom(pixels, (scale, scale, 1), order=order, mode="nearest")
    top, left = (made.shape[0] - SIDE) // 2, (made.shape[1] - SIDE) // 2
    return made[top : top + SIDE, left : left + SIDE]  # type: ignore[no-any-return]


def _opencv(image: Image.Image, flag: int, kind: type[np.generic] = np.uint8) -> Pixels:
    width, height = image.size
    size = (SHORT, SHORT * height // width) if width <= height else (SHORT * width // height, SHORT)
    made = cv2.resize(np.asarray(image).astype(kind), size, interpolation=flag)
    top, left = (made.shape[0] - SIDE) // 2, (made.shape[1] - SIDE) // 2
    return made[top : top + SIDE, left : left + SIDE]  # type: ignore[no-any-return]


def _fitted(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.BILINEAR)


_RESIZES: dict[str, Callable[[Image.Image], Image.Image | Pixels]] = {
    **{f"SciPy's zoom of order {order}": partial(_float_zoom, order=order) for order in (0, 1, 3)},
    "OpenCV's INTER_LINEAR_EXACT": partial(_opencv, flag=cv2.INTER_LINEAR_EXACT),
    "OpenCV in float32": partial(_opencv, flag=cv2.INTER_LINEAR, kind=np.float32),
    "OpenCV's cubic in float32": partial(_opencv, flag=cv2.INTER_CUBIC, kind=np.float32),
    "Pillow's reducing gap": lambda image: _centre(
        image.resize((229, 229), Image.Resampling.BILINEAR, reducing_gap=1.0)
    ),
    "one pixel right": lambda image: _centre(_fitted(image, (301, 301)), right=1),
    "one pixel down": lambda image: _centre(_fitted(image, (301, 301)), down=1),
    "upper left corner": lambda image: _fitted(image, (256, 256)).crop((0, 0, 224, 224)),
    "256 x 288, cut": lambda image: _centre(_fitted(image, (256, 288))),
    "301 x 260, cut": lambda image: _centre(_fitted(image, (301, 260))),
    "twice": lambda image: _fitted(_fitted(image, (320, 320)), (224, 224)),
    "bicubic after bilinear": lambda image: _centre(
        _fitted(image, (320, 320)).resize((256, 256), Image.Resampling.BICUBIC)
    ),
    "in linear light": lambda image: _gamma(_fitted(_gamma(image, 2.2), (224, 224)), 1 / 2.2),
    "cut, then resized": lambda image: _fitted(ImageOps.crop(image, 20), (224, 224)),
}


def _in_order(pixels: Pixels, order: tuple[int, int, int]) -> np.ndarray[Any, Any]:
    return _normalised(pixels)[..., list(order)]


def _fused(pixels: Pixels, *, once: bool) -> np.ndarray[Any, Any]:
    scale, start = (1 / (255 * STD)).astype(np.float32), (-MEAN / STD).astype(np.float32)
    if once:
        return (pixels * scale.astype(np.float64) + start).astype(np.float32)
    return pixels.astype(np.float32) * scale + start


def _standardised(pixels: Pixels) -> np.ndarray[Any, Any]:
    values = pixels.astype(np.float32)
    return (values - values.mean()) / values.std()


def _odd_mean(pixels: Pixels, seed: int) -> np.ndarray[Any, Any]:
    draw = np.random.default_rng(seed)
    mean, scale = draw.uniform(0.3, 0.6, 3), draw.uniform(3, 6, 3)
    return ((pixels / 255 - mean) * scale).astype(np.float32)


_VALUES: dict[str, Callable[[Pixels], np.ndarray[Any, Any]]] = {
    "GRB": partial(_in_order, order=(1, 0, 2)),
    "RBG": partial(_in_order, order=(0, 2, 1)),
    "GBR": partial(_in_order, order=(1, 2, 0)),
    "fused, two roundings": partial(_fused, once=False),
    "fused, one rounding": partial(_fused, once=True),
    "standardised by photo": _standardised,
    **{f"an odd mean, {seed}": partial(_odd_mean, seed=seed) for seed in range(4)},
    "three decimals": lambda pixels: np.round(_normalised(pixels), 3),
    "cut at -1 and 1": lambda pixels: np.clip(_normalised(pixels), -1, 1),
    "tanh": lambda pixels: np.tanh(_normalised(pixels)),
    "rounded to float16": lambda pixels: _normalised(pixels).astype(np.float16).astype(np.float32),
    "the logarithm": lambda pixels: np.log1p(pixels.astype(np.float32)),
    "YCbCr": lambda pixels: _normalised(np.asarray(Image.fromarray(pixels).convert("YCbCr"))),
    "HSV": lambda pixels: _normalised(np.asarray(Image.fromarray(pixels).convert("HSV"))),
    "negative": lambda pixels: -_normalised(pixels),
    "wide float64": lambda pixels: (pixels / 255 - MEAN.astype(float)) / STD.astype(float),
}


def _with_one_changed(made: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    made = made.copy()
    made[-1, 0, 5, 5] += np.float32(0.01)
    return made


_WHOLE: dict[str, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]] = {
    "photos in another order": lambda made: np.ascontiguousarray(made[::-1]),
    "noise": lambda made: np.random.default_rng(0).normal(size=made.shape).astype(np.float32),
    "zeros": np.zeros_like,
    "one photo twice": lambda made: made[[0, 0, *range(2, len(made))]],
    "one value changed": _with_one_changed,
    "shifted by a row": lambda made: np.roll(made, 1, 2),
    "the photos' mean subtracted": lambda made: made - made.mean(0),
}


def strangers() -> Iterator[Stranger]:
    """In a fixed order."""
    for name, before in _BEFORE.items():
        yield Stranger(f"before: {name}", partial(_photo, before=before))
    for name, resize in _RESIZES.items():
        yield Stranger(f"resize: {name}", partial(_photo, resize=resize))
    for name, after in _AFTER.items():
        yield Stranger(f"after: {name}", partial(_photo, after=after))
    for name, values in _VALUES.items():
        yield Stranger(f"values: {name}", partial(_photo, values=values))
    for name, whole in _WHOLE.items():
        yield Stranger(f"tensor: {name}", _photo, whole)

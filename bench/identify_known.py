"""Recipes to be found again: every library and filter, with all else drawn from a seed."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from regcore import Recipe, UsageError
from regcore._native.choices import FILTERS
from regcore.recipes.flavours import FLAVOURS

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_HALF = ((0.5,) * 3, (0.5,) * 3)
_UNIT = ((0.0,) * 3, (1.0,) * 3)
_BYTES = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
_CAFFE = ((123.68, 116.779, 103.939), (1.0,) * 3)
_MOBILE = ((127.5,) * 3, (127.5,) * 3)
_DPN = ((124 / 255, 117 / 255, 104 / 255), (1 / (0.0167 * 255),) * 3)
_CIFAR = ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.201))

#: Mean, std and divisor, with the arithmetic.
_VALUES: tuple[dict[str, Any], ...] = tuple(
    {"mean": pair[0], "std": pair[1], "divisor": divisor, "arithmetic": arithmetic}
    for pair, divisor, arithmetic in (
        (_IMAGENET, 255.0, "float32"), (_IMAGENET, 255.0, "product"),
        (_IMAGENET, 255.0, "float64"), (_CLIP, 255.0, "float32"), (_HALF, 255.0, "float32"),
        (_UNIT, 255.0, "float32"), (_BYTES, 1.0, "float32"), (_CAFFE, 1.0, "float32"),
        (_MOBILE, 1.0, "float32"), (_DPN, 255.0, "float32"), (_CIFAR, 255.0, "float32"),
        (_UNIT, 1.0, "float32"), (((1.0,) * 3, (1.0,) * 3), 127.5, "float32"),
        (_BYTES, 1.0, "float64"), (_CLIP, 255.0, "product"),
    )
)  # fmt: skip
_DTYPES: tuple[dict[str, Any], ...] = (
    {"dtype": "float32"}, {"dtype": "float32"}, {"dtype": "float32"}, {"dtype": "float16"},
    {"dtype": "bfloat16"}, {"dtype": "uint8"},
    {"dtype": "int8"}, {"dtype": "uint8", "quant_scale": 1.0},
)  # fmt: skip
_GEOMETRIES: tuple[dict[str, Any], ...] = (
    {"resize": 256, "crop": 224}, {"resize": 232, "crop": 224}, {"resize": 224, "crop": 224},
    {"resize": 235, "crop": 224}, {"resize": 249, "crop": 224}, {"resize": 292, "crop": 256},
    {"resize": 342, "crop": 299}, {"resize": 176, "crop": 160}, {"resize": 146, "crop": 128},
    {"resize": (224, 224), "crop": None}, {"resize": (256, 256), "crop": 224},
    {"resize": (256, 256), "fit": "outside", "crop": 224}, {"resize": 255, "crop": 224},
    {"resize": (240, 240), "crop": None}, {"resize": 384, "crop": 384},
)  # fmt: skip
_BORDERS: tuple[dict[str, Any], ...] = (
    {"resize": (224, 224), "fit": "inside", "crop": 224, "fill": (114, 114, 114)},
    {"resize": (224, 224), "fit": "inside", "crop": 224, "fill": (0, 0, 0)},
    {"resize": 200, "crop": 224, "fill": (0, 0, 0)},
    {"resize": None, "crop": 288, "fill": (0, 0, 0)},
    {"resize": None, "crop": 224},
    {"resize": (256, 256), "fit": "inside", "crop": 256, "fill": (255, 255, 255)},
)  # fmt: skip


def known_recipes(count: int, seed: int = 0) -> list[Recipe]:
    """So many different recipes."""
    draw = random.Random(seed)  # noqa: S311
    found: dict[str, Recipe] = {}
    kinds = _kinds()
    number = 0
    while len(found) < count:
        kind = kinds[number % len(kinds)]
        number += 1
        geometry = draw.choice(_BORDERS if number % 12 == 0 else _GEOMETRIES)
        fields = {**draw.choice(_VALUES), **draw.choice(_DTYPES), **geometry, **kind}
        fields["crop_offset"] = draw.choice(("half_even", "half_even", "floor", "toward_zero"))
        fields["exif"] = draw.choice(("ignore", "ignore", "apply"))
        fields["layout"] = draw.choice(("nchw", "nchw", "nhwc"))
        fields["channels"] = draw.choice(("rgb", "rgb", "bgr"))
        if fields["channels"] == "bgr" and draw.random() < 0.5:
            fields["mean"], fields["std"] = fields["mean"][::-1], fields["std"][::-1]
        if "flavour" not in kind and number % 29 == 0:
            fields |= {"channels": "gray", "mean": (0.449,), "std": (0.226,), "divisor": 255.0}
        if fields["dtype"] == "int8" or "quant_scale" in fields:
            fields |= _steps(fields)
        try:
            recipe = Recipe(**fields)
        except UsageError:
            continue
        found[recipe.identity] = recipe
    return list(found.values())


def _steps(fields: dict[str, Any]) -> dict[str, Any]:
    """Scale and zero point by which the values of all pixels fill the dtype, as of calibration."""
    highest = 255 / fields["divisor"]
    ends = [
        (end - mean) / std
        for mean, std in zip(fields["mean"], fields["std"], strict=True)
        for end in (0.0, highest)
    ]
    scale = float(np.float32((max(ends) - min(ends)) / 255))
    least = -128 if fields["dtype"] == "int8" else 0
    return {"quant_scale": scale, "quant_zero_point": round(least - min(ends) / scale)}


def _kinds() -> list[dict[str, Any]]:
    """Library and filter."""
    kinds: list[dict[str, Any]] = [
        {"filter": name, "pass_order": order}
        for name in FILTERS
        for order in ("pillow9", "pillow13")
    ]
    return kinds + [
        {"filter": name, "flavour": flavour}
        for flavour, described in FLAVOURS.items()
        for name in described.filters
    ]

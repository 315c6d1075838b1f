"""The recipe of a timm configuration, as timm.data makes its transform of it, without timm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from regcore._native.choices import FILTERS
from regcore.counted import counted
from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.files.json_input import read_json
from regcore.recipes.numbers import BLACK, PerChannel, exceeds
from regcore.recipes.recipe import IMAGENET_MEAN, IMAGENET_STD, Recipe

# What timm's resolve_data_config takes where a configuration says nothing.
_INPUT_SIZE = (3, 224, 224)
_CROP_PCT = 0.875
_CROP_MODES = ("center", "squash", "border")

_CONFIG_FILE = "config.json"


@dataclass(frozen=True)
class WantedImages:
    """What timm's resolve_data_config says of a configuration: its fields under timm's names."""

    input_size: tuple[int, int, int]
    crop_pct: float
    crop_mode: str
    interpolation: str
    mean: PerChannel
    std: PerChannel


def read_config(path: Path) -> dict[str, Any]:
    """The pretrained configuration in a model's config.json, or in the one of a folder.

    Raises DatasetError for what is no such file.
    """
    file = path / _CONFIG_FILE if path.is_dir() else path
    content = read_json(file, dict[str, Any])
    # Files of old have the fields themselves, beside the name of the architecture.
    config = content.get("pretrained_cfg", content if "architecture" in content else None)
    if not isinstance(config, Mapping):
        raise UsageError(f"{file}: needs the pretrained_cfg of a timm model")
    return dict(config)


def wanted_images(name: str, config: object, *, test_size: bool = False) -> WantedImages:
    """What the configuration of `name` wants, after timm.data.resolve_data_config.

    config: timm's dataclass, or a mapping with its fields. test_size: the size that timm's
    validate.py takes. Raises UsageError, with the name of the key, for what makes no sense.
    """
    fields = _fields(name, config)
    size, crop_pct = fields.get("input_size"), fields.get("crop_pct")
    if test_size:
        size = fields.get("test_input_size") or size
        crop_pct = fields.get("test_crop_pct") or crop_pct
    if fields.get("naflex") and size is None:
        raise UsageError(f"{name}: naflex has images of no fixed size, and there is no input_size")
    return WantedImages(
        input_size=_size(name, _INPUT_SIZE if size is None else size),
        crop_pct=_share(name, crop_pct or _CROP_PCT),
        crop_mode=_choice(name, fields, "crop_mode", _CROP_MODES, "center"),
        interpolation=_choice(name, fields, "interpolation", FILTERS, "bicubic"),
        mean=_values(name, "mean", fields.get("mean") or IMAGENET_MEAN),
        std=_values(name, "std", fields.get("std") or IMAGENET_STD),
    )


def recipe_of(name: str, wanted: WantedImages, *, prefetcher: bool = False) -> Recipe:
    """The recipe of these images, after timm.data.create_transform.

    prefetcher: with the values of timm's PrefetchLoader. Raises UsageError for other than RGB.
    """
    channels, *size = wanted.input_size
    if channels != 3:  # noqa: PLR2004
        raise UsageError(
            f"{name}: input_size of {counted(channels, 'channel')}: timm's transform makes no such "
            "images, it takes pictures that have them"
        )
    rows, columns = (math.floor(side / wanted.crop_pct) for side in size)
    short_side = rows == columns and wanted.crop_mode == "center"
    fits = {"center": "exact" if short_side else "outside", "squash": "exact", "border": "inside"}
    try:
        recipe = Recipe(
            resize=rows if short_side else (rows, columns),
            crop=(size[0], size[1]),
            filter=wanted.interpolation,
            mean=wanted.mean,
            std=wanted.std,
            fit=fits[wanted.crop_mode],
            fill=_fill(wanted, larger=exceeds((size[0], size[1]), (rows, columns))),
        )
        return _as_prefetched(recipe) if prefetcher else recipe
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from error


def _fill(wanted: WantedImages, *, larger: bool) -> tuple[int, int, int] | None:
    """larger: the crop than what the resize ensures."""
    if wanted.crop_mode == "border":
        red, green, blue = (round(255 * value) for value in wanted.mean)
        return (red, green, blue)
    return BLACK if larger else None  # torchvision's CenterCrop pads with zeros


def _as_prefetched(recipe: Recipe) -> Recipe:
    # Pixels of 0 to 255 meet constants that are multiplied in float64 and rounded to float32.
    mean, std = (
        tuple(float(np.float32(value * 255)) for value in values)
        for values in (recipe.mean, recipe.std)
    )
    return replace(recipe, divisor=1.0, mean=mean, std=std)


def _fields(name: str, config: object) -> Mapping[str, Any]:
    if is_dataclass(config) and not isinstance(config, type):
        return vars(config)
    if isinstance(config, Mapping):
        return config
    raise UsageError(f"{name} must be a dataclass or a dict of its fields, not {shown(config)}")


def _size(name: str, value: object) -> tuple[int, int, int]:
    parts = list(value) if isinstance(value, (tuple, list)) else []
    whole = all(isinstance(part, int) and part > 0 for part in parts)
    if len(parts) != 3 or not whole:  # noqa: PLR2004
        raise UsageError(f"{name}: input_size needs channels, rows, columns, not {shown(value)}")
    return (parts[0], parts[1], parts[2])


def _values(name: str, key: str, value: object) -> PerChannel:
    if not isinstance(value, (tuple, list)):
        raise UsageError(f"{name}: {key} must be numbers for each channel, not {shown(value)}")
    return tuple(value)


def _share(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise UsageError(f"{name}: crop_pct must be a positive number, not {shown(value)}")
    return value


def _choice(
    name: str, fields: Mapping[str, Any], key: str, known: tuple[str, ...], default: str
) -> str:
    value = fields.get(key) or default
    if not isinstance(value, str) or value not in known:
        raise UsageError(f"{name}: {key} {shown(value)} is none of {', '.join(known)}")
    return value

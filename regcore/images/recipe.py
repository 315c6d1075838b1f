"""What becomes of every image: geometry, filter, normalisation, and the form of the result."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from dataclasses import fields as dataclass_fields
from functools import cache
from typing import Any

import numpy as np

from regcore._native.choices import DTYPES, FILTERS, LAYOUTS, PASS_ORDERS
from regcore.errors import UsageError
from regcore.files.arguments import shown

Triple = tuple[float, float, float]

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)

_LARGEST_SIDE = 16384

# Pixels on the scale 0 to 1 have no mean above 1; some recipes stretch the range to twice that.
_LARGEST_MEAN = 2.0
# What the deviations of photos are on the scale 0 to 255, up to all of it. Other large numbers may
# be meant: whoever divides by a million has not mistaken the scale.
_BYTE_DEVIATIONS = (16.0, 256.0)
_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)

# What a recipe has no choice in, but other tools do differently.
_CONTRACT = {"decoder": "libjpeg-turbo", "exif_orientation": "ignored", "rounding": "pillow-8bit"}


@cache
def installed_pass_order() -> str:
    """The pass order of the Pillow that is installed here."""
    from importlib.metadata import version  # slow to import, and Pillow itself slower

    return "pillow13" if int(version("Pillow").split(".")[0]) >= 13 else "pillow9"  # noqa: PLR2004


def _is_on_byte_scale(name: str, values: Triple) -> bool:
    """Whether a mean or std is of pixels from 0 to 255."""
    if name == "mean":
        return max(map(abs, values)) > _LARGEST_MEAN
    return all(_BYTE_DEVIATIONS[0] <= value <= _BYTE_DEVIATIONS[1] for value in values)


@dataclass(frozen=True)
class Recipe:
    """Resize the short side, crop the centre, normalise.

    resize: pixels of the short side after Pillow's resize with `filter` (torchvision's rule).
    crop: pixels of both sides of the centre crop, at most `resize`.
    mean, std: per channel of RGB scaled to 0..1; the value is (u8 / 255 - mean) / std in float32.
    dtype: "float32", "float16" (the float32 result rounded), or "uint8" (pixels, not normalised).
    layout: "nchw" or "nhwc".
    pass_order: whose resize to equal. "pillow9" (9 to 12) always resizes the width first;
        "pillow13" the height first where it shrinks by more than twice what the width does (photos
        taller than 2:1). By default that of the installed Pillow.

    Raises UsageError where a value makes no sense.
    """

    resize: int = 256
    crop: int = 224
    filter: str = "bicubic"
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD
    dtype: str = "float32"
    layout: str = "nchw"
    pass_order: str = field(default_factory=installed_pass_order)

    def __post_init__(self) -> None:
        for name, value, known in (
            ("filter", self.filter, FILTERS),
            ("dtype", self.dtype, DTYPES),
            ("layout", self.layout, LAYOUTS),
            ("pass_order", self.pass_order, PASS_ORDERS),
        ):
            if not isinstance(value, str) or value not in known:
                raise UsageError(f"recipe: {name} {shown(value)} is none of {', '.join(known)}")
        for name in ("resize", "crop"):
            object.__setattr__(self, name, _pixels(name, getattr(self, name)))
        if not 1 <= self.crop <= self.resize <= _LARGEST_SIDE:
            raise UsageError(
                f"recipe: needs 1 <= crop <= resize <= {_LARGEST_SIDE}, "
                f"not crop {shown(self.crop)} and resize {shown(self.resize)}"
            )
        for name in ("mean", "std"):
            object.__setattr__(self, name, _triple(name, getattr(self, name)))
        if not all(np.float32(s) > 0 for s in self.std):
            raise UsageError(f"recipe: std must be positive, not {self.std}")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if _is_on_byte_scale(name, values):
                raise UsageError(
                    f"recipe: {name} {values} is on the scale 0 to 255; "
                    "the recipe wants it on the scale 0 to 1, so divide it by 255"
                )

    @classmethod
    def preset(cls, name: str) -> Recipe:
        """The recipe of a model; UsageError names the known ones."""
        if not isinstance(name, str) or name not in _PRESETS:
            raise UsageError(f"no recipe {shown(name)}; there are {', '.join(_PRESETS)}")
        return _PRESETS[name]

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """Names for `preset`."""
        return tuple(_PRESETS)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of one preprocessed image."""
        if self.layout == "nchw":
            return (3, self.crop, self.crop)
        return (self.crop, self.crop, 3)

    @property
    def image_bytes(self) -> int:
        """Bytes of one preprocessed image."""
        return math.prod(self.image_shape) * self.numpy_dtype.itemsize

    @property
    def numpy_dtype(self) -> np.dtype[np.generic]:
        """Type of the values of a preprocessed image."""
        return np.dtype(self.dtype)

    @property
    def identity(self) -> str:
        """Twelve hex digits that change with anything that changes a value of the output."""
        canonical = json.dumps({**asdict(self), **_CONTRACT}, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def to_dict(self) -> dict[str, Any]:
        """The fields for a file in JSON."""
        return {**asdict(self), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Recipe:
        """The recipe that `to_dict` wrote; UsageError where a field is missing or senseless."""
        if not isinstance(fields, Mapping):
            raise UsageError(f"recipe: needs fields with names, not {shown(fields)}")
        names = {field.name for field in dataclass_fields(cls)}
        if set(fields) != names:
            differing = shown(", ".join(sorted(map(str, set(fields) ^ names))))
            raise UsageError(f"recipe: missing or unknown fields: {differing}")
        return cls(**fields)


def _pixels(name: str, value: object) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise UsageError(f"recipe: {name} must be a whole number of pixels, not {shown(value)}")
    return int(value)


def _triple(name: str, given: object) -> Triple:
    """Three finite numbers, whatever sequence or array they come in."""
    wrong = UsageError(f"recipe: {name} needs three finite numbers, not {shown(given)}")
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, (tuple, list)) or len(given) != 3:  # noqa: PLR2004
        raise wrong
    values: list[float] = []
    for value in given:
        if isinstance(value, (bool, np.bool_)) or not isinstance(
            value, (int, float, np.integer, np.floating)
        ):
            raise wrong
        try:
            values.append(float(value))
        except OverflowError:  # an integer beyond all floats
            raise wrong from None
    if not all(abs(value) <= _LARGEST_FLOAT32 for value in values):
        raise wrong
    return (values[0], values[1], values[2])


_PRESETS = {
    "regnety_016": Recipe(),
    "tf_efficientnet_lite0": Recipe(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
}

"""What becomes of every image: geometry, filter, normalisation, and the form of the result."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from dataclasses import fields as dataclass_fields
from functools import cache
from typing import Any

import numpy as np

from regcore._native.choices import (
    ARITHMETICS,
    CHANNELS,
    CROP_OFFSETS,
    DTYPES,
    EXIF,
    FILTERS,
    FITS,
    FLAVOURS,
    LAYOUTS,
    PASS_ORDERS,
    RECIPE_FILTERS,
)
from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.recipes import flavours
from regcore.recipes.numbers import (
    LARGEST_SIDE,
    PerChannel,
    check_scale,
    colour,
    exceeds,
    per_channel,
    plain,
    positive,
    side_or_pair,
    zero_point,
)
from regcore.recipes.sources import RecipeSources

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# What a recipe has no choice in, but other tools do differently.
_CONTRACT = {"decoder": "libjpeg-turbo", "exif_orientation": "ignored", "rounding": "pillow-8bit"}

_CHOICES = {
    "filter": RECIPE_FILTERS,
    "dtype": DTYPES,
    "layout": LAYOUTS,
    "fit": FITS,
    "crop_offset": CROP_OFFSETS,
    "exif": EXIF,
    "channels": CHANNELS,
    "arithmetic": ARITHMETICS,
    "flavour": FLAVOURS,
}
#: The pass order of flavours that have one of their own.
OWN_ORDER = "own"
#: NumPy has no bfloat16: its values are kept as their 16 bits.
_NUMPY_DTYPES = {"bfloat16": "uint16"}


@cache
def installed_pass_order() -> str:
    """The pass order of the Pillow that is installed here."""
    from importlib.metadata import version  # slow to import, and Pillow itself slower

    return "pillow13" if int(version("Pillow").split(".")[0]) >= 13 else "pillow9"  # noqa: PLR2004


@dataclass(frozen=True)
class Recipe(RecipeSources):
    """Resize, crop the centre, normalise.

    Sizes are in pixels; a pair is (rows, columns).

    resize: a number is that of the short side, with the ratio of the sides kept by torchvision's
        rule; a pair depends on `fit`; None is no resize.
    crop: what is cut from the centre, the same number of rows and columns or a pair. By default,
        where `resize` is a pair, all of that.
    filter: of the resize; the six of Pillow, and those that only other flavours have.
    mean, std: for each of `channels`, in that order. The value is ((u8 / divisor) - mean) / std,
        each operation rounded to float32.
    dtype: "float32", "float16" or "bfloat16" (the float32 value rounded; NumPy gets the bits of
        bfloat16 as uint16), "uint8" (pixels, not normalised), or with `quant_scale` "uint8" or
        "int8" by ONNX's QuantizeLinear.
    layout: "nchw" or "nhwc".
    pass_order: whose resize to equal. "pillow9" (9 to 12) always resizes the width first;
        "pillow13" the height first where it shrinks by more than twice what the width does (photos
        taller than 2:1). By default that of the installed Pillow; "own" for other flavours.
    fit: what a pair of `resize` means: "exact" has those sides, whatever that does to the ratio;
        "inside" is the largest that fits into them, "outside" the smallest that covers them, both
        rounded as timm does; "outside_factor" is the latter rounded as PaddleClas does.
    crop_offset: how half a pixel is rounded: "half_even" by torchvision, "floor" by Hugging Face,
        "toward_zero" by its torchvision backend, which differs where the crop is the larger one.
    fill: the colour (red, green, blue) around a picture that is smaller than the crop; None
        refuses such a picture.
    exif: "ignore" counts pictures with an orientation, "apply" turns them first.
    channels: "rgb", "bgr", or "gray" (Pillow's conversion to L before the resize).
    arithmetic: "float32" as above; "product" multiplies by float32(1 / divisor) instead, as
        PaddleClas does; "float64" computes in float64 and rounds at the end.
    divisor: 255 takes pixels to the scale 0 to 1; 1 leaves them, and mean and std are of 0 to 255.
    second_std: for each channel, what the value is divided by once more, as Hugging Face's
        EfficientNet does.
    quant_scale, quant_zero_point: the result is round(value / scale) + zero point, saturated.
    flavour: whose resize to equal: "pillow"; "torch", torchvision's on uint8 tensors with
        antialias; "torch_float", its way through float32; "torch_no_antialias", on uint8 without;
        "opencv"; "tensorflow" and "tensorflow_antialias", whose values are not rounded to those of
        pixels.

    Raises UsageError where a value makes no sense.
    """

    resize: int | tuple[int, int] | None = 256
    crop: int | tuple[int, int] | None = 224
    filter: str = "bicubic"
    mean: PerChannel = IMAGENET_MEAN
    std: PerChannel = IMAGENET_STD
    dtype: str = "float32"
    layout: str = "nchw"
    pass_order: str = field(default_factory=installed_pass_order)
    fit: str = "exact"
    crop_offset: str = "half_even"
    fill: tuple[int, int, int] | None = None
    exif: str = "ignore"
    channels: str = "rgb"
    arithmetic: str = "float32"
    divisor: float = 255.0
    second_std: PerChannel | None = None
    quant_scale: float | None = None
    quant_zero_point: int = 0
    flavour: str = "pillow"

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in known:
                raise UsageError(f"recipe: {name} {shown(value)} is none of {', '.join(known)}")
        self._check_flavour()
        self._check_geometry()
        self._check_values()

    def _check_flavour(self) -> None:
        if self.flavour != "pillow":
            flavours.check(self)
            self._set("pass_order", OWN_ORDER)
        elif not isinstance(self.pass_order, str) or self.pass_order not in PASS_ORDERS:
            order = shown(self.pass_order)
            raise UsageError(f"recipe: pass_order {order} is none of {', '.join(PASS_ORDERS)}")
        elif self.filter not in FILTERS:
            raise UsageError(f"recipe: filter {self.filter} is none of {', '.join(FILTERS)}")

    def _check_geometry(self) -> None:
        resize = self._set("resize", side_or_pair("resize", self.resize))
        crop = self._set("crop", side_or_pair("crop", self.crop))
        fill = self._set("fill", colour("fill", self.fill))
        pair = isinstance(resize, tuple)
        if crop is None:
            if not pair:
                raise UsageError("recipe: needs a crop, unless resize is a pair of rows, columns")
            crop = resize
        if isinstance(crop, tuple) and crop[0] == crop[1]:
            crop = crop[0]
        self._set("crop", crop)
        if not pair and self.fit != "exact":
            raise UsageError(f"recipe: fit {self.fit} needs a resize of rows and columns")
        if fill is not None or resize is None:
            return
        if exceeds(self.size, resize):
            raise UsageError(
                f"recipe: needs 1 <= crop <= resize <= {LARGEST_SIDE}, not crop "
                f"{shown(crop)} and resize {shown(resize)}, or a fill around what is smaller"
            )
        if self.fit == "inside":
            raise UsageError("recipe: fit inside needs a fill for what the picture leaves free")

    def _check_values(self) -> None:
        count = 1 if self.channels == "gray" else 3
        mean = self._set("mean", per_channel("mean", self.mean, count))
        std = self._set("std", per_channel("std", self.std, count))
        self._set("divisor", positive("divisor", self.divisor))
        if self.second_std is not None:
            self._set("second_std", per_channel("second_std", self.second_std, count))
        for name, values in (("std", std), ("second_std", self.second_std or ())):
            if not all(np.float32(value) > 0 for value in values):
                raise UsageError(f"recipe: {name} must be positive, not {values}")
        check_scale(mean, std, self.divisor)
        if self.quant_scale is None:
            if self.dtype == "int8":
                raise UsageError("recipe: int8 needs the quant_scale of the model's input")
            if zero_point(self.dtype, self.quant_zero_point) != 0:
                raise UsageError("recipe: a quant_zero_point needs a quant_scale")
            return
        if self.dtype not in ("uint8", "int8"):
            raise UsageError(f"recipe: a quant_scale is for uint8 and int8, not for {self.dtype}")
        self._set("quant_scale", positive("quant_scale", self.quant_scale))
        self._set("quant_zero_point", zero_point(self.dtype, self.quant_zero_point))

    def _set(self, name: str, value: Any) -> Any:  # noqa: ANN401
        object.__setattr__(self, name, value)
        return value

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
    def size(self) -> tuple[int, int]:
        """Rows and columns of one preprocessed image."""
        crop = self.crop
        return crop if isinstance(crop, tuple) else (crop or 0, crop or 0)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of one preprocessed image."""
        count = len(self.mean)
        if self.layout == "nchw":
            return (count, *self.size)
        return (*self.size, count)

    @property
    def image_bytes(self) -> int:
        """Bytes of one preprocessed image."""
        return math.prod(self.image_shape) * self.numpy_dtype.itemsize

    @property
    def numpy_dtype(self) -> np.dtype[np.generic]:
        """Type of the values of a preprocessed image; uint16, the bits, for bfloat16."""
        return np.dtype(_NUMPY_DTYPES.get(self.dtype, self.dtype))

    @property
    def is_normalized(self) -> bool:
        """Whether mean and std are applied: not to the pixels of uint8."""
        return self.dtype != "uint8" or self.quant_scale is not None

    @property
    def identity(self) -> str:
        """Twelve hex digits that change with anything that changes a value of the output."""
        canonical = json.dumps({**self.to_dict(), **_CONTRACT}, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def in_form(self, dtype: str | None = None, layout: str | None = None) -> Recipe:
        """The same images in another dtype or layout; None leaves it as it is.

        A quantised recipe that gets another dtype is one no more: uint8 then are pixels. Raises
        UsageError for int8, whose scale would have to be known.
        """
        changes: dict[str, Any] = {"layout": layout or self.layout}
        if dtype not in (None, self.dtype):
            changes |= {"dtype": dtype, "quant_scale": None, "quant_zero_point": 0}
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """The fields for a file in JSON; those past pass_order where they are not the default."""
        defaults = {each.name: each.default for each in dataclass_fields(self)}
        return {
            name: plain(value)
            for name, value in asdict(self).items()
            if (name in _ALWAYS or value != defaults[name]) and value != OWN_ORDER
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Recipe:
        """The recipe that `to_dict` wrote; UsageError where a field is missing or senseless."""
        if not isinstance(fields, Mapping):
            raise UsageError(f"recipe: needs fields with names, not {shown(fields)}")
        names = {each.name for each in dataclass_fields(cls)}
        needed = (
            _ALWAYS if fields.get("flavour", "pillow") == "pillow" else _ALWAYS - {"pass_order"}
        )
        for what, differing in (
            ("unknown", set(fields) - names),
            ("missing", needed - set(fields)),
        ):
            if differing:
                listed = shown(", ".join(sorted(map(str, differing))))
                raise UsageError(f"recipe: {what} fields: {listed}")
        return cls(**fields)


#: Fields that every description has. The later ones are left out where they are the default, so
#: that what could always be expressed keeps its identity.
_ALWAYS = frozenset({"resize", "crop", "filter", "mean", "std", "dtype", "layout", "pass_order"})

_PRESETS = {
    "regnety_016": Recipe(),
    "tf_efficientnet_lite0": Recipe(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
}

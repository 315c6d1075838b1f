"""The recipes of PaddleClas: the transform_ops of its YAML configurations.

https://github.com/PaddlePaddle/PaddleClas: ppcls/data/preprocess/ops/operators.py for training
and evaluation, deploy/python/preprocess.py for inference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.recipes.recipe import IMAGENET_MEAN, IMAGENET_STD, Recipe
from regcore.recipes.settings import Configuration, Settings, items
from regcore.recipes.steps import OPENCV_FILTERS, PILLOW_FILTERS, Steps, with_values
from regcore.recipes.yaml_file import read_yaml

#: Where the operators of evaluation and inference stand, in the order of preference.
_PLACES = (
    ("DataLoader", "Eval", "dataset", "transform_ops"),
    ("Eval", "dataset", "transform_ops"),
    ("PreProcess", "transform_ops"),
    ("Infer", "transforms"),
)
_NUMBER = r"[0-9]{1,20}(?:\.[0-9]{0,20})?"
_QUOTIENT = re.compile(rf"\s*({_NUMBER})\s*(?:/\s*({_NUMBER}))?\s*")


def recipe_of_paddleclas(source: Configuration) -> Recipe:
    """The recipe of a configuration, NCHW.

    source: a YAML file, for training (its Eval is read) or inference (its PreProcess); what it
        holds; or a `transform_ops` list alone.

    Raises UsageError, which names the key, for what cannot be expressed exactly, DatasetError for
    an unreadable file, BackendError where PyYAML is not installed.
    """
    place = ""
    if isinstance(source, (str, Path)):
        place = f"{source}: "
        source = read_yaml(source)
    if isinstance(source, Mapping):
        operators = _find_operators(source, place)
    else:
        operators = items(source, f"{place}transform_ops")
    pipeline = _Pipeline()
    for where, operator in operators:
        pipeline.add(operator, where)
    return pipeline.recipe(place)


def _find_operators(config: Mapping[str, Any], place: str) -> list[tuple[str, Any]]:
    for path in _PLACES:
        settings = Settings(config, place)
        for key in path[:-1]:
            if key not in settings:
                break
            settings = settings.inner(key)
        else:
            if path[-1] in settings:
                return settings.listed(path[-1])
    names = ", ".join(".".join(path) for path in _PLACES)
    raise UsageError(f"{place}has none of {names}")


class _Pipeline:
    """What the operators do, one after the other."""

    def __init__(self) -> None:
        # The predictor reads the file itself, and does it as DecodeImage by default.
        self._steps = Steps("rgb", exif="apply")
        self._operators = {
            "DecodeImage": self._decode,
            "ResizeImage": self._resize,
            "CropImage": self._crop,
            "NormalizeImage": self._normalise,
            "ToCHWImage": self._transpose,
        }
        self._seen: set[str] = set()
        self._needed = {"NormalizeImage"}
        self._with_values: Callable[[Recipe], Recipe]

    def add(self, operator: object, where: str) -> None:
        """One operator: its name, with its settings."""
        if not isinstance(operator, Mapping) or len(operator) != 1:
            raise UsageError(f"{where}: must be the name of one operator, with its settings")
        name, values = next(iter(operator.items()))
        if name not in self._operators:
            raise UsageError(f"{where}: {shown(name)} is no step that a recipe has")
        step = Settings({} if values is None else values, f"{where}.{name}")
        self._operators[name](step)
        step.finish()
        self._seen.add(name)

    def recipe(self, place: str) -> Recipe:
        """What the operators come to."""
        for name in sorted(self._needed - self._seen):
            raise UsageError(f"{place}{name}: is missing")
        return self._with_values(self._steps.recipe(place))

    def _decode(self, step: Settings) -> None:
        by_opencv = step.choice("backend", {"cv2": "cv2", "pil": "pil"}, "cv2") == "cv2"
        self._steps.add("decode", step, "backend", exif="apply" if by_opencv else "ignore")
        if step.flag("channel_first", default=False):
            raise step.refusal("channel_first", "the later steps need the channels last")
        step.flag("to_np", default=True)
        if not step.flag("to_rgb", default=True):
            self._steps.swap_channels(step, "to_rgb")

    def _resize(self, step: Settings) -> None:
        by_opencv = step.choice("backend", {"cv2": "cv2", "pil": "pil"}, "cv2") == "cv2"
        step.flag("return_numpy", default=True)
        fields: dict[str, Any]
        if by_opencv:
            filter_name = step.choice("interpolation", OPENCV_FILTERS, "bilinear")
            fields = {"filter": filter_name, "flavour": "opencv"}
        else:
            # Without an interpolation the versions differ: Pillow's own default, or bilinear.
            fields = {"filter": step.choice("interpolation", PILLOW_FILTERS)}
        if "resize_short" in step:
            fields |= self._short_side(step)
            step.take("size")
        else:
            fields["resize"] = step.sides("size")
        self._steps.add("resize", step, "resize_short", **fields)

    def _short_side(self, step: Settings) -> dict[str, Any]:
        """For powers of two round(side * (short / side)) is round(side / (side / short)), too."""
        short = step.side("resize_short")
        self._needed.add("CropImage")
        fit = "outside_factor" if short & (short - 1) else "outside"
        return {"resize": (short, short), "fit": fit}

    def _crop(self, step: Settings) -> None:
        self._steps.add("crop", step, "size", crop=step.sides("size"), crop_offset="floor")

    def _transpose(self, step: Settings) -> None:
        if "ToCHWImage" in self._seen:
            raise UsageError(f"{step.place}: comes a second time")

    def _normalise(self, step: Settings) -> None:
        order = step.word("order", "chw")
        if (order == "chw") != ("ToCHWImage" in self._seen):
            raise step.refusal("order", f"{shown(order)} is not how the channels lie here")
        if step.take("channel_num") not in (None, 3):
            raise step.refusal("channel_num", "must be 3")
        dtype = "float16" if step.flag("output_fp16", default=False) else "float32"
        factor = _scale(step)
        scale = np.float32(factor)
        mean = step.per_channel("mean") if "mean" in step else IMAGENET_MEAN
        std = step.per_channel("std") if "std" in step else IMAGENET_STD
        whole = float(np.rint(1 / factor))
        divisor = whole if whole > 0 and np.float32(1 / whole) == scale else 1 / factor
        self._steps.add(
            "normalise", step, "scale", divisor=divisor, mean=mean, std=std, dtype=dtype
        )

        def with_product(recipe: Recipe) -> Recipe:
            pixels = np.arange(256, dtype=np.float32)
            means, stds = (np.array(each, np.float32)[:, None] for each in (mean, std))
            wanted = (pixels * scale - means) / stds
            return with_values(recipe, wanted, step, "scale", "product")

        self._with_values = with_product


def _scale(step: Settings) -> float:
    """A number, or a quotient in a text, which PaddleClas would evaluate; 1/255 by default."""
    value = step.take("scale")
    if value is None:
        return 1 / 255
    match = _QUOTIENT.fullmatch(value) if isinstance(value, str) else None
    if match:
        divisor = float(match[2] or 1)
        value = float(match[1]) / divisor if divisor else 0
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 1e-6 < value < 1e6:  # noqa: PLR2004
        raise step.refusal("scale", f"must be a number such as 1.0/255.0, not {shown(value)}")
    return float(value)

"""Whether the 8 bits of a quantised model's input hold the values that a recipe gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regcore.errors import BackendError
from regcore.files.input_file import read_input
from regcore.files.protobuf import MAX_MESSAGE_BYTES
from regcore.models.onnx_package import import_onnx
from regcore.models.spelled_file import spelled_file
from regcore.recipes.recipe import IMAGENET_MEAN, IMAGENET_STD, Recipe
from regcore.recipes.values import value_table

if TYPE_CHECKING:
    from onnx import ModelProto

#: A method that cuts ranges, as percentile does, leaves more of the recipe's values than this.
_LEAST_HELD = 0.7
#: One that is symmetric around 0 holds up to twice as much as is needed.
_MOST_WIDER = 2.2
_NEAR = 0.1  # of the width of a range


class Range(NamedTuple):
    """From the least to the largest value."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """How much lies between."""
        return self.high - self.low

    def __str__(self) -> str:
        return f"{self.low:.3g} to {self.high:.3g}"


def _of(mean: tuple[float, ...], std: tuple[float, ...]) -> Range:
    pairs = list(zip(mean, std, strict=True))
    return Range(
        min((0 - center) / width for center, width in pairs),
        max((1 - center) / width for center, width in pairs),
    )


_KNOWN = {
    "pixels from 0 to 255": Range(0, 255),
    "pixels / 255, without mean and std": Range(0, 1),
    "mean 0.5 and std 0.5": Range(-1, 1),
    "ImageNet's mean and std": _of(IMAGENET_MEAN, IMAGENET_STD),
}


def range_doubt(model: str, recipe: Recipe) -> str:
    """A sentence where the images of a recipe do not fit those that a model was calibrated with.

    That may be for another recipe, or for images that had no bright or no dark pixels.

    model: as for regcore.backends.registry.open_backend; of what is no quantised ONNX file, and
    where the package onnx is not installed, nothing is said.
    """
    file = spelled_file(model)
    held = None if file is None or not file.endswith(".onnx") else _input_range(Path(file))
    if held is None or recipe.dtype not in ("float32", "float16"):
        return ""
    table = value_table(recipe)
    given = Range(float(table.min()), float(table.max()))
    if not np.isfinite([*held, *given]).all() or not given.width:
        return ""
    common = min(held.high, given.high) - max(held.low, given.low)
    if common >= _LEAST_HELD * given.width and held.width <= _MOST_WIDER * given.width:
        return ""
    return (
        f"{model}: the range of its input does not fit: its 8 bits hold {held}{_name(held)}, and "
        f"the recipe {recipe.identity} gives {given}{_name(given)}; it was calibrated with images "
        "of another recipe, or with few of the values that images have"
    )


def _name(found: Range) -> str:
    for name, known in _KNOWN.items():
        allowed = _NEAR * known.width
        if abs(found.low - known.low) < allowed and abs(found.high - known.high) < allowed:
            return f" ({name})"
    return ""


def _quantised_model(path: Path) -> ModelProto | None:
    """An ONNX file that has a QuantizeLinear; None also for what is no such file.

    Whoever opens the model says that better.
    """
    try:
        # The package takes longer to import than this takes.
        if b"QuantizeLinear" not in read_input(path, MAX_MESSAGE_BYTES, error=BackendError):
            return None
        model: ModelProto = import_onnx().load(path, load_external_data=False)
    except BackendError:
        return None
    except Exception:  # noqa: BLE001  # of protobuf
        return None
    return model


def _input_range(path: Path) -> Range | None:
    """What the first QuantizeLinear behind the input can hold; None where there is none."""
    model = _quantised_model(path)
    if model is None:
        return None
    constants = {one.name: one for one in model.graph.initializer}
    inputs = {one.name for one in model.graph.input} - constants.keys()
    for node in model.graph.node:
        if node.op_type != "QuantizeLinear" or node.input[0] not in inputs:
            continue
        parts = [constants.get(name) for name in node.input[1:3]]
        if len(parts) != 2 or parts[0] is None or parts[1] is None:  # noqa: PLR2004
            return None
        scale, zero = (import_onnx().numpy_helper.to_array(part) for part in parts)
        if scale.size != 1 or zero.dtype.kind not in "iu":
            return None
        limits = np.iinfo(zero.dtype)
        step, centre = float(scale.flat[0]), int(zero.flat[0])
        return Range(step * (limits.min - centre), step * (limits.max - centre))
    return None

"""The steps of another tool's pipeline, collected into the fields of a recipe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import UsageError
from regcore.recipes.flavours import FLAVOURS
from regcore.recipes.recipe import Recipe
from regcore.recipes.settings import Settings
from regcore.recipes.values import value_table

_ORDER = ("decode", "resize", "crop", "normalise")
#: By the names that most tools have for the filters of OpenCV and of Pillow.
OPENCV_FILTERS = {name: name for name in FLAVOURS["opencv"].filters}
PILLOW_FILTERS = {
    name: name for name in ("nearest", "bilinear", "bicubic", "box", "lanczos", "hamming")
}  # fmt: skip

_OTHER_CHANNELS = {"rgb": "bgr", "bgr": "rgb"}


class Steps:
    """What a pipeline has done so far.

    channels: the order of the picture's channels at this step. fields: those of Recipe that hold
        unless a step says otherwise.

    A recipe decodes, resizes, crops and normalises, in this order and each once. Another order is
    refused by the key of its step.
    """

    def __init__(self, channels: str, **fields: object) -> None:
        self.channels = channels
        self._fields: dict[str, Any] = {"resize": None, "crop": None, **fields}
        self._done = -1

    def add(self, part: str, step: Settings, key: str, **fields: object) -> None:
        """One of decode, resize, crop and normalise, with the fields of Recipe that it decides."""
        if _ORDER.index(part) <= self._done:
            raise step.refusal(
                key,
                f"comes after a step that {_ORDER[self._done]}s; a recipe can only decode, "
                "resize, crop and normalise, in this order and each once",
            )
        self._done = _ORDER.index(part)
        self._fields.update(fields)

    def change(self, **fields: object) -> None:
        """Other fields of Recipe for the part that is done."""
        self._fields.update(fields)

    def swap_channels(self, step: Settings, key: str) -> None:
        """Red for blue."""
        if self._done == _ORDER.index("normalise"):
            raise step.refusal(key, "comes after the normalisation, which a recipe has last")
        self.channels = _OTHER_CHANNELS[self.channels]

    def recipe(self, place: str) -> Recipe:
        """The recipe. Raises UsageError, which names the place, where Recipe does."""
        try:
            return Recipe(channels=self.channels, **self._fields)
        except UsageError as error:
            raise UsageError(f"{place}{error}") from error


def with_values(
    recipe: Recipe, wanted: NDArray[np.floating[Any]], step: Settings, key: str, arithmetic: str
) -> Recipe:
    """The recipe in float32, or in the other tool's arithmetic where that gives other values.

    wanted: the tool's values, [channels, 256]. Raises UsageError where none is equal to the bit.
    """
    differing = 0
    for candidate in (recipe, replace(recipe, arithmetic=arithmetic)):
        table = value_table(candidate.in_form("float32"))
        differing = int((table != wanted.astype(np.float32)).sum())
        if not differing:
            return candidate
    raise step.refusal(
        key,
        f"gives values that no arithmetic of a recipe does: {differing} of {wanted.size} differ "
        "in the last bits",
    )

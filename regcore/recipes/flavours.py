"""Whose pixels a recipe gives: what each library can, and how it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from regcore.errors import UsageError

if TYPE_CHECKING:
    from regcore.recipes.recipe import Recipe


@dataclass(frozen=True)
class Flavour:
    """The resize of one library.

    words: what it is called in a sentence. filters: the ones it has. rounds: whether its values are
    rounded to those of pixels.
    """

    words: str
    filters: tuple[str, ...]
    rounds: bool = True


_TORCH = ("nearest", "nearest_exact", "bilinear", "bicubic")
_TENSORFLOW = (
    *("nearest", "bilinear", "bicubic", "area"),
    *("lanczos", "lanczos5", "gaussian", "mitchellcubic"),
)

#: Other libraries than Pillow, by the name in a recipe.
FLAVOURS = {
    "torch": Flavour("torch on uint8", (*_TORCH, "lanczos")),
    "torch_float": Flavour("torch in float32", _TORCH),
    "torch_no_antialias": Flavour("torch on uint8 without antialias", ("bilinear", "bicubic")),
    "opencv": Flavour("OpenCV", ("nearest", "bilinear", "bicubic", "area", "lanczos")),
    "tensorflow": Flavour("TensorFlow", _TENSORFLOW, rounds=False),
    "tensorflow_antialias": Flavour("TensorFlow with antialias", _TENSORFLOW, rounds=False),
}


def check(recipe: Recipe) -> None:
    """Raises UsageError where the library of the recipe does not have what it asks for."""
    name, flavour = recipe.flavour, FLAVOURS[recipe.flavour]
    if recipe.filter not in flavour.filters:
        raise UsageError(
            f"recipe: flavour {name} has no filter {recipe.filter}; there are "
            f"{', '.join(flavour.filters)}"
        )
    if recipe.channels == "gray":
        raise UsageError(f"recipe: channels gray are those of flavour pillow, not of {name}")
    if not flavour.rounds and not recipe.is_normalized:
        raise UsageError(
            f"recipe: flavour {name} does not round to pixels, so that dtype uint8 needs a "
            "quant_scale"
        )

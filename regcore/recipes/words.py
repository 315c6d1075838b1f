"""A recipe in words, and in what two recipes differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from regcore._native.choices import PASS_ORDERS
from regcore.recipes.flavours import FLAVOURS
from regcore.recipes.numbers import plain
from regcore.recipes.recipe import Recipe
from regcore.recipes.values import value_table

_FITS = {
    "exact": "to",
    "inside": "to fit into",
    "outside": "to cover",
    "outside_factor": "to cover",
}
_OFFSETS = {
    "half_even": "", "floor": ", offsets rounded down", "toward_zero": ", offsets toward zero",
}  # fmt: skip
_PASS_ORDERS = {"pillow9": "Pillow 9 to 12", "pillow13": "Pillow 13"}


def flavour_words(recipe: Recipe) -> str:
    """Whose resize it is."""
    if recipe.flavour == "pillow":
        return _PASS_ORDERS[recipe.pass_order]
    return FLAVOURS[recipe.flavour].words


def in_words(recipe: Recipe) -> str:
    """One line for people, in the order in which things happen."""
    return ", ".join((*geometry_words(recipe), values_words(recipe), form_words(recipe)))


def geometry_words(recipe: Recipe) -> list[str]:
    """What becomes of the picture."""
    words = []
    if recipe.exif == "apply":
        words.append("turned by EXIF")
    if recipe.channels == "gray":
        words.append("made grey")
    resize = recipe.resize
    by = f"by {recipe.filter} as in {flavour_words(recipe)}"
    if resize is None:
        words.append("not resized")
    elif isinstance(resize, int):
        words.append(f"short side to {resize} {by}")
    else:
        words.append(f"{_FITS[recipe.fit]} {_sides(resize)} {by}")
    if recipe.size != resize or recipe.fit != "exact":
        down = _OFFSETS[recipe.crop_offset]
        words.append(f"{_sides(recipe.size)} from the centre{down}")
    if recipe.fill is not None:
        words.append(f"a border of RGB {_numbers(recipe.fill)} around what is smaller")
    return words


def values_words(recipe: Recipe) -> str:
    """What becomes of a pixel's value u8."""
    if not recipe.is_normalized:
        return "pixels as they are"
    divisor = f"{recipe.divisor:g}"
    scale = f"* (1 / {divisor})" if recipe.arithmetic == "product" else f"/ {divisor}"
    value = "u8" if recipe.divisor == 1 else f"u8 {scale}"
    value = f"({value} - {_numbers(recipe.mean)}) / {_numbers(recipe.std)}"
    if recipe.second_std is not None:
        value += f" / {_numbers(recipe.second_std)}"
    if recipe.arithmetic == "float64":
        value += " in float64"
    if recipe.quant_scale is None:
        return value
    return f"round(({value}) / {recipe.quant_scale:g}) {recipe.quant_zero_point:+d}"


def form_words(recipe: Recipe) -> str:
    """How the values lie in memory."""
    return f"{recipe.dtype} {recipe.layout.upper()} {recipe.channels.upper()}"


def differing_fields(first: Recipe, second: Recipe) -> dict[str, tuple[object, object]]:
    """In what `second` differs from `first` as recipes of a model: fields, and the two values.

    The order of passes is left out: it is that of the Pillow whose pixels one wants to equal, and
    belongs to the machine.
    """
    found = difference(first, second).fields
    return {name: pair for name, pair in found.items() if name != "pass_order"}


def difference_words(fields: Mapping[str, tuple[object, object]]) -> str:
    """Fields that differ, each as what it is and what it was to be; empty where none does."""
    return ", ".join(
        f"{name} {plain(here)} instead of {plain(there)}" for name, (there, here) in fields.items()
    )


def in_any_pass_order(recipe: Recipe) -> tuple[Recipe, ...]:
    """The recipes of which a model cannot tell this one, see differing_fields; itself first."""
    if recipe.flavour != "pillow":
        return (recipe,)
    others = (order for order in PASS_ORDERS if order != recipe.pass_order)
    return (recipe, *(replace(recipe, pass_order=order) for order in others))


def _sides(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:g}" for value in values)


@dataclass(frozen=True)
class RecipeDifference:
    """In what two recipes differ.

    fields: name, and the two values. differing_values: how many of the 256 values of a pixel, over
    all channels, become something else. largest: by how much at most. Both are None where the
    values are not of the same kind, that is of one dtype and quantised in the same steps, or not
    all finite.
    """

    fields: dict[str, tuple[object, object]]
    differing_values: int | None
    largest: float | None


def difference(first: Recipe, second: Recipe) -> RecipeDifference:
    """In what `second` differs from `first`; for equal ones nothing."""
    names = (field.name for field in fields(Recipe))
    pairs = {name: (getattr(first, name), getattr(second, name)) for name in names}
    differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    kinds = [(one.dtype, one.quant_scale, len(one.mean)) for one in (first, second)]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        tables = [value_table(one).astype(np.float64) for one in (first, second)]
    if kinds[0] != kinds[1] or not all(np.isfinite(table).all() for table in tables):
        return RecipeDifference(differing, None, None)
    if {first.channels, second.channels} == {"rgb", "bgr"}:  # by colour, not by place
        tables[1] = tables[1][::-1]
    distance = np.abs(tables[0] - tables[1])
    return RecipeDifference(differing, int(np.count_nonzero(distance)), float(distance.max()))

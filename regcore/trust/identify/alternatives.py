"""What else gives the same bytes of these photos, and what photo would tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any

import numpy as np

from regcore._native.choices import CROP_OFFSETS, EXIF, PASS_ORDERS
from regcore.errors import DecodeError, UsageError
from regcore.images.preprocessor import Preprocessor
from regcore.recipes.recipe import Recipe
from regcore.recipes.values import value_table
from regcore.trust.identify.findings import Alternative
from regcore.trust.identify.photos import Photo
from regcore.trust.identify.values import rounded_to

_TOLD_BY = {
    "pass_order": "a photo more than twice as tall as wide, of which Pillow 13 makes other pixels",
    "exif": "a photo with an EXIF orientation",
    "crop_offset": "a photo whose sides after the resize exceed the crop by an odd number",
    "resize": "a photo whose sides have another ratio",
    "fit": "a photo whose sides have another ratio",
    "filter": "a photo of another size",
    "flavour": "a photo of another size",
    "fill": "a photo that is smaller than the crop",
    "values": "a photo with the values of pixels that these lack",
}
_VALUES = ("mean", "std", "divisor", "arithmetic", "second_std", "quant_scale", "quant_zero_point")


def alternatives(
    recipe: Recipe, others: Sequence[Recipe], photos: Sequence[Photo]
) -> tuple[Alternative, ...]:
    """Other recipes that give the same bytes.

    others: recipes that are known to, of the same photos.
    """
    found: list[dict[str, object]] = []
    tried = list(_single_changes(recipe, photos))
    same = [*(other for other in tried if _is_same(recipe, other, photos)), *others]
    for other in same:
        changes = _changes(recipe, other)
        if changes and changes not in found:
            found.append(changes)
    return tuple(
        Alternative(changes, _told_by(changes))
        for changes in found
        if not _is_combination(changes, found)
    )


def _single_changes(recipe: Recipe, photos: Sequence[Photo]) -> Iterator[Recipe]:
    """Recipes with another value of one choice."""
    changes: list[dict[str, Any]] = [
        {"crop_offset": offset} for offset in CROP_OFFSETS if offset != recipe.crop_offset
    ]
    if recipe.flavour == "pillow":
        changes += [{"pass_order": order} for order in PASS_ORDERS if order != recipe.pass_order]
    if not any(photo.is_turned for photo in photos):
        changes += [{"exif": value} for value in EXIF if value != recipe.exif]
    resize = recipe.resize
    side = resize if isinstance(resize, int) else resize[0] if resize else None
    if side is not None and (isinstance(resize, int) or resize == (side, side)):
        changes += [
            {"resize": side, "fit": "exact"}, {"resize": (side, side), "fit": "exact"},
            {"resize": (side, side), "fit": "outside"},
        ]  # fmt: skip
    for change in changes:
        try:
            other = replace(recipe, **change)
        except UsageError:
            continue
        if other != recipe:
            yield other


def _is_same(recipe: Recipe, other: Recipe, photos: Sequence[Photo]) -> bool:
    """Whether both make the same of every photo; the values are the same, so pixels will do."""
    if recipe.exif != other.exif:  # of photos that EXIF does not turn
        return True
    for photo in photos:
        pixels = photo.seen(recipe.exif)
        try:
            one, two = (
                Preprocessor(replace(each, exif="ignore"), workers=1)([pixels])
                for each in (recipe, other)
            )
        except DecodeError:
            return False
        if not np.array_equal(one.view(np.uint8), two.view(np.uint8)):
            return False
    return True


def _changes(recipe: Recipe, other: Recipe) -> dict[str, object]:
    """The fields that differ; those of values only where a pixel could show it."""
    changes = {
        field.name: getattr(other, field.name)
        for field in dataclass_fields(Recipe)
        if getattr(other, field.name) != getattr(recipe, field.name)
    }
    if "pass_order" in changes and "flavour" in changes:
        del changes["pass_order"]
    if any(name in changes for name in _VALUES) and _same_values(recipe, other):
        changes = {name: value for name, value in changes.items() if name not in _VALUES}
    return changes


def _same_values(recipe: Recipe, other: Recipe) -> bool:
    one, two = (rounded_to(each.dtype, value_table(each)) for each in (recipe, other))
    return one.shape == two.shape and bool(np.array_equal(one, two))


def _is_combination(changes: dict[str, object], found: Sequence[dict[str, object]]) -> bool:
    """Whether smaller alternatives together say this."""
    rest = set(changes)
    for smaller in found:
        if len(smaller) < len(changes) and smaller.items() <= changes.items():
            rest -= set(smaller)
    return not rest


def _told_by(changes: dict[str, object]) -> str:
    names = [name if name not in _VALUES else "values" for name in changes]
    return _TOLD_BY.get(names[0], "another photo") if names else "no photo"

"""Pipelines that explain one channel of one photo, tried on all channels of all photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from regcore.errors import UsageError
from regcore.recipes.recipe import Recipe
from regcore.trust.identify.agreement import agreement
from regcore.trust.identify.bank import Pipeline, Pixels
from regcore.trust.identify.borders import BORDER_COLOURS, has_border
from regcore.trust.identify.float_values import float_fields
from regcore.trust.identify.photos import Photo
from regcore.trust.identify.quantised import quantised_fields
from regcore.trust.identify.readings import Reading
from regcore.trust.identify.tables import ValueTable, read_table
from regcore.trust.identify.values import value_fields

_NORMALISED = ("float32", "float64", "float16", "bfloat16")


@dataclass(frozen=True)
class Explained:
    """A pipeline with its order of channels, and the pixels that it makes of every photo.

    pixels: of each, [rows, columns, channels], in the tensor's order. table: what became of them;
    None where they are not rounded.
    """

    pipeline: Pipeline
    channels: str
    pixels: tuple[Pixels, ...]
    table: ValueTable | None


def orders(channels: str) -> tuple[str, ...]:
    """The orders of channels to try."""
    return ("gray",) if channels == "gray" else ("rgb", "bgr")


def pixels_of_all(pipeline: Pipeline, photos: Sequence[Photo]) -> tuple[Pixels, ...] | None:
    """Of every photo, red first; None where one has none."""
    made = [pipeline.pixels_of(photo.seen(pipeline.exif)) for photo in photos]
    whole = tuple(one for one in made if one is not None)
    return whole if len(whole) == len(photos) else None


def in_order(pixels: Sequence[Pixels], channels: str) -> tuple[Pixels, ...]:
    """Pixels in the order of a tensor's channels."""
    return tuple(one[..., ::-1] for one in pixels) if channels == "bgr" else tuple(pixels)


def explain(pipeline: Pipeline, photos: Sequence[Photo], reading: Reading) -> Explained | None:
    """The pipeline where it explains all values of a tensor; None where it does not."""
    bordered = any(has_border(image[..., 0]) for image in reading.values)
    for ordered in pipeline.other_orders():
        for one in _filled(ordered, bordered=bordered):
            if (found := _explain(one, photos, reading)) is not None:
                return found
    return None


def _filled(pipeline: Pipeline, *, bordered: bool) -> Iterator[Pipeline]:
    """With each colour of a border, where there is one; what is inside has none."""
    geometry = pipeline.geometry
    if not bordered:
        yield pipeline
        return
    for colour in BORDER_COLOURS if geometry.fill else (None,):
        yield replace(pipeline, geometry=replace(geometry, fill=colour))


def _explain(pipeline: Pipeline, photos: Sequence[Photo], reading: Reading) -> Explained | None:
    made = pixels_of_all(pipeline, photos)
    if made is None:
        return None
    for channels in orders(pipeline.channels):
        pixels = in_order(made, channels)
        if pipeline.way.rounds:
            table = read_table([one.view(np.uint8) for one in pixels], reading.values)
            if table is not None:
                return Explained(pipeline, channels, pixels, table)
        elif _follows(pixels, reading):
            return Explained(pipeline, channels, pixels, None)
    return None


def same_pixels(one: Explained, other: Explained) -> bool:
    """Whether both make the same of every photo, so that the same values make the same tensor."""
    return one.channels == other.channels and all(
        np.array_equal(a, b) for a, b in zip(one.pixels, other.pixels, strict=True)
    )


def with_pipeline(recipe: Recipe, explained: Explained) -> Recipe | None:
    """The recipe with another pipeline before its values; None where none can be so."""
    fields = explained.pipeline.fields()
    for fill in dict.fromkeys((None, fields["fill"])):
        with suppress(UsageError):
            return replace(recipe, **{**fields, "fill": fill})
    return None


def _follows(pixels: Sequence[Pixels], reading: Reading) -> bool:
    return all(
        agreement(one[..., channel], image[..., channel], reading.dtype).is_function
        for one, image in zip(pixels, reading.values, strict=True)
        for channel in range(image.shape[2])
    )


def recipes_of(explained: Explained, reading: Reading) -> Iterator[Recipe]:
    """Recipes that may give the tensor, the commonest values first."""
    fields = explained.pipeline.fields()
    form = {"channels": explained.channels, "layout": reading.layout}
    for values in _values(explained, reading):
        for fill in dict.fromkeys((None, fields["fill"])):  # a border only where it is needed
            with suppress(UsageError):
                yield Recipe(**{**fields, **form, **values, "fill": fill})


def _values(explained: Explained, reading: Reading) -> list[dict[str, Any]]:
    dtype, table = reading.dtype, explained.table
    dtype = "float32" if dtype == "float64" else dtype
    if table is None:
        return float_fields(explained.pixels, reading.values, dtype)
    if not table.says_enough:
        return []
    found = value_fields(table, dtype) if dtype != "int8" else []
    if not found and dtype not in _NORMALISED:
        found = quantised_fields(table, dtype, explained.channels)
    return found

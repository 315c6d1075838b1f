"""A recipe for a pipeline that does not explain a tensor: with the mean and std nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regcore.errors import UsageError
from regcore.recipes.recipe import Recipe
from regcore.trust.identify.bank import Pipeline
from regcore.trust.identify.explained import Explained, in_order, orders, pixels_of_all
from regcore.trust.identify.families import BYTE_FAMILIES, FAMILIES
from regcore.trust.identify.findings import Match
from regcore.trust.identify.photos import Photo
from regcore.trust.identify.readings import Reading
from regcore.trust.identify.tables import Line, line_of
from regcore.trust.identify.trial import residual
from regcore.trust.identify.values import pixel_fields

#: How far, in std, a line may be from a known mean and std to be told as that.
_ROOM = 0.03
#: Every third row and column do for a line.
_STRIDE = 3


def match_of_pixels(
    explained: Explained, photos: Sequence[Photo], reading: Reading
) -> Match | None:
    """The recipe that has a tensor's pixels, with the likeliest values; None where there is none.

    Where no values are likely, as where they fall while the pixels rise, it has the pixels' own.
    """
    own = _own_values(reading.dtype, explained.channels)
    found = nearest_match(explained.pipeline, photos, reading, (explained.channels,), (own,))
    return None if found is None else found[0]


def nearest_match(
    pipeline: Pipeline,
    photos: Sequence[Photo],
    reading: Reading,
    channels_tried: Sequence[str] = (),
    values_left: Sequence[dict[str, Any]] = (),
) -> tuple[Match, float] | None:
    """The recipe of a pipeline with the likeliest values, and how far its pixels are off.

    channels_tried: orders of channels, by default all. values_left: fields of values for where none
    are likely.
    The second is the root mean square, in steps of a pixel's value. None where there is none.
    """
    made = pixels_of_all(pipeline, photos)
    if made is None:
        return None
    fitted = []
    for channels in channels_tried or orders(pipeline.channels):
        pixels = in_order(made, channels)
        lines, left = _fit(pixels, reading)
        fitted.append((left, channels, lines))
    left, channels, lines = min(fitted, key=lambda one: one[0])
    for values in (*_likely_values(lines, reading.dtype, channels), *values_left):
        try:
            form = {"channels": channels, "layout": reading.layout}
            recipe = Recipe(**{**pipeline.fields(), **form, **values})
        except UsageError:
            continue
        found = residual(recipe, photos, reading)
        if found is not None:
            return Match(recipe, found), left
    return None


def _fit(pixels: Sequence[Any], reading: Reading) -> tuple[list[Line], float]:
    """A line for each channel, and what they leave, in steps of a pixel's value."""
    lines, squares = [], []
    for channel in range(reading.values.shape[3]):
        x = np.concatenate([one[::_STRIDE, ::_STRIDE, channel].ravel() for one in pixels])
        y = reading.values[:, ::_STRIDE, ::_STRIDE, channel].ravel().astype(np.float64)
        x = x.astype(np.float64)
        if x.min() == x.max():
            return [Line(0.0, 0.0)] * reading.values.shape[3], 256.0
        line = line_of(x, y)
        left = y - line.slope * x - line.start
        squares.append(np.mean(left**2) / max(line.slope**2, 1e-30))
        lines.append(line)
    return lines, float(np.sqrt(np.mean(squares)))


def _likely_values(lines: Sequence[Line], dtype: str, channels: str) -> list[dict[str, Any]]:
    """Fields of values, the likeliest first."""
    if not all(line.slope > 0 for line in lines):
        return []
    if dtype in ("uint8", "int8"):
        return _likely_steps(lines, dtype, channels)
    dtype = "float32" if dtype == "float64" else dtype
    found: list[tuple[float, dict[str, Any]]] = []
    for divisor, families in ((255.0, FAMILIES), (1.0, BYTE_FAMILIES)):
        stds = [1 / (divisor * line.slope) for line in lines]
        means = [-line.start * std for line, std in zip(lines, stds, strict=True)]
        for known in families.values() if channels != "gray" else ():
            for mean, std in (known, (known[0][::-1], known[1][::-1])):
                distance = max(
                    max(abs(m - near), abs(s - spread)) / spread
                    for m, s, near, spread in zip(mean, std, means, stds, strict=True)
                )
                found.append((distance, {"mean": mean, "std": std, "divisor": divisor}))
        if divisor != 1:
            short = {
                "mean": tuple(float(f"{one:.4g}") for one in means),
                "std": tuple(float(f"{one:.4g}") for one in stds),
            }
            found.append((_ROOM, short))
    found.sort(key=lambda one: one[0])
    return [{**values, "dtype": dtype} for distance, values in found if distance <= _ROOM]


def _own_values(dtype: str, channels: str) -> dict[str, Any]:
    """Fields that leave pixels as they are, as far as the dtype has their values."""
    count = 1 if channels == "gray" else 3
    if dtype == "uint8":
        return pixel_fields(count)
    dtype = "float32" if dtype == "float64" else dtype
    plain = {"mean": (0.0,) * count, "std": (1.0,) * count, "divisor": 1.0, "dtype": dtype}
    return {**plain, "quant_scale": 1.0, "quant_zero_point": -128} if dtype == "int8" else plain


def _likely_steps(lines: Sequence[Line], dtype: str, channels: str) -> list[dict[str, Any]]:
    """Of uint8 and int8: pixels, or steps of them."""
    low, high = (0, 255) if dtype == "uint8" else (-128, 127)
    slope = float(np.mean([line.slope for line in lines]))
    start = float(np.mean([line.start for line in lines]))
    if dtype == "uint8" and abs(slope - 1) < _ROOM:
        return [pixel_fields(len(lines))]
    count = 1 if channels == "gray" else 3
    steps = {
        "mean": (0.0,) * count, "std": (1.0,) * count, "divisor": 1.0,
        "quant_scale": float(f"{1 / slope:.4g}"),
        "quant_zero_point": int(np.clip(round(start), low, high)),
    }  # fmt: skip
    return [{**steps, "dtype": dtype}]

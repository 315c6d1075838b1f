"""Scale and zero point of uint8 and int8, from what became of each value of a pixel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import UsageError
from regcore.recipes.recipe import Recipe
from regcore.recipes.values import value_table
from regcore.trust.identify.families import BYTE_FAMILIES, FAMILIES
from regcore.trust.identify.tables import ValueTable, line_of

_LIMITS = {"uint8": (0, 255), "int8": (-128, 127)}
_MOST_DIGITS = 10
#: Quotients are rounded to float32, so that bounds of a scale are known only so far; and how many
#: float32 numbers beside the middle of a narrow range are tried.
_ROOM = 3e-7
_NEIGHBOURS = 8
_SAMPLE = 1 << 13


def quantised_fields(table: ValueTable, dtype: str, channels: str) -> list[dict[str, Any]]:
    """The fields of recipes with quant_scale that give the table, for every known mean and std.

    A scale is told by steps only as far as they show it: it is the shortest number that gives
    them, which gives all other steps that are seen, too.
    """
    found = []
    for base in known_values(channels):
        try:
            plain = value_table(Recipe(**base, dtype="float32", channels=channels))
        except UsageError:
            continue
        for zero_point, scale in steps_of(plain[table.seen], table.values[table.seen], dtype):
            fields = {
                **base, "dtype": dtype, "channels": channels, "quant_scale": scale,
                "quant_zero_point": zero_point,
            }  # fmt: skip
            if _gives(fields, table):
                found.append(fields)
                break
    # Several means and stds can make the same steps: the simplest scale is the likeliest.
    return sorted(found, key=lambda fields: len(repr(fields["quant_scale"])))


def _gives(fields: dict[str, Any], table: ValueTable) -> bool:
    try:
        made = value_table(Recipe(**fields))
    except UsageError:
        return False
    return bool(np.array_equal(made[table.seen], table.values[table.seen]))


def steps_of(
    plain: NDArray[np.float32], steps: NDArray[np.float32], dtype: str
) -> Iterator[tuple[int, float]]:
    """Zero points and scales by which plain values become steps, the shortest scale first.

    Both flat, and of one size. What is saturated is left aside.
    """
    low, high = _LIMITS[dtype]
    inside = (steps > low) & (steps < high)
    values, counts = plain[inside].astype(np.float64), steps[inside].astype(np.float64)
    few = slice(None, None, max(1, len(values) // _SAMPLE))
    if not len(values) or values[few].min() == values[few].max():
        return
    line = line_of(values[few], counts[few])
    if not line.slope > 0:
        return
    near = round(line.start)
    for zero_point in (near, near - 1, near + 1):
        # A few of the values refuse most means and stds, which have no scale at all.
        if low <= zero_point <= high and _bounds(values[few], counts[few] - zero_point):
            for scale in _scales(values, counts - zero_point):
                yield zero_point, scale


def _bounds(values: NDArray[np.float64], steps: NDArray[np.float64]) -> tuple[float, float] | None:
    """Between which the scale lies; None where there is none."""
    # |value| / scale lies between |step| - 0.5 and |step| + 0.5.
    size, count = np.abs(values), np.abs(steps)
    bounded = count > 0
    if not bounded.any() or np.any(bounded & (np.sign(values) != np.sign(steps))):
        return None
    low = float(np.max(size / (count + 0.5))) * (1 - _ROOM)
    high = float(np.min(size[bounded] / (count[bounded] - 0.5))) * (1 + _ROOM)
    return (low, high) if 0 < low <= high else None


def _scales(values: NDArray[np.float64], steps: NDArray[np.float64]) -> Iterator[float]:
    bounds = _bounds(values, steps)
    shown = values.astype(np.float32)
    for scale in _between(*bounds) if bounds else ():
        if np.array_equal(np.rint(shown / np.float32(scale)), steps):
            yield scale


def known_values(channels: str) -> Iterator[dict[str, Any]]:
    """Mean, std and divisor of every family, in both orders of channels."""
    for families, divisor in ((FAMILIES, 255.0), (BYTE_FAMILIES, 1.0)):
        for mean, std in families.values():
            for order in (1, -1) if len(set(mean)) > 1 and channels != "gray" else (1,):
                count = 1 if channels == "gray" else 3
                yield {
                    "mean": mean[::order][:count], "std": std[::order][:count],
                    "divisor": divisor,
                }  # fmt: skip


def _between(low: float, high: float) -> Iterator[float]:
    """Numbers of this range: the shortest, then longer ones, and the float32 of its middle."""
    middle = (low + high) / 2
    for digits in range(1, _MOST_DIGITS):
        short = float(f"{middle:.{digits}g}")
        if low <= short <= high:
            yield short
    near = below = above = np.float32(middle)
    yield float(near)
    for _ in range(_NEIGHBOURS):
        below, above = np.nextafter(below, np.float32(0)), np.nextafter(above, np.float32(np.inf))
        yield from (float(below), float(above))

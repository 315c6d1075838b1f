"""Mean, std and the order of roundings, from what became of each value of a pixel."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.trust.identify.bfloat import rounded_to_bfloat
from regcore.trust.identify.families import BYTE_FAMILIES, FAMILIES
from regcore.trust.identify.tables import Line, ValueTable, lines_of

#: Divisor and arithmetic, the commonest first; the last one also divides by std twice.
_FORMS: tuple[tuple[float, str, bool], ...] = (
    (255.0, "float32", False), (1.0, "float32", False), (255.0, "product", False),
    (255.0, "float64", False), (1.0, "float64", False), (127.5, "float32", False),
    (127.5, "product", False), (127.5, "float64", False), (128.0, "float32", False),
    (256.0, "float32", False), (255.0, "float32", True), (255.0, "product", True),
    (127.5, "float32", True), (255.0, "float64", True),
)  # fmt: skip
#: How far a line through rounded values may be off, relative to its numbers.
_PRECISION = {"float32": 4e-7, "float64": 4e-7, "float16": 3e-4, "bfloat16": 3e-3}
_MOST_DECIMALS = 8
#: Roundings of one number that are tried beyond the shortest one that is near enough.
_LONGER = 2


@dataclass(frozen=True)
class Scalars:
    """Mean and std of one channel."""

    mean: float
    std: float


def value_fields(table: ValueTable, dtype: str) -> list[dict[str, Any]]:
    """The fields of recipes that give the table, value by value, the commonest form first.

    dtype: of a recipe without quant_scale, uint8 or a kind of float.
    """
    if dtype == "uint8":
        is_pixels = all(
            np.array_equal(row[seen], np.flatnonzero(seen))
            for row, seen in zip(table.values, table.seen, strict=True)
        )
        return [pixel_fields(len(table.values))] if is_pixels else []
    pixels = [np.flatnonzero(seen).astype(np.float32) for seen in table.seen]
    values = [row[seen] for row, seen in zip(table.values, table.seen, strict=True)]
    return fields_through(pixels, values, lines_of(table), dtype)


def pixel_fields(channels: int) -> dict[str, Any]:
    """The fields of a recipe that leaves pixels as they are.

    Its mean and std do nothing; those that a recipe has by itself are of three channels.
    """
    own: dict[str, Any] = {"mean": (0.0,), "std": (1.0,)} if channels == 1 else {}
    return {**own, "dtype": "uint8"}


def fields_through(
    pixels: Sequence[NDArray[np.float32]],
    values: Sequence[NDArray[np.float32]],
    lines: Sequence[Line],
    dtype: str,
) -> list[dict[str, Any]]:
    """The fields that make all values of the pixels, bit by bit, the commonest form first.

    pixels, values: of each channel, both of one shape. lines: through them.
    """
    found = (_of_form(pixels, values, lines, dtype, form) for form in _FORMS)
    return [fields for fields in found if fields is not None]


def _of_form(
    pixels: Sequence[NDArray[np.float32]],
    values: Sequence[NDArray[np.float32]],
    lines: Sequence[Line],
    dtype: str,
    form: tuple[float, str, bool],
) -> dict[str, Any] | None:
    divisor, arithmetic, twice = form
    chosen: list[Scalars] = []
    for shown, wanted, line in zip(pixels, values, lines, strict=True):
        for scalars in likely_scalars(line, divisor, dtype, twice=twice):
            made = scalar_values(shown, scalars, divisor, arithmetic, twice=twice)
            if np.array_equal(rounded_to(dtype, made), wanted):
                chosen.append(scalars)
                break
        else:
            return None
    fields: dict[str, Any] = {
        "dtype": dtype,
        "mean": tuple(one.mean for one in chosen),
        "std": tuple(one.std for one in chosen),
        "divisor": divisor,
        "arithmetic": arithmetic,
    }
    if twice:
        fields["second_std"] = fields["std"]
    return fields


def scalar_values(
    pixels: NDArray[np.float32], scalars: Scalars, divisor: float, arithmetic: str, *, twice: bool
) -> NDArray[np.float32]:
    """What regcore.recipes.values.value_table has, of any pixels of one channel, as float32."""
    kind = np.float64 if arithmetic == "float64" else np.float32
    if arithmetic == "product":
        scaled = pixels * np.float32(1 / divisor)
    else:
        scaled = pixels.astype(kind) / kind(divisor)
    with np.errstate(all="ignore"):
        values = (scaled - kind(scalars.mean)) / kind(scalars.std)
        values = values / kind(scalars.std) if twice else values
        made: NDArray[np.float32] = values.astype(np.float32)
    return made


def rounded_to(dtype: str, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rounded to a dtype, as float32."""
    if dtype == "float16":
        with np.errstate(over="ignore"):
            return values.astype(np.float16).astype(np.float32)
    return rounded_to_bfloat(values) if dtype == "bfloat16" else values


def likely_scalars(
    line: Line, divisor: float, dtype: str, *, twice: bool = False
) -> Iterator[Scalars]:
    """Means and stds near a line: those in use first, then by their number of decimals."""
    if not line.slope > 0:
        return
    std = 1 / (divisor * line.slope)
    mean = -line.start * std
    if twice:
        std = math.sqrt(std)
    precision = _PRECISION.get(dtype, _PRECISION["float32"])
    std_room = precision * std
    mean_room = precision * (abs(mean) + std)
    near = [
        known
        for known in _known(divisor)
        if abs(known.std - std) <= 2 * std_room and abs(known.mean - mean) <= 2 * mean_room
    ]
    near += [
        Scalars(short_mean, short_std)
        for short_std in _decimals(std, std_room)
        for short_mean in _decimals(mean, mean_room)
    ]
    yield from dict.fromkeys(near)


def _known(divisor: float) -> Iterator[Scalars]:
    families = BYTE_FAMILIES if divisor == 1 else FAMILIES
    for means, stds in families.values():
        for mean, std in dict.fromkeys(zip(means, stds, strict=True)):
            yield Scalars(mean, std)


def _decimals(number: float, room: float) -> list[float]:
    """Decimal numbers near this one: the shortest, and a few that are longer."""
    found = [
        short
        for digits in range(_MOST_DECIMALS + 1)
        if abs((short := round(number, digits)) - number) <= room
    ]
    return list(dict.fromkeys(found))[: _LONGER + 1]

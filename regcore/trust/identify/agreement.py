"""How well the values of a tensor follow from pixels, whatever mean, std or curve is between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVELS = 256


@dataclass(frozen=True)
class Agreement:
    """levels: the root mean square of what the pixels do not explain, in steps of a pixel's value.

    share: of the values that another one with the same pixel contradicts. is_function: that none
    does; of pixels that are not rounded, that what is left is no more than the dtype's rounding.
    """

    levels: float
    share: float
    is_function: bool


#: What rounding to each dtype leaves at most, in steps of a pixel's value; of those that are
#: quantised in coarse steps too.
_ROUNDING = {"float32": 2e-3, "float64": 2e-3, "float16": 0.15, "bfloat16": 1.0}
_QUANTISED_ROUNDING = 4.0


#: About so many values tell how far pixels are off; that they are not off needs all.
_SAMPLE = 1 << 14


def agreement(pixels: NDArray[np.generic], values: NDArray[np.float32], dtype: str) -> Agreement:
    """Of one channel. pixels: uint8 or float32, values: float32, both [rows, columns]."""
    stride = max(1, pixels.size // _SAMPLE)  # of rows
    some, of_them = pixels[::stride].ravel(), values[::stride].ravel()
    if pixels.dtype == np.uint8:
        found = _of_levels(some.view(np.uint8), of_them)
        if not found.is_function or stride == 1:
            return found
        return _of_levels(pixels.ravel().view(np.uint8), values.ravel())
    slope, left = _line(some.astype(np.float64), of_them.astype(np.float64))
    if not slope:
        return Agreement(float(LEVELS), 1.0, is_function=False)
    levels = float(np.sqrt(np.mean(left**2))) / abs(slope)
    close = levels < _ROUNDING.get(dtype, _QUANTISED_ROUNDING)
    return Agreement(levels, 0.0 if close else 1.0, is_function=close)


def _of_levels(pixels: NDArray[np.uint8], values: NDArray[np.float32]) -> Agreement:
    table = np.zeros(LEVELS, np.float32)
    table[pixels] = values
    share = float(np.mean(table[pixels] != values))
    if not share:
        return Agreement(0.0, 0.0, is_function=True)
    counts = np.bincount(pixels, minlength=LEVELS)
    means = np.bincount(pixels, values, LEVELS) / np.maximum(counts, 1)
    left = values - means[pixels]
    there = np.flatnonzero(counts)
    slope, _ = _line(there.astype(np.float64), means[there], counts[there].astype(np.float64))
    if not slope:
        return Agreement(float(LEVELS), share, is_function=False)
    return Agreement(float(np.sqrt(np.mean(left**2))) / abs(slope), share, is_function=False)


def _line(
    x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> tuple[float, NDArray[np.float64]]:
    """Slope of the least squares line, 0 where there is none, and what it leaves."""
    mean_x, mean_y = np.average(x, weights=weights), np.average(y, weights=weights)
    deviations = x - mean_x
    weighted = deviations if weights is None else deviations * weights
    spread = float(np.sum(weighted * deviations))
    slope = float(np.sum(weighted * (y - mean_y))) / spread if spread else 0.0
    return slope, y - mean_y - slope * deviations


def correlation(one: NDArray[np.generic], other: NDArray[np.generic]) -> float:
    """Pearson's, of two arrays of one shape; 0 where one of them is constant."""
    a = one.astype(np.float32).ravel()
    b = other.astype(np.float32).ravel()
    a = a - a.mean()
    b = b - b.mean()
    norm = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    return float(np.dot(a, b)) / norm if norm else 0.0

"""TensorFlow's tf.image.resize in NumPy: the same roundings in the same order, on slow paths."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_F = np.float32


def resize(
    pixels: NDArray[np.uint8], sides: tuple[int, int], name: str, *, antialias: bool
) -> Floats:
    """Pixels uint8 [height, width, channels] at sides (height, width), by the filter `name`."""
    values = pixels.astype(np.float32)
    height, width = values.shape[:2]
    if name == "nearest":
        rows, columns = _nearest(height, sides[0]), _nearest(width, sides[1])
        return values[rows][:, columns]
    if name == "bilinear" and not antialias:
        return _bilinear(values, sides)
    if name == "area":
        return _area(values, sides)
    by_table = name == "bicubic" and not antialias
    spans = _cubic_spans if by_table else _scaled_spans(name, antialias=antialias)
    down = _weighted(values, *spans(height, sides[0]))
    return _weighted(down.swapaxes(0, 1), *spans(width, sides[1])).swapaxes(0, 1)


def _weighted(values: Floats, starts: list[int], weights: list[Floats]) -> Floats:
    """The sums along the first axis, in ascending order of the inputs."""
    taps = max(map(len, weights))
    table = np.array([np.pad(row, (0, taps - len(row))) for row in weights])
    out = np.zeros((len(starts), *values.shape[1:]), np.float32)
    for t in range(taps):
        inputs = np.minimum(np.array(starts) + t, len(values) - 1)
        out += values[inputs] * table[:, t].reshape(-1, *[1] * (values.ndim - 1))
    return out


def _positions(size: int, resized: int) -> Floats:
    """Where half-pixel centres lie, plus half a pixel."""
    return (np.arange(resized, dtype=np.float32) + _F(0.5)) * (_F(size) / _F(resized))


def _nearest(size: int, resized: int) -> NDArray[np.int64]:
    return np.minimum(np.floor(_positions(size, resized)).astype(np.int64), size - 1)


def _bilinear(values: Floats, sides: tuple[int, int]) -> Floats:
    def neighbours(axis: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        size = values.shape[axis]
        at = _positions(size, sides[axis]) - _F(0.5)
        low = np.floor(at)
        lower = np.maximum(low.astype(np.int64), 0)
        upper = np.minimum(np.ceil(at).astype(np.int64), size - 1)
        return lower, upper, at - low

    top, bottom, down = neighbours(0)
    left, right, across = neighbours(1)
    rows = values[:, left] + (values[:, right] - values[:, left]) * across[:, None]
    return rows[top] + (rows[bottom] - rows[top]) * down[:, None, None]


def _cubic_spans(size: int, resized: int) -> tuple[list[int], list[Floats]]:
    """Keys's cubic from a table of 1024 steps; taps outside are left out and the rest scaled."""
    a, x = -0.5, (np.arange(1025) / 1024).astype(np.float32)
    near = _in_double(lambda x: ((a + 2) * x - (a + 3)) * x * x + 1, x)
    far = _in_double(lambda x: ((a * x - 5 * a) * x + 8 * a) * x - 4 * a, x + _F(1))
    at = _positions(size, resized) - _F(0.5)
    low = np.floor(at)
    step = np.rint((at - low) * _F(1024)).astype(np.int64)
    taps = np.stack([far[step], near[step], near[1024 - step], far[1024 - step]], axis=1)
    starts, weights = [], []
    for first, row in zip(low.astype(np.int64) - 1, taps, strict=True):
        inside = (first + np.arange(4) >= 0) & (first + np.arange(4) < size)
        kept = np.where(inside, row, _F(0))
        total = ((kept[0] + kept[1]) + kept[2]) + kept[3]
        starts.append(int(first + np.flatnonzero(inside)[0]))
        weights.append((kept * (_F(1) / total))[inside])
    return starts, weights


def _in_double(formula: Callable[..., NDArray[np.float64]], x: Floats) -> Floats:
    return formula(x.astype(np.float64)).astype(np.float32)


def _scaled_spans(
    name: str, *, antialias: bool
) -> Callable[[int, int], tuple[list[int], list[Floats]]]:
    """Those of ScaleAndTranslate."""
    radius, kernel = _KERNELS[name]

    def spans(size: int, resized: int) -> tuple[list[int], list[Floats]]:
        inverse = _F(1.0 / float(_F(resized) / _F(size)))
        scale = max(inverse, _F(1)) if antialias else _F(1)
        starts, weights = [], []
        for x in range(resized):
            at = (_F(x) + _F(0.5)) * inverse
            first = np.ceil(at - radius * scale - _F(0.5))
            last = np.floor(at + radius * scale - _F(0.5))
            start, end = (int(np.clip(edge, 0, size - 1)) for edge in (first, last))
            distance = np.arange(start, end + 1).astype(np.float32) + _F(0.5) - at
            row = kernel(np.abs(distance * (_F(1) / scale)))
            total = _F(0)
            for weight in row:
                total += weight
            starts.append(start)
            weights.append(row * (_F(1) / total))
        return starts, weights

    return spans


def _triangle(x: Floats) -> Floats:
    return np.where(x < 1, _F(1) - x, _F(0))


def _keys(x: Floats) -> Floats:
    outer = ((_F(-0.5) * x + _F(2.5)) * x - _F(4)) * x + _F(2)
    inner = ((_F(1.5) * x - _F(2.5)) * x) * x + _F(1)
    return np.where(x >= 2, _F(0), np.where(x >= 1, outer, inner))


def _lanczos(lobes: int, x: Floats) -> Floats:
    pi, radius = _F(3.14159265359), _F(lobes)
    wave = radius * _sine(pi * x) * _sine(pi * x / radius)
    safe = np.where(x == 0, _F(1), x)
    return np.where(x > radius, _F(0), np.where(x <= 1e-3, _F(1), wave / (pi * pi * safe * safe)))


@functools.cache
def _library_sine() -> Callable[[float], float]:
    sine = ctypes.CDLL(ctypes.util.find_library("m")).sinf
    sine.restype, sine.argtypes = ctypes.c_float, [ctypes.c_float]
    return sine


def _sine(x: Floats) -> Floats:
    """The C library's: NumPy's own rounds differently."""
    sine = _library_sine()
    return np.array([sine(float(each)) for each in x], np.float32)


def _gaussian(x: Floats) -> Floats:
    """With a sigma of 0.5."""
    powers = [math.exp(float(-each * each) / 0.5) for each in x]
    return np.where(x >= _F(1.5), _F(0), np.array(powers, np.float32))


def _mitchell(x: Floats) -> Floats:
    outer = ((_F(-7 / 18) * x + _F(2)) * x - _F(10 / 3)) * x + _F(16 / 9)
    inner = ((_F(7 / 6) * x - _F(2)) * x) * x + _F(8 / 9)
    return np.where(x >= 2, _F(0), np.where(x >= 1, outer, inner))


_KERNELS: dict[str, tuple[np.float32, Callable[[Floats], Floats]]] = {
    "bilinear": (_F(1), _triangle),
    "bicubic": (_F(2), _keys),
    "lanczos": (_F(3), functools.partial(_lanczos, 3)),
    "lanczos5": (_F(5), functools.partial(_lanczos, 5)),
    "gaussian": (_F(1.5), _gaussian),
    "mitchellcubic": (_F(2), _mitchell),
}


def _area(values: Floats, sides: tuple[int, int]) -> Floats:
    height, width = values.shape[:2]
    starts, weights = _area_spans(width, sides[1])
    rows = _weighted(values.swapaxes(0, 1), starts, weights).swapaxes(0, 1)
    total = _weighted(rows, *_area_spans(height, sides[0]))
    scales = (_F(height) / _F(sides[0])) * (_F(width) / _F(sides[1]))
    return total * _F(1.0 / float(scales))


def _area_spans(size: int, resized: int) -> tuple[list[int], list[Floats]]:
    """Where rounding lets an output end after the last input does, that input counts again."""
    scale = _F(size) / _F(resized)
    starts, weights = [], []
    for x in range(resized):
        begin, end = _F(x) * scale, _F(x + 1) * scale
        row = {}
        for i in range(int(np.floor(begin)), int(np.ceil(end))):
            if i < begin:
                share = scale if i + 1 > end else _F(i + 1) - begin
            else:
                share = end - _F(i) if i + 1 > end else _F(1)
            row[i] = share
        starts.append(min(row))
        weights.append(np.array(list(row.values()), np.float32))
    return starts, weights

"""How the bytes of a tensor can be read: its dtype, its layout, and the sides of its images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import DatasetError
from regcore.trust.identify.bfloat import from_bfloat_bits
from regcore.trust.identify.tensor_files import StoredTensor

_STORED = {
    "float32": np.float32, "float16": np.float16, "bfloat16": np.uint16, "uint8": np.uint8,
    "int8": np.int8, "float64": np.float64,
}  # fmt: skip
#: Of files that do not say their dtype.
_GUESSED = ("float32", "float16", "bfloat16", "uint8", "int8")
#: Neighbours of noise differ by more than this, in standard deviations over both directions.
_ROUGHEST = 1.6
_LARGEST = 1e6
_TINY, _TINY_SHARE = 1e-3, 0.2
_CHANNELS = (3, 1)
_SMALLEST_SIDE = 8


@dataclass(frozen=True)
class Reading:
    """One way to read a tensor.

    values: float32 [images, rows, columns, channels]. stored: the same as the file has them, which
    is float64 where float32 does not hold them. roughness: how unlike neighbours are, in standard
    deviations over both directions: below 1 in photos, above 2 in noise.
    """

    dtype: str
    layout: str
    values: NDArray[np.float32]
    stored: NDArray[np.float32] | NDArray[np.float64]
    roughness: float

    @property
    def is_rounded(self) -> bool:
        """Whether float32 does not hold what is stored."""
        return self.stored is not self.values


def readings(
    tensor: StoredTensor, images: int, size: tuple[int, int] | None = None
) -> list[Reading]:
    """The ways to read a tensor of so many images, the smoothest first.

    size: rows and columns, where the file does not say them and they are not equal.
    Raises DatasetError where there is none.
    """
    dtypes = _GUESSED if tensor.dtype is None else (tensor.dtype,)
    found = [
        reading
        for dtype in dtypes
        for shape, layout in _shapes(tensor, dtype, images, size)
        if (reading := _read(tensor, dtype, shape, layout)) is not None
    ]
    if not found:
        raise DatasetError(f"{tensor.path}: {_why_none(tensor, images, size)}")
    found.sort(key=lambda reading: reading.roughness)
    return [one for one in found if one.roughness < _ROUGHEST] or found[:1]


def _why_none(tensor: StoredTensor, images: int, size: tuple[int, int] | None) -> str:
    of = f"of {counted(images, 'image')}"
    if tensor.shape is not None and any(_shapes_of(tensor.shape, images)):
        return "it holds NaN, infinity, or values beyond a million, which no photo gives"
    if tensor.shape is not None:
        return f"its shape {tensor.shape} is not that {of} with one or three channels"
    sides = "square" if size is None else f"{size[0]} x {size[1]}"
    return (
        f"its {counted(tensor.data.size, 'byte is', 'bytes are')} no {sides} values {of} in any "
        "dtype; give as many images as it holds, and --size ROWSxCOLUMNS where they are not square"
    )


def _shapes(
    tensor: StoredTensor, dtype: str, images: int, size: tuple[int, int] | None
) -> Iterator[tuple[tuple[int, ...], str]]:
    """Shapes [images, ...] in the order of the file, each with its layout."""
    if tensor.shape is not None:
        yield from _shapes_of(tensor.shape, images)
        return
    count = tensor.data.size // np.dtype(_STORED[dtype]).itemsize
    for channels in _CHANNELS:
        area, rest = divmod(count, images * channels)
        side = math.isqrt(area)
        rows, columns = size or (side, side)
        if rest or rows * columns != area or rows < _SMALLEST_SIDE:
            continue
        yield (images, channels, rows, columns), "nchw"
        if channels > 1:
            yield (images, rows, columns, channels), "nhwc"


def _shapes_of(shape: tuple[int, ...], images: int) -> Iterator[tuple[tuple[int, ...], str]]:
    without_ones = tuple(side for side in shape if side > 1)
    if len(shape) == 4:  # noqa: PLR2004
        whole = shape
    elif len(shape) == 3:  # noqa: PLR2004
        whole = (1, *shape) if images == 1 else (*shape[:1], 1, *shape[1:])
    elif len(without_ones) == 2 and len(shape) == 2:  # noqa: PLR2004
        whole = (1, 1, *shape)
    else:
        return
    if whole[0] != images:
        return
    if whole[1] in _CHANNELS:
        yield whole, "nchw"
    if whole[3] in _CHANNELS:
        yield whole, "nhwc"


def _read(tensor: StoredTensor, dtype: str, shape: tuple[int, ...], layout: str) -> Reading | None:
    if tensor.data.size % np.dtype(_STORED[dtype]).itemsize:
        return None
    stored = np.frombuffer(tensor.data, _STORED[dtype]).reshape(shape)
    if layout == "nchw":
        stored = stored.transpose(0, 2, 3, 1)
    roughness = _roughness(_as_float32(stored[0], dtype))
    if roughness is None:
        return None
    values = np.ascontiguousarray(_as_float32(stored, dtype))
    if not np.isfinite(values).all():
        return None
    if dtype == "float64" and not np.array_equal(values, stored):
        return Reading(dtype, layout, values, np.ascontiguousarray(stored, np.float64), roughness)
    return Reading(dtype, layout, values, values, roughness)


def _as_float32(stored: NDArray[np.generic], dtype: str) -> NDArray[np.float32]:
    if dtype == "bfloat16":
        return from_bfloat_bits(stored.astype(np.uint16, copy=False))
    with np.errstate(over="ignore", invalid="ignore"):
        return stored.astype(np.float32)


def _roughness(image: NDArray[np.float32]) -> float | None:
    """Of [rows, columns, channels]; None where these are no values of a photo."""
    with np.errstate(over="ignore", invalid="ignore"):
        largest = float(np.abs(image).max())
        if not largest < _LARGEST:
            return None
        wide = image.astype(np.float64)
        spread = float(wide.std())
        if spread < 1e-6 * max(largest, 1e-30):  # all alike: nothing to see
            return float(_ROUGHEST)
        steps = [float(np.abs(np.diff(wide, axis=axis)).mean()) for axis in (0, 1)]
        tiny = float(np.mean((np.abs(wide) < _TINY * largest) & (wide != 0)))
    # Of the bits of another kind of float most are.
    return sum(steps) / spread + (tiny > _TINY_SHARE)

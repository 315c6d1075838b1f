"""The memory into which images are prepared: made, or checked where it is the caller's."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore._native import pipeline as native
from regcore._native.sources import that_reach
from regcore.errors import UsageError
from regcore.host import free_memory
from regcore.images.batch_stream import Array

_CACHE_LINE = 64
_GIB = 1 << 30
#: Parts that are all compared with each image, which is quicker than to look for the nearest ones.
_FEW = 8


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Like np.empty, from the border of a cache line on: a vector store then never crosses one."""
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _CACHE_LINE, np.uint8)
    offset = -memory.ctypes.data % _CACHE_LINE
    return memory[offset : offset + size].view(dtype).reshape(shape)


def largest_batch(batch_size: int, images: int) -> int:
    """How many of so many images the largest batch has: more need no memory."""
    return max(1, min(batch_size, images))


def check_free(size: int, what: str) -> None:
    """Raises MemoryError for more bytes than the machine has, before it is killed for them."""
    if size < _GIB:  # is not worth a look at the machine
        return
    free = free_memory()
    if free is not None and size > free:
        raise MemoryError(
            f"{what} take {size / _GIB:.1f} GiB, and there are {free / _GIB:.1f} GiB; "
            "a smaller batch size takes less"
        )


def bytes_of(array: Array, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[np.uint8]:
    """The memory of a result, flat; UsageError where it is not C-contiguous, of shape and dtype."""
    if not isinstance(array, np.ndarray):
        raise UsageError(f"out must be a NumPy array, not {type(array).__name__}")
    if array.shape != shape or array.dtype != dtype:
        raise UsageError(
            f"out must be {dtype} of shape {shape}, not {array.dtype} of {array.shape}"
        )
    if not array.flags.c_contiguous or not array.flags.writeable or not array.flags.aligned:
        raise UsageError("out must be C-contiguous, aligned and writable")
    return array.reshape(-1).view(np.uint8)


def refuse_overlaps(parts: Sequence[NDArray[np.uint8]], items: Sequence[native.Item]) -> None:
    """Raises UsageError where flat results overlap, or one lies where an image is still to be read.

    Each image that lies among them is compared with its neighbours in memory alone, so that long
    lists take no longer than it takes to sort them.
    """
    in_order = sorted(parts, key=_address)
    ends = [_address(part) + part.size for part in in_order]
    if any(end > _address(part) for end, part in zip(ends, in_order[1:], strict=False)):
        raise UsageError("the arrays for results must not overlap")
    if not in_order:
        return
    for index in that_reach(items, _address(in_order[0]), ends[-1]):
        item = items[index]
        if not isinstance(item, (bytearray, memoryview, np.ndarray)):
            continue
        source = item if isinstance(item, np.ndarray) else np.frombuffer(item, np.uint8)
        near = in_order if len(in_order) <= _FEW else _neighbours(in_order, ends, source)
        if any(np.shares_memory(part, source) for part in near):
            raise UsageError(f"out lies in the memory of item {index}")


def _neighbours(
    in_order: Sequence[NDArray[np.uint8]], ends: Sequence[int], source: NDArray[Any]
) -> Iterator[NDArray[np.uint8]]:
    """The parts between the first and the last byte of an array."""
    begin, end = _span(source)
    return takewhile(lambda part: _address(part) < end, in_order[bisect_right(ends, begin) :])


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


def _span(array: NDArray[Any]) -> tuple[int, int]:
    """The addresses of the first byte of an array and after its last one, whatever its strides."""
    reaches = [(n - 1) * step for n, step in zip(array.shape, array.strides, strict=True)]
    below = sum(reach for reach in reaches if reach < 0)
    above = sum(reach for reach in reaches if reach > 0)
    return _address(array) + below, _address(array) + above + array.itemsize


def checksums_for(
    items: Sequence[native.Item], given: NDArray[np.uint64] | None
) -> NDArray[np.uint64]:
    """Room for the checksum of each item; UsageError where what was given has another form."""
    if given is None:
        return np.empty(len(items), np.uint64)
    if not isinstance(given, np.ndarray) or not given.flags.writeable:
        raise UsageError("checksums must be a NumPy array that can be written")
    if given.shape != (len(items),) or given.dtype != np.uint64 or not given.flags.c_contiguous:
        raise UsageError(f"checksums must be a contiguous uint64 array of shape ({len(items)},)")
    return given

"""Parquet's hybrid of repeated and bit-packed integers: levels, and places in a dictionary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regcore.sources.varint import read_varint

_LARGEST_WIDTH = 32


def decode_rle(content: memoryview, width: int, count: int) -> NDArray[np.int64]:
    """The first integers, of width bits each, int64 [count]; ValueError where there are fewer."""
    if width > _LARGEST_WIDTH:
        raise ValueError(f"{width} bits are none of an integer")
    found = np.zeros(count, np.int64)
    done = at = 0
    while done < count:
        head, at = read_varint(content, at)
        amount, is_packed = divmod(head, 2)
        size = amount * width if is_packed else (width + 7) // 8
        run = content[at : at + size]
        if not amount or len(run) < size:
            raise ValueError("its runs end before its values")
        at += size
        last = min(count, done + (8 * amount if is_packed else amount))
        if is_packed and width:
            found[done:last] = _unpacked(run, width)[: last - done]
        else:
            found[done:last] = int.from_bytes(run, "little")
        done = last
    return found


def _unpacked(run: memoryview, width: int) -> NDArray[np.int64]:
    bits = np.unpackbits(np.frombuffer(run, np.uint8), bitorder="little")
    weights = np.left_shift(1, np.arange(width, dtype=np.int64))
    values: NDArray[np.int64] = np.matmul(bits.reshape(-1, width), weights, dtype=np.int64)
    return values

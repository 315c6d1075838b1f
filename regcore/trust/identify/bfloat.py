"""bfloat16, which NumPy does not have: its 16 bits, and the float32 that they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def from_bfloat_bits(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """The values of these bits."""
    values: NDArray[np.float32] = (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return values


def rounded_to_bfloat(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Finite values rounded to the nearest of bfloat16, ties to even, as float32."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    even = (bits >> np.uint32(16)) & np.uint32(1)
    kept = (bits + np.uint32(0x7FFF) + even) & np.uint32(0xFFFF0000)
    rounded: NDArray[np.float32] = kept.view(np.float32)
    return rounded

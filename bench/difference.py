"""How far a peer's results are from Pillow's."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


class Reference:
    """Pillow's crops as uint8 NHWC, and the digests of its float32 NCHW results."""

    def __init__(self, pixels: Pixels, digests: list[str]) -> None:
        self._pixels = pixels
        equal = (
            {a, hashlib.blake2b(b.tobytes()).hexdigest()}
            for a, b in zip(digests, pixels, strict=True)
        )
        self._digests = list(equal)

    def compare(self, pixels: Pixels, digests: list[str]) -> dict[str, Any]:
        """Compares the pixels (a float result is mapped back and rounded), and the results' bytes.

        Two float results can give the same pixels and still differ in their last bits.
        """
        largest = differing = 0
        for ours, theirs in zip(self._pixels, pixels, strict=True):
            distance = np.abs(ours.astype(np.int16) - theirs)
            largest = max(largest, int(distance.max()))
            differing += int(np.count_nonzero(distance))
        same = sum(d in known for d, known in zip(digests, self._digests, strict=True))
        return {
            "largest": largest,
            "share": differing / self._pixels.size,
            "images_with_equal_bytes": same,
            "images": len(digests),
        }

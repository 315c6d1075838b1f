"""The checksum of everything that regcore stores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regcore._native import pipeline as native


def checksum(data: bytes | memoryview | NDArray[np.uint8]) -> int:
    """XXH3 of 64 bits over contiguous bytes, as `xxhsum -H3` prints it in hexadecimal."""
    return native.checksum(data)

"""The order in which images are drawn: fixed by a seed, and the same on every machine.

An image's place follows from the SHA-256 of the seed and its name. Nobody can choose an order
without trying seeds, and everybody can compute it again, in any language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def draw_key(seed: int, name: str) -> bytes:
    """By which an image is sorted: the SHA-256 of `SEED`, a zero byte, and its name."""
    return hashlib.sha256(f"{seed}\0{name}".encode(errors="surrogateescape")).digest()


def draw_order(names: Sequence[str], seed: int) -> NDArray[np.intp]:
    """The places of the images in the order in which they are drawn, int64 [images]."""
    keys = [draw_key(seed, name) for name in names]
    return np.array(sorted(range(len(names)), key=lambda place: keys[place]), np.intp)


def seed_of(*identities: str) -> int:
    """A seed that follows from what is asked, so that nobody has chosen it; 0 to 2**48 - 1."""
    return int(hashlib.sha256("\0".join(identities).encode()).hexdigest()[:12], 16)


def list_digest(names: Sequence[str]) -> str:
    """Of a list of images in its order: its SHA-256."""
    return hashlib.sha256("\0".join(names).encode(errors="surrogateescape")).hexdigest()

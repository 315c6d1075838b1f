"""Values that no recipe has: the same mean and std in another order of operations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from regcore.trust.identify.agreement import LEVELS
from regcore.trust.identify.tables import ValueTable, lines_of
from regcore.trust.identify.values import Scalars, likely_scalars, rounded_to

Tables = Iterator[tuple[str, NDArray[np.float32]]]


def fused_words(table: ValueTable, dtype: str) -> str | None:
    """How the values were computed, with mean and std, where that is known; None where not.

    All float32: a multiply and an add, rounded twice or once, or products by reciprocals.
    """
    names: list[set[str]] = []
    scalars: list[Scalars] = []
    for channel, line in enumerate(lines_of(table)):
        row, seen = table.values[channel], table.seen[channel]
        for divisor in (255.0, 1.0):
            found = {
                (name, one)
                for one in likely_scalars(line, divisor, dtype)
                for name, made in _tables(one, divisor)
                if np.array_equal(rounded_to(dtype, made)[seen], row[seen])
            }
            if found:
                names.append({name for name, _ in found})
                scalars.append(next(one for _, one in found))
                break
        else:
            return None
    shared = set.intersection(*names)
    if not shared:
        return None
    mean, std = (" ".join(f"{getattr(one, name):g}" for one in scalars) for name in ("mean", "std"))
    return f"{min(shared)}, with mean {mean} and std {std}"


def _tables(one: Scalars, divisor: float) -> Tables:
    pixels = np.arange(LEVELS, dtype=np.float32)
    wide = pixels.astype(np.float64)
    scale, start = np.float32(1 / (divisor * one.std)), np.float32(-one.mean / one.std)
    yield "fused: one multiply and one add, rounded twice", pixels * scale + start
    exact = wide * np.float64(scale) + np.float64(start)
    yield "fused: one multiply-add, rounded once", exact.astype(np.float32)
    mean, reciprocal = np.float32(one.mean * divisor), np.float32(1 / (one.std * divisor))
    yield "the mean first, then a product by 1 / (std x divisor)", (pixels - mean) * reciprocal
    scaled = pixels / np.float32(divisor)
    yield (
        "divided, then a product by 1 / std",
        (scaled - np.float32(one.mean)) * np.float32(1 / one.std),
    )
    product = pixels * np.float32(1 / divisor)
    yield (
        "a product by 1 / divisor, then one by 1 / std",
        (product - np.float32(one.mean)) * np.float32(1 / one.std),
    )

"""What became of each of a pixel's 256 values: read off a tensor whose pixels are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regcore.trust.identify.agreement import LEVELS

#: With fewer different values a line through them says little.
_FEWEST = 12


@dataclass(frozen=True)
class ValueTable:
    """values: float32 [channels, 256], in the tensor's order of channels; seen: which are known."""

    values: NDArray[np.float32]
    seen: NDArray[np.bool_]

    @property
    def says_enough(self) -> bool:
        """Whether every channel has enough different values to tell a mean and a std."""
        return all(
            len(np.unique(row[there])) >= _FEWEST
            for row, there in zip(self.values, self.seen, strict=True)
        )

    @property
    def unseen(self) -> int:
        """How many of all values occur in no photo."""
        return int(np.count_nonzero(~self.seen))


def read_table(
    pixels: Sequence[NDArray[np.uint8]], values: NDArray[np.float32]
) -> ValueTable | None:
    """None where two pixels of one value became two values.

    pixels: of each image, [rows, columns, channels], in the tensor's order of channels. values:
    [images, rows, columns, channels].
    """
    channels = values.shape[3]
    table = np.zeros((channels, LEVELS), np.float32)
    seen = np.zeros((channels, LEVELS), np.bool_)
    for channel in range(channels):
        for image, made in zip(values, pixels, strict=True):
            table[channel][made[..., channel]] = image[..., channel]
            seen[channel][made[..., channel]] = True
        for image, made in zip(values, pixels, strict=True):
            if not np.array_equal(table[channel][made[..., channel]], image[..., channel]):
                return None
    return ValueTable(table, seen)


@dataclass(frozen=True)
class Line:
    """value = slope * pixel + start, by least squares."""

    slope: float
    start: float


def line_of(pixels: NDArray[np.float64], values: NDArray[np.float64]) -> Line:
    """Through values of one channel, at least two of them different."""
    deviations = pixels - pixels.mean()
    slope = float(np.dot(deviations, values - values.mean()) / np.dot(deviations, deviations))
    return Line(slope, float(values.mean() - slope * pixels.mean()))


def lines_of(table: ValueTable) -> list[Line]:
    """Of each channel."""
    return [
        line_of(np.flatnonzero(seen).astype(np.float64), row[seen].astype(np.float64))
        for row, seen in zip(table.values, table.seen, strict=True)
    ]

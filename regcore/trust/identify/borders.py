"""Borders: rows or columns of one value, where a picture was smaller than the crop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Rows and columns of what is inside.
Inside = tuple[slice, slice]

#: Colours that tools put around a picture: black, white, grey, and the means of ImageNet.
BORDER_COLOURS = (
    (0, 0, 0), (255, 255, 255), (114, 114, 114), (127, 127, 127), (128, 128, 128),
    (124, 116, 104), (123, 117, 104), (124, 117, 104), (123, 116, 103),
)  # fmt: skip


def picture_of(channel: NDArray[np.float32]) -> Inside:
    """What is inside of rows and columns that all have the value of the first corner."""
    other = channel != channel[0, 0]
    rows, columns = np.flatnonzero(other.any(1)), np.flatnonzero(other.any(0))
    if not len(rows):
        return slice(None), slice(None)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def has_border(channel: NDArray[np.float32]) -> bool:
    """Whether there is more than the picture."""
    rows, columns = picture_of(channel)
    return channel[rows, columns].shape != channel.shape

"""Scores of types that the kernels do not read: float64, and integers of more than eight bits.

Rounded to float32, no score changes places with another; it can only become equal to it. So the
kernels find the best on the rounded scores, and what is equal there is ordered by the scores
themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore._native import topk as native

TYPES = ("float64", "int64", "int32", "int16", "uint64", "uint32")

#: How many more than k are looked at, so that a row rarely has to be sorted whole.
_MORE = 8
#: So many rows, and what is computed of them, stay in the cache.
_ROWS_AT_ONCE = 256


def topk_wide(
    scores: NDArray[Any], values: NDArray[Any], indices: NDArray[np.int64], workers: int
) -> None:
    """Fills values and indices [images, k] as `topk` describes them."""
    for first in range(0, len(scores), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        part = np.ascontiguousarray(scores[rows])
        indices[rows] = _best(part, indices.shape[1], workers)
        values[rows] = np.take_along_axis(part, indices[rows], axis=1)


def label_places_wide(
    scores: NDArray[Any], labels: NDArray[np.int64], places: NDArray[np.int32]
) -> None:
    """Fills places int32 [4, images] as LabelRanks describes them."""
    classes = np.arange(scores.shape[1])
    for first in range(0, len(scores), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        part, wanted = scores[rows], labels[rows, np.newaxis]
        own = np.take_along_axis(part, wanted, axis=1)
        nan = np.isnan(part)
        equal = part == own
        above = np.count_nonzero(part > own, axis=1)
        places[0, rows] = np.where(np.isnan(own)[:, 0], scores.shape[1], above)
        places[1, rows] = np.count_nonzero(equal & (classes < wanted), axis=1)
        places[2, rows] = np.count_nonzero(equal & (classes > wanted), axis=1)
        places[3, rows] = nan.any(axis=1)


def _best(scores: NDArray[Any], k: int, workers: int) -> NDArray[np.int64]:
    """The indices of the k best of each row, int64 [images, k]."""
    images, classes = scores.shape
    count = min(k + _MORE, classes)
    with np.errstate(over="ignore", under="ignore"):
        rounded = scores.astype(np.float32)
    near = np.empty((images, count), np.float32)
    found = np.empty((images, count), np.int64)
    native.topk(rounded.view(np.uint8), "float32", near.view(np.uint8), found, workers)
    # The sort is stable, so it has to find equal scores in the order of their classes.
    found.sort(axis=1)
    order = _descending(np.take_along_axis(scores, found, axis=1))[:, :k]
    best: NDArray[np.int64] = np.take_along_axis(found, order, axis=1)
    # Where the last that was looked at equals the k-th, the next one may belong before it.
    if count < classes:
        undecided = np.flatnonzero(near[:, -1] == near[:, k - 1])
        best[undecided] = _descending(scores[undecided])[:, :k]
    return best


def _descending(scores: NDArray[Any]) -> NDArray[np.intp]:
    """The order of each row from the highest score on; equal ones by their place, NaN last."""
    # The complement of an integer orders as its negative does, and never overflows.
    keys = -scores if scores.dtype.kind == "f" else ~scores
    order: NDArray[np.intp] = np.argsort(keys, axis=1, kind="stable")
    return order

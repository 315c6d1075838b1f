"""Scores as probabilities, where a reader wants to know how sure a model is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: How far the sum of an image's probabilities may be from 1, in float16 with 1000 classes.
SUM_ERROR = 0.01


def softmax(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities of logits, [images, classes]; NaN in rows that hold NaN or infinity."""
    values = np.asarray(scores, np.float64)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        powers = np.exp(values - values.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def are_probabilities(scores: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether the scores of each image [images, classes] are between 0 and 1, with the sum 1.

    Where those of all images are, the model ends in a softmax already.
    """
    values = np.asarray(scores, np.float64)
    with np.errstate(invalid="ignore"):
        like_one = np.abs(values.sum(axis=1) - 1) <= SUM_ERROR
    found: NDArray[np.bool_] = like_one & are_shares(values)
    return found


def are_shares(scores: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether the scores of each image [images, classes] are between 0 and 1, whatever their sum.

    Where those of all images are, but are no probabilities of classes, each may be one by itself,
    as a sigmoid gives it: softmax makes nothing of them.
    """
    values = np.asarray(scores, np.float64)
    with np.errstate(invalid="ignore"):
        within: NDArray[np.bool_] = (values.min(axis=1) >= 0) & (values.max(axis=1) <= 1)
    return within

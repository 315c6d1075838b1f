"""Images whose label is probably wrong, by the scores of the others.

Confident learning of Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in
Dataset Labels", JAIR 70, 2021, section 3.1: the threshold of a class is the mean probability that
the model gives it on the images labelled so. An image counts confidently as the class whose
threshold it reaches; where that is not its label, the label is probably wrong. Where it reaches
several, the paper takes the likeliest of these, and cleanlab, the authors' own library, the
likeliest of all: this module does as cleanlab. An image that the model takes for its label is never
among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: How often all scores are read: for what they are, for the thresholds, and against them.
PASSES = 3
#: So much a probability may be below a threshold: both are sums in float.
_ROUNDING = 1e-6
#: How far the sum of an image's probabilities may be from 1, in float16 with 1000 classes.
_SUM_ERROR = 0.01

#: Scores [images, classes] and labels int64 [images], batch by batch, the same at each call.
Batches = Callable[[], Iterable[tuple[NDArray[np.floating], NDArray[np.int64]]]]


@dataclass(frozen=True)
class LabelErrors:
    """What confident learning found.

    images: int64 [errors], the places of the images, the surest error first: by how far the
    probability of the label is below that of `classes`, int64 [errors], the model's first choices.
    label_probability, class_probability: float64 [errors], of the two. without: images whose scores
    hold NaN or infinity, which were left out. compared: the others. softmax: whether the scores
    were logits, of which softmax made probabilities.
    """

    images: NDArray[np.int64]
    classes: NDArray[np.int64]
    label_probability: NDArray[np.float64]
    class_probability: NDArray[np.float64]
    compared: int
    without: int
    softmax: bool


def find_label_errors(batches: Batches, classes: int) -> LabelErrors:
    """Reads all scores PASSES times.

    Scores are probabilities where each image's are from 0 to 1 with the sum 1, else logits.
    """
    softmax = not all(_are_probabilities(scores) for scores, _ in batches())
    sums, counts = np.zeros(classes), np.zeros(classes, np.int64)
    without = compared = 0
    for scores, labels in batches():
        probabilities, finite = _probabilities(scores, softmax=softmax)
        without += int(np.count_nonzero(~finite))
        compared += int(np.count_nonzero(finite))
        own = probabilities[np.arange(len(labels)), labels]
        np.add.at(sums, labels[finite], own[finite])
        np.add.at(counts, labels[finite], 1)
    # No image can be confidently of a class that no image is labelled as.
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf) - _ROUNDING
    found: list[NDArray[np.float64]] = []
    start = 0
    for scores, labels in batches():
        probabilities, finite = _probabilities(scores, softmax=softmax)
        reached = probabilities >= thresholds
        count = np.count_nonzero(reached, axis=1)
        likeliest = probabilities.argmax(axis=1)
        confident = np.where(count > 1, likeliest, reached.argmax(axis=1))
        wrong = finite & (count > 0) & (confident != labels) & (likeliest != labels)
        at = np.flatnonzero(wrong)
        own, other = probabilities[at, labels[at]], probabilities[at, likeliest[at]]
        found.append(np.stack([start + at, likeliest[at], own, other]))
        start += len(labels)
    images, chosen, own, other = np.concatenate(found, axis=1) if found else np.empty((4, 0))
    order = np.lexsort((images, own - other))
    return LabelErrors(
        images[order].astype(np.int64),
        chosen[order].astype(np.int64),
        own[order],
        other[order],
        compared,
        without,
        softmax,
    )


def _are_probabilities(scores: NDArray[np.floating]) -> bool:
    finite = scores[np.isfinite(scores).all(axis=1)].astype(np.float64)
    if not finite.size:
        return True
    within = finite.min() >= 0 and finite.max() <= 1
    return bool(within and (np.abs(finite.sum(axis=1) - 1) <= _SUM_ERROR).all())


def _probabilities(
    scores: NDArray[np.floating], *, softmax: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """float64 [images, classes], 0 in rows that are not finite, and which rows are."""
    finite = np.isfinite(scores).all(axis=1)
    values = np.where(finite[:, None], scores, 0).astype(np.float64)
    if softmax:
        values = np.exp(values - values.max(axis=1, keepdims=True))
        values /= values.sum(axis=1, keepdims=True)
        values[~finite] = 0
    return values, finite

"""Ranks of scores, TopN accuracy, and the guide's result.json."""

from __future__ import annotations

import json
import operator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regcore import _scores
from regcore.atomic import replacing
from regcore.errors import DatasetError

# A model with one class more than ImageNet keeps index 0 for the background.
_CLASSES_WITH_BACKGROUND = 1001


def topk(scores: ArrayLike, k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The k best scores of every row, best first, and their class indices.

    scores: float32 or float16, [images, classes] or [classes].
    Returns values float32 and indices int64, [images, k] or [k]. Equal scores keep the order of
    their indices, and NaN ranks below everything, so the answer is the same on every machine.
    Raises TypeError for another dtype, ValueError for another shape or k outside 1..classes.
    """
    given = np.asarray(scores)
    if given.dtype not in (np.float32, np.float16):
        raise TypeError(f"scores must be a float32 or float16 array, not {given.dtype}")
    if given.ndim not in (1, 2):
        raise ValueError(f"scores must be [images, classes] or [classes], not {given.ndim}-D")
    k = operator.index(k)
    classes = given.shape[-1]
    if not 1 <= k <= classes:
        raise ValueError(f"k must lie between 1 and the number of classes, {classes}, not {k}")
    rows = np.ascontiguousarray(np.atleast_2d(given), dtype=np.float32)
    values = np.empty((len(rows), k), dtype=np.float32)
    indices = np.empty((len(rows), k), dtype=np.int64)
    _scores.topk(rows, values, indices)
    shape = (*given.shape[:-1], k)
    return values.reshape(shape), indices.reshape(shape)


def class_indices(labels: ArrayLike, classes: int) -> NDArray[np.int64]:
    """The model's class index, int64 [images], of each label.

    It is the label itself, or label + 1 for a model with 1001 classes, whose index 0 is the
    background. Raises DatasetError for a label that the model does not have.
    """
    given = np.asarray(labels)
    if given.ndim != 1:
        raise ValueError(f"labels must be a list with one label an image, not {given.ndim}-D")
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise TypeError(f"labels must be integers, not {given.dtype}")
    first = 1 if classes == _CLASSES_WITH_BACKGROUND else 0
    wrong = given[(given < 0) | (given >= classes - first)]
    if wrong.size:
        raise DatasetError(
            f"label {wrong[0]} does not fit a model with {classes} classes: "
            f"labels lie between 0 and {classes - first - 1}"
        )
    return given.astype(np.int64) + first


class TopN:
    """Counts for how many images the true class is among the model's 1, 2, ... n best."""

    def __init__(self, n: int = 5) -> None:
        self.n = operator.index(n)
        if self.n < 1:
            raise ValueError(f"n must be at least 1, not {n}")
        self.count = 0
        self.classes = 0
        self._hits = np.zeros(self.n, dtype=np.int64)

    @property
    def hits(self) -> NDArray[np.int64]:
        """Images whose true class is among the best 1, 2, ..., int64 [min(n, classes)]."""
        return np.cumsum(self._hits[: self.classes])

    def accuracy(self, rank: int) -> float:
        """The share (0 to 1) of images whose true class is among the best `rank`."""
        if not 1 <= rank <= len(self.hits):
            raise ValueError(f"rank must lie between 1 and {len(self.hits)}, not {rank}")
        return float(self.hits[rank - 1] / self.count)

    def update(self, scores: ArrayLike, labels: ArrayLike) -> None:
        """Adds images: scores float32 or float16 [images, classes], labels int [images]."""
        scores = np.asarray(scores)
        if scores.ndim != 2:  # noqa: PLR2004
            raise ValueError(f"scores must be [images, classes], not {scores.ndim}-D")
        classes = scores.shape[1]
        values, indices = topk(scores, min(self.n, classes))
        self.update_ranked(values, indices, labels, classes)

    def update_ranked(
        self,
        values: NDArray[np.float32],
        indices: NDArray[np.int64],
        labels: ArrayLike,
        classes: int,
    ) -> None:
        """Adds images whose best scores `topk` has found: both [images, min(n, classes)]."""
        expected = class_indices(labels, classes)
        shape = (len(expected), min(self.n, classes))
        if values.shape != shape or indices.shape != shape:
            raise ValueError(
                f"{len(expected)} labels of {classes} classes do not go with "
                f"values {values.shape} and indices {indices.shape}"
            )
        self._expect_classes(classes)
        # A model that answers NaN has not recognised anything.
        hit = (indices == expected[:, np.newaxis]) & ~np.isnan(values)
        self._hits[: shape[1]] += hit.sum(axis=0)
        self.count += len(expected)

    def merge(self, other: TopN) -> None:
        """Adds the images of another count with the same n."""
        if other.n != self.n:
            raise ValueError(f"cannot merge Top{other.n} into Top{self.n}")
        if other.classes:
            self._expect_classes(other.classes)
        self._hits += other._hits
        self.count += other.count

    def _expect_classes(self, classes: int) -> None:
        if self.classes not in (0, classes):
            raise ValueError(f"{classes} classes after images with {self.classes} classes")
        self.classes = classes


def percent(share: float) -> str:
    """A share (0 to 1) as the guide prints it: numpy's rounding to two places, `87.5%`."""
    return f"{round(np.float64(share * 100), 2)}%"


def guide_result(topn: TopN) -> dict[str, Any]:
    """The content of the guide's result.json."""
    rows = [("Number of images", str(topn.count)), ("Number of classes", str(topn.classes))]
    rows += [
        (f"Top{rank} accuracy", percent(topn.accuracy(rank)))
        for rank in range(1, len(topn.hits) + 1)
    ]
    return {
        "title": "Overall statistical evaluation",
        "value": [{"key": key, "value": value} for key, value in rows],
    }


def write_guide_result(
    path: str | Path, topn: TopN, incomplete: dict[str, Any] | None = None
) -> None:
    """Writes the guide's result.json, byte for byte in its layout; whole or not at all.

    incomplete: what the count lacks, as a further key that the guide's file does not have.
    """
    result = guide_result(topn)
    if incomplete is not None:
        result["incomplete"] = incomplete
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(result), encoding="utf-8")

"""The confusion matrix: which class a model takes for which."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regcore.counted import counted
from regcore.scores.evaluator import Evaluator
from regcore.scores.labels import ignored_label, labelled_scores, without_ignored
from regcore.scores.metric import MetricValue
from regcore.scores.topk import top1


class Confusion(Evaluator):
    """Counts how often an image of one class has another one as the model's first choice.

    Of equal scores the first choice is the lowest class, as in `topk`; where all scores are NaN
    there is none. background, ignore_index: as for TopN; classes are the model's.

    matrix: int64 [classes, classes], true class by first choice, as scikit-learn's
    confusion_matrix; empty before the first image. without_choice: int64 [classes], the images of
    each class whose scores are all NaN.
    """

    name = "confusion"

    def __init__(self, *, background: bool = False, ignore_index: int | None = None) -> None:
        self.background = background
        self.ignore_index = ignored_label(ignore_index)
        self.reset()

    def reset(self) -> None:
        """Forgets all images; the settings stay."""
        self.matrix = np.zeros((0, 0), np.int64)
        self.without_choice = np.zeros(0, np.int64)

    def update(self, scores: Any, labels: ArrayLike) -> None:  # noqa: ANN401
        """Adds images, all or (where it raises) none; the arguments are those of TopN."""
        if self.ignore_index is not None:
            scores, labels, _ = without_ignored(scores, labels, self.ignore_index)
        array, expected = labelled_scores(scores, labels, background=self.background)
        chosen = top1(array)
        self._expect_classes(array.shape[1])
        known = chosen >= 0
        np.add.at(self.matrix, (expected[known], chosen[known]), 1)
        np.add.at(self.without_choice, expected[~known], 1)

    def merge(self, other: Confusion) -> None:
        """Adds the images of another count with the same settings."""
        if not isinstance(other, Confusion):
            raise TypeError(f"only another Confusion can be merged, not {type(other).__name__}")
        if self.background != other.background:
            raise ValueError("cannot merge counts with and without a background class")
        if self.ignore_index != other.ignore_index:
            raise ValueError(
                f"cannot merge counts with ignore_index {other.ignore_index} and "
                f"{self.ignore_index}"
            )
        if len(other.matrix):
            self._expect_classes(len(other.matrix))
            self.matrix += other.matrix
            self.without_choice += other.without_choice

    def most_confused(self, count: int = 10) -> list[tuple[int, int, int]]:
        """The pairs of a true class and another first choice that are most frequent.

        Returns at most `count` of (true class, first choice, images), the most frequent first.
        """
        wrong = self.matrix.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(-wrong, axis=None, kind="stable")[:count]
        pairs = (divmod(int(place), len(wrong)) for place in order)
        found = [(true, chosen, int(wrong[true, chosen])) for true, chosen in pairs]
        return [pair for pair in found if pair[2]]

    def compute(self) -> dict[str, float]:
        """Recall, precision and F1 as in `result`, each a share from 0 to 1; NaN of no image.

        `matrix` has the counts themselves.
        """
        return {
            f"macro_{name}": float(shares.mean()) if shares.size else math.nan
            for name, shares in self._shares().items()
        }

    def result(self) -> Mapping[str, MetricValue]:
        """Recall, precision and F1, each the mean of the classes, in percent.

        As scikit-learn's with average="macro" over the classes that have images or are chosen,
        and zero_division=0.
        """
        means = {
            f"macro_{name}": MetricValue(100 * float(shares.mean()) if shares.size else None, "%")
            for name, shares in self._shares().items()
        }
        without = MetricValue(int(self.without_choice.sum()), "images")
        return {**means, "without_choice": without}

    def _shares(self) -> dict[str, NDArray[np.float64]]:
        """Of each class that has images or is chosen; one that is never chosen has 0."""
        right = np.diagonal(self.matrix)
        images = self.matrix.sum(axis=1) + self.without_choice
        choices = self.matrix.sum(axis=0)
        seen = (images + choices) > 0
        quotients = {
            "recall": (right, images),
            "precision": (right, choices),
            "f1": (2 * right, images + choices),
        }
        return {
            name: parts[seen] / np.maximum(wholes[seen], 1)
            for name, (parts, wholes) in quotients.items()
        }

    def _expect_classes(self, classes: int) -> None:
        if not len(self.matrix):
            self.matrix = np.zeros((classes, classes), np.int64)
            self.without_choice = np.zeros(classes, np.int64)
        if len(self.matrix) != classes:
            before = counted(len(self.matrix), "class")
            raise ValueError(f"{counted(classes, 'class')} after images with {before}")

    def __repr__(self) -> str:
        images = int(self.matrix.sum() + self.without_choice.sum())
        classes = counted(len(self.matrix), "class")
        return f"<Confusion: {counted(images, 'image')} of {classes}>"

"""TopN accuracy of every class by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regcore.counted import counted
from regcore.scores.arrays import whole_number
from regcore.scores.evaluator import Evaluator
from regcore.scores.labels import ignored_label, labelled_scores, without_ignored
from regcore.scores.metric import MetricValue
from regcore.scores.ranks import Ties, check_ties, label_ranks


class ClassHits(Evaluator):
    """Counts, for the images of every class, how often it is among the model's 1, ... n best.

    The mean accuracy of the classes is what a model reaches where all are equally frequent; for
    Top1 it is the balanced accuracy of scikit-learn. Classes without images are in no mean.

    n, ties, background, ignore_index: as for TopN. Classes are the model's: with a background,
    label 0 is class 1. images: int64 [classes], how many there were of each; empty before the
    first.
    """

    name = "class-accuracy"

    def __init__(
        self,
        n: int = 5,
        *,
        ties: Ties = "lowest",
        background: bool = False,
        ignore_index: int | None = None,
    ) -> None:
        self.n = whole_number("n", n)
        if self.n < 1:
            raise ValueError(f"n must be at least 1, not {n}")
        self.ties = check_ties(ties)
        self.background = background
        self.ignore_index = ignored_label(ignore_index)
        self.reset()

    def reset(self) -> None:
        """Forgets all images; the settings stay."""
        self.images = np.zeros(0, np.int64)
        self._at_rank = np.zeros((0, self.n), np.int64)

    @property
    def hits(self) -> NDArray[np.int64]:
        """int64 [classes, n]: the images of each class for which it is among the best 1, ... n."""
        return np.cumsum(self._at_rank, axis=1)

    def accuracy(self, rank: int) -> NDArray[np.float64]:
        """float64 [classes]: of each class, the share (0 to 1) of hits; NaN where it has no image.

        rank: 1 to n, among how many of the best the class has to be.
        """
        rank = whole_number("rank", rank)
        if not 1 <= rank <= self.n:
            raise ValueError(f"rank must lie between 1 and {self.n}, not {rank}")
        shares: NDArray[np.float64] = np.full(len(self.images), np.nan)
        np.divide(self.hits[:, rank - 1], self.images, out=shares, where=self.images > 0)
        return shares

    def update(self, scores: Any, labels: ArrayLike) -> None:  # noqa: ANN401
        """Adds images, all or (where it raises) none; the arguments are those of TopN."""
        if self.ignore_index is not None:
            scores, labels, _ = without_ignored(scores, labels, self.ignore_index)
        array, expected = labelled_scores(scores, labels, background=self.background)
        ranks = label_ranks(array, expected).ranks(self.ties)
        self._expect_classes(array.shape[1])
        np.add.at(self.images, expected, 1)
        # A label whose score is NaN has the rank `classes`.
        hit = ranks < min(self.n, array.shape[1])
        np.add.at(self._at_rank, (expected[hit], ranks[hit]), 1)

    def merge(self, other: ClassHits) -> None:
        """Adds the images of another count with the same settings."""
        if not isinstance(other, ClassHits):
            raise TypeError(f"only another ClassHits can be merged, not {type(other).__name__}")
        for what in ("n", "ties", "background", "ignore_index"):
            ours, theirs = getattr(self, what), getattr(other, what)
            if ours != theirs:
                raise ValueError(f"cannot merge counts with {what} {theirs} and {ours}")
        if len(other.images):
            self._expect_classes(len(other.images))
            self.images += other.images
            self._at_rank += other._at_rank

    def compute(self) -> dict[str, float]:
        """The mean of the classes' accuracies, "Top1" to "Top n", and the "worst" class's Top1.

        Each is a share from 0 to 1, over the classes that have images; NaN where none has.
        `accuracy` has them class by class.
        """
        seen = self.images > 0
        if not seen.any():
            return dict.fromkeys([*(f"Top{rank + 1}" for rank in range(self.n)), "worst"], math.nan)
        shares = {f"Top{rank}": self.accuracy(rank)[seen] for rank in range(1, self.n + 1)}
        means = {name: float(share.mean()) for name, share in shares.items()}
        return {**means, "worst": float(shares["Top1"].min())}

    def result(self) -> Mapping[str, MetricValue]:
        """The mean of the classes' Top1 and Top n, the worst Top1, and classes without images."""
        means = {f"Top{rank}": self._mean(rank) for rank in sorted({1, self.n})}
        seen = self.images > 0
        worst = 100 * float(self.accuracy(1)[seen].min()) if seen.any() else None
        return {
            **{name: MetricValue(mean, "%") for name, mean in means.items()},
            "worst": MetricValue(worst, "%"),
            "classes": MetricValue(int(seen.sum()) if seen.any() else None, "classes"),
        }

    def _mean(self, rank: int) -> float | None:
        shares = self.accuracy(rank)[self.images > 0]
        return 100 * float(shares.mean()) if shares.size else None

    def _expect_classes(self, classes: int) -> None:
        if not len(self.images):
            self.images = np.zeros(classes, np.int64)
            self._at_rank = np.zeros((classes, self.n), np.int64)
        if len(self.images) != classes:
            before = counted(len(self.images), "class")
            raise ValueError(f"{counted(classes, 'class')} after images with {before}")

    def __repr__(self) -> str:
        images, classes = int(self.images.sum()), len(self.images)
        return f"<ClassHits: {counted(images, 'image')} of {counted(classes, 'class')}>"

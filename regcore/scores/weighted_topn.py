"""TopN accuracy of images that count differently."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regcore.counted import counted
from regcore.scores.arrays import has_mask, host_array, whole_number
from regcore.scores.evaluator import Evaluator
from regcore.scores.labels import ignored_label, labelled_scores, without_ignored
from regcore.scores.ranks import Ties, check_ties, label_ranks

#: Weights are summed as integers, in units of 2**-40, so that no order of images matters.
_UNIT_BITS = 40
_LARGEST = 2.0**20


class WeightedTopN(Evaluator):
    """As TopN, but every image has a weight, such as the share of its class.

    An accuracy is the sum of the weights of the hits, divided by the sum of all weights. Each
    weight is rounded to 2**-40 once; the sums of these are exact, so that neither the order of the
    images nor the borders of batches matter. It can be pickled, and merged.

    ties, background, ignore_index: as for TopN. count: images so far, those with weight 0
    included. classes: of their scores, 0 before the first.
    """

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
        self.count = 0
        self.classes = 0
        self._hits = [0] * self.n  # by rank, in units of 2**-40
        self._total = 0

    def update(  # type: ignore[override]  # weights are what it is for
        self,
        scores: Any,  # noqa: ANN401
        labels: ArrayLike,
        weights: ArrayLike,
    ) -> None:
        """Adds images, all or (where it raises) none.

        scores, labels: as for TopN. weights: [images], from 0 to 2**20. Raises ValueError for
        others, NaN among them.
        """
        given = _weight_array(weights)
        if self.ignore_index is None:
            kept = np.ones(len(given), np.bool_)
        else:
            scores, labels, kept = without_ignored(scores, labels, self.ignore_index)
        array, expected = labelled_scores(scores, labels, background=self.background)
        if given.shape != kept.shape or np.count_nonzero(kept) != len(expected):
            images = len(kept) if self.ignore_index is not None else len(expected)
            do = counted(images, "image does", "images do")
            raise ValueError(f"{do} not go with weights of {given.shape}")
        classes = array.shape[1]
        self._expect_classes(classes)
        ranks = label_ranks(array, expected).ranks(self.ties)
        units = _units(given[kept])
        # A label whose score is NaN has the rank `classes`.
        for rank in range(min(self.n, classes)):
            self._hits[rank] += sum(units[ranks == rank].tolist())
        self._total += sum(units.tolist())
        self.count += len(expected)
        self.classes = classes

    def __call__(  # type: ignore[override]
        self,
        scores: Any,  # noqa: ANN401
        labels: ArrayLike,
        weights: ArrayLike,
    ) -> dict[str, float]:
        """Adds images as `update`, and returns the accuracies of these alone as `compute`."""
        batch = self._alone()
        batch.update(scores, labels, weights)
        self.merge(batch)
        return batch.compute()

    def merge(self, other: WeightedTopN) -> None:
        """Adds the images of another count with the same settings."""
        if not isinstance(other, WeightedTopN):
            raise TypeError(f"only another WeightedTopN can be merged, not {type(other).__name__}")
        for what in ("n", "ties", "background", "ignore_index"):
            ours, theirs = getattr(self, what), getattr(other, what)
            if ours != theirs:
                raise ValueError(f"cannot merge counts with {what} {theirs} and {ours}")
        if other.classes:
            self._expect_classes(other.classes)
            self.classes = other.classes
        self._hits = [a + b for a, b in zip(self._hits, other._hits, strict=True)]
        self._total += other._total
        self.count += other.count

    def accuracy(self, rank: int) -> float:
        """The weighted share (0 to 1) of images whose true class is among the best `rank`.

        NaN where no image has a weight.
        """
        rank = whole_number("rank", rank)
        if not 1 <= rank <= self.n:
            raise ValueError(f"rank must lie between 1 and {self.n}, not {rank}")
        return sum(self._hits[:rank]) / self._total if self._total else math.nan

    def compute(self) -> dict[str, float]:
        """The accuracies so far, "Top1" to "Top n", each a share from 0 to 1."""
        return {f"Top{rank}": self.accuracy(rank) for rank in range(1, self.n + 1)}

    def __repr__(self) -> str:
        ranks = sorted({1, self.n}) if self._total else []
        shares = "".join(f", Top{rank} {round(100 * self.accuracy(rank), 2)}%" for rank in ranks)
        return f"<WeightedTopN: {counted(self.count, 'image')}{shares}>"

    def _expect_classes(self, classes: int) -> None:
        if self.classes not in (0, classes):
            raise ValueError(
                f"{counted(classes, 'class')} after images with {counted(self.classes, 'class')}"
            )


def _weight_array(weights: ArrayLike) -> NDArray[np.float64]:
    given = np.atleast_1d(np.asarray(host_array("weights", weights)))
    if has_mask(weights) or given.ndim != 1 or given.dtype.kind not in "fiu":
        raise ValueError("weights must be a list of one number an image, and none of them masked")
    return given.astype(np.float64)


def _units(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    if not ((weights >= 0) & (weights <= _LARGEST)).all():
        raise ValueError("weights must be numbers from 0 to 2**20")
    units: NDArray[np.int64] = np.rint(np.ldexp(weights, _UNIT_BITS)).astype(np.int64)
    return units

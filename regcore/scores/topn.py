"""TopN accuracy, counted batch by batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regcore.counted import counted
from regcore.notebook import html_table
from regcore.scores.arrays import count_workers, whole_number
from regcore.scores.evaluator import Evaluator
from regcore.scores.labels import ignored_label, labelled_scores, without_ignored
from regcore.scores.metric import MetricValue
from regcore.scores.ranks import Ties, check_ties, label_ranks

#: Which images with NaN are misses, for people.
NAN_RULE = "a label whose own score is NaN is never a hit"

#: What to do about scores that hold NaN.
OnNan = Literal["count", "raise"]

# Their ranks stay in the cache while they are counted.
_ROWS_AT_ONCE = 8192


class TopN(Evaluator):
    """Counts for how many images the true class is among the model's 1, 2, ... n best.

    It can be filled batch by batch, by several processes (it can be pickled), and merged.

    ties: which of equal scores goes first, as for `regcore.ranks`. on_nan: "count" the images whose
    scores hold NaN, or "raise" a ValueError; a label whose own score is NaN is never a hit.
    background: whether class 0 of the model is the background, so that label 0 is class 1; the
    labels are class indices otherwise. ignore_index: the label, such as -1 or -100, of images that
    are left out.

    count: images so far. classes: of their scores, 0 before the first. tied: images for which
    another rule for ties could give another rank within the n best. nan: images with NaN.
    ignored: images with the label `ignore_index`, which are in none of these.

    As every count here it has `compute`, `reset` and a call: see regcore.scores.evaluator.
    """

    name = "topn"

    def __init__(
        self,
        n: int = 5,
        *,
        ties: Ties = "lowest",
        on_nan: OnNan = "count",
        background: bool = False,
        ignore_index: int | None = None,
        workers: int = 1,
    ) -> None:
        """workers: threads that look through a batch."""
        self.n = whole_number("n", n)
        if self.n < 1:
            raise ValueError(f"n must be at least 1, not {n}")
        if on_nan not in ("count", "raise"):
            raise ValueError(f"on_nan must be count or raise, not {on_nan!r}")
        self.ties = check_ties(ties)
        if not isinstance(background, (bool, np.bool_)):
            raise TypeError(f"background must be True or False, not {background!r}")
        self.on_nan = on_nan
        self.background = bool(background)
        self.ignore_index = ignored_label(ignore_index)
        self.workers = count_workers(workers)
        self.reset()

    def reset(self) -> None:
        """Forgets all images; the settings stay."""
        self.count = 0
        self.classes = 0
        self.tied = 0
        self.nan = 0
        self.ignored = 0
        self._hits = np.zeros(self.n, dtype=np.int64)

    @property
    def hits(self) -> NDArray[np.int64]:
        """Images whose true class is among the best 1, 2, ..., int64 [min(n, classes)]."""
        return np.cumsum(self._hits[: self.classes])

    def accuracy(self, rank: int) -> float:
        """The share (0 to 1) of images whose true class is among the best `rank`; NaN of none.

        rank: 1 to n. Where the model has fewer classes, it is the share among all of them.
        """
        rank = whole_number("rank", rank)
        if not 1 <= rank <= self.n:
            raise ValueError(f"rank must lie between 1 and {self.n}, not {rank}")
        return (
            float(self.hits[min(rank, self.classes) - 1]) / self.count if self.count else math.nan
        )

    def update(self, scores: Any, labels: ArrayLike) -> None:  # noqa: ANN401
        """Adds images, all or (where it raises) none.

        scores: [images, classes], as for `regcore.topk`, or [classes] of one image. labels: int
        [images], each a class index, or one less with a background.
        """
        ignored = 0
        if self.ignore_index is not None:
            scores, labels, kept = without_ignored(scores, labels, self.ignore_index)
            ignored = int(np.count_nonzero(~kept))
        scores, expected = labelled_scores(scores, labels, background=self.background)
        classes = scores.shape[1]
        self._expect_classes(classes)
        counted_ranks = min(self.n, classes)
        hits = np.zeros(counted_ranks + 1, dtype=np.int64)
        tied = nan = 0
        for first in range(0, len(expected), _ROWS_AT_ONCE):
            rows = slice(first, first + _ROWS_AT_ONCE)
            ranks = label_ranks(scores[rows], expected[rows], workers=self.workers)
            if self.on_nan == "raise" and ranks.nan.any():
                row = first + int(ranks.nan.argmax())
                raise ValueError(f"the scores of image {row} hold NaN")
            part_tied, part_nan = ranks.count_hits(self.ties, hits)
            tied += part_tied
            nan += part_nan
        self._hits[:counted_ranks] += hits[:counted_ranks]
        self.tied += tied
        self.nan += nan
        self.ignored += ignored
        self.count += len(expected)
        self.classes = classes

    def compute(self) -> dict[str, float]:
        """The accuracies so far, "Top1" to "Top n", each a share from 0 to 1; NaN of no image."""
        return {f"Top{rank}": self.accuracy(rank) for rank in range(1, self.n + 1)}

    def merge(self, other: TopN) -> None:
        """Adds the images of another count with the same n, ties, background and ignore_index."""
        if not isinstance(other, TopN):
            raise TypeError(f"only another TopN can be merged, not {type(other).__name__}")
        if other.background != self.background:
            raise ValueError("cannot merge counts with and without a background class")
        if (other.n, other.ties) != (self.n, self.ties):
            raise ValueError(
                f"cannot merge Top{other.n}, ties {other.ties}, into Top{self.n}, ties {self.ties}"
            )
        if other.ignore_index != self.ignore_index:
            raise ValueError(
                f"cannot merge counts with ignore_index {other.ignore_index} and "
                f"{self.ignore_index}"
            )
        if other.classes:
            self._expect_classes(other.classes)
            self.classes = other.classes
        self._hits += other._hits
        self.count += other.count
        self.tied += other.tied
        self.nan += other.nan
        self.ignored += other.ignored

    def result(self) -> Mapping[str, MetricValue]:
        """Top1 to Top n in percent, and the counts of images with ties that matter and with NaN."""
        shares = {
            f"Top{rank}": MetricValue(100 * self.accuracy(rank) if self.count else None, "%")
            for rank in range(1, self.n + 1)
        }
        tied, nan = MetricValue(self.tied, "images"), MetricValue(self.nan, "images")
        return {**shares, "tied": tied, "nan": nan}

    def _expect_classes(self, classes: int) -> None:
        if self.classes not in (0, classes):
            raise ValueError(
                f"{counted(classes, 'class')} after images with {counted(self.classes, 'class')}"
            )

    def __repr__(self) -> str:
        ranks = sorted({1, len(self.hits)}) if self.count else []
        shares = "".join(f", Top{rank} {round(100 * self.accuracy(rank), 2)}%" for rank in ranks)
        return f"<TopN: {counted(self.count, 'image')}{shares}>"

    def _repr_html_(self) -> str:
        rows = [("images", f"{self.count:,}")]
        if self.count:
            ranks = range(1, len(self.hits) + 1)
            rows += [(f"Top{rank}", f"{100 * self.accuracy(rank):.2f} %") for rank in ranks]
        if self.tied:
            rows.append(
                ("equal scores", f"{counted(self.tied, 'image', form=',')}, ties {self.ties}")
            )
        if self.nan:
            rows.append(("NaN", f"{counted(self.nan, 'image', form=',')}, {NAN_RULE}"))
        return html_table(rows)


def topn_accuracy(
    scores: Any,  # noqa: ANN401
    labels: ArrayLike,
    n: int = 5,
    *,
    ties: Ties = "lowest",
    on_nan: OnNan = "count",
    background: bool = False,
    ignore_index: int | None = None,
    workers: int = 1,
) -> TopN:
    """Top1 to Top n of all images at once, in one pass over the scores; the arguments are TopN's.

    `.hits` has the counts, `.accuracy(5)` the share, `.tied` and `.nan` what to know about them.
    """
    topn = TopN(
        n,
        ties=ties,
        on_nan=on_nan,
        background=background,
        ignore_index=ignore_index,
        workers=workers,
    )
    topn.update(scores, labels)
    return topn

"""Expected calibration error: how far a model's confidence is from how often it is right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regcore.counted import counted
from regcore.errors import UsageError
from regcore.scores.arrays import whole_number
from regcore.scores.evaluator import Evaluator
from regcore.scores.labels import ignored_label, labelled_scores, without_ignored
from regcore.scores.metric import Metric, MetricValue
from regcore.scores.topk import top1

#: What the scores of a model are: softmax makes probabilities of its logits.
ScoreKind = Literal["logits", "probabilities"]

_BINS = 15
#: Confidences are summed as integers, in units of 2**-40, so that no order of images matters.
_UNIT_BITS = 40
#: So many rows in float64 stay in the cache.
_ROWS_AT_ONCE = 256
#: How far the sum of an image's probabilities may be from 1, in float16 with 1000 classes.
_SUM_ERROR = 0.01


class CalibrationError(Evaluator):
    """Counts, by the confidence of a model's first choice, how often that choice is right.

    The expected calibration error of Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern
    Neural Networks", ICML 2017, equation 3: the confidence of an image is the probability of its
    first choice, equal bins divide (0, 1], bin m from (m - 1) / bins, exclusive, to m / bins,
    inclusive (a confidence of 0 is in the first), and

        ECE = sum over the bins of |images| / n * |accuracy - mean confidence|

    scores_are: "logits", of which softmax makes probabilities, or "probabilities" as they are.
    background, ignore_index: as for TopN. Of equal scores the first choice is the lowest class, as
    in `topk`.

    An image has no confidence where its scores hold NaN or, as logits, infinity, or -infinity
    alone: it is left out of the error, and of nothing else. Counts are exact, and the sums of the
    confidences are too, after each was rounded to 2**-40: the ECE is within 5e-13 of the
    definition's.

    count: images with a confidence. without_confidence: the others. normalized: images whose
    logits are between 0 and 1 and have the sum 1: where these are all, the model ends in a softmax
    already, and the scores are probabilities.
    """

    def __init__(
        self,
        bins: int = _BINS,
        *,
        scores_are: ScoreKind = "logits",
        background: bool = False,
        ignore_index: int | None = None,
    ) -> None:
        self.bins = whole_number("bins", bins)
        if self.bins < 1:
            raise ValueError(f"bins must be at least 1, not {bins}")
        if scores_are not in get_args(ScoreKind):
            raise ValueError(f"scores_are must be logits or probabilities, not {scores_are!r}")
        self.scores_are = scores_are
        self.background = background
        self.ignore_index = ignored_label(ignore_index)
        self.reset()

    def reset(self) -> None:
        """Forgets all images; the settings stay."""
        self.without_confidence = 0
        self.normalized = 0
        self._images = [0] * self.bins
        self._correct = [0] * self.bins
        self._confidence = [0] * self.bins  # in units of 2**-40

    @property
    def name(self) -> str:
        """`ece`, or `ece-probabilities`."""
        return "ece" if self.scores_are == "logits" else "ece-probabilities"

    @property
    def count(self) -> int:
        """The images with a confidence so far."""
        return sum(self._images)

    @property
    def error(self) -> float | None:
        """The expected calibration error, 0 to 1; None without images."""
        if not self.count:
            return None
        pairs = zip(self._correct, self._confidence, strict=True)
        gaps = sum(abs((correct << _UNIT_BITS) - confidence) for correct, confidence in pairs)
        return gaps / (self.count << _UNIT_BITS)

    @property
    def mean_confidence(self) -> float | None:
        """The mean confidence, 0 to 1, beside which the Top1 accuracy stands; None likewise."""
        return sum(self._confidence) / (self.count << _UNIT_BITS) if self.count else None

    def update(self, scores: Any, labels: ArrayLike) -> None:  # noqa: ANN401
        """Adds images, all or (where it raises) none.

        scores: [images, classes], float32, float16 or bfloat16, as for `regcore.topk`. labels: int
        [images]. Raises TypeError for integers, which are no logits without their scale, and
        UsageError for probabilities below 0 or above 1.
        """
        if self.ignore_index is not None:
            scores, labels, _ = without_ignored(scores, labels, self.ignore_index)
        scores, expected = labelled_scores(scores, labels, background=self.background)
        if scores.dtype.kind == "i" or scores.dtype == np.uint8:
            raise TypeError(f"a confidence needs scores in floating point, not {scores.dtype}")
        added = self._alone()
        for first in range(0, len(expected), _ROWS_AT_ONCE):
            rows = slice(first, first + _ROWS_AT_ONCE)
            added._count(scores[rows], expected[rows])  # noqa: SLF001
        self.merge(added)

    def merge(self, other: CalibrationError) -> None:
        """Adds the images of another count with the same settings."""
        if not isinstance(other, CalibrationError):
            raise TypeError(
                f"only another CalibrationError can be merged, not {type(other).__name__}"
            )
        for what in ("bins", "scores_are", "background", "ignore_index"):
            ours, theirs = getattr(self, what), getattr(other, what)
            if ours != theirs:
                raise ValueError(f"cannot merge counts with {what} {theirs} and {ours}")
        self._images = _sums(self._images, other._images)
        self._correct = _sums(self._correct, other._correct)
        self._confidence = _sums(self._confidence, other._confidence)
        self.without_confidence += other.without_confidence
        self.normalized += other.normalized

    def compute(self) -> dict[str, float]:
        """The "error" and the "mean_confidence", each from 0 to 1; NaN where no image has one."""
        error, confidence = self.error, self.mean_confidence
        return {
            "error": math.nan if error is None else error,
            "mean_confidence": math.nan if confidence is None else confidence,
        }

    def result(self) -> Mapping[str, MetricValue]:
        """The error and the mean confidence in percent, and counts of doubtful images."""
        return {
            "error": MetricValue(_percent(self.error), "%"),
            "mean_confidence": MetricValue(_percent(self.mean_confidence), "%"),
            "without_confidence": MetricValue(self.without_confidence, "images"),
            "normalized": MetricValue(self.normalized, "images"),
        }

    def _count(self, scores: NDArray[Any], expected: NDArray[np.int64]) -> None:
        values = _as_float64(scores)
        best = values.max(axis=1)
        if self.scores_are == "probabilities":
            confidence = best
            if (wrong := values[(values < 0) | (values > 1)]).size:
                raise UsageError(
                    f"a score of {wrong[0]:g} is no probability; the metric ece takes logits"
                )
        else:
            with np.errstate(invalid="ignore"):  # infinity less infinity
                confidence = 1 / np.exp(values - best[:, np.newaxis]).sum(axis=1)
                like_one = np.abs(values.sum(axis=1) - 1) <= _SUM_ERROR
            self.normalized += int((like_one & (values.min(axis=1) >= 0)).sum())
        known = ~np.isnan(confidence)
        self.without_confidence += int((~known).sum())
        confidence, correct = confidence[known], (top1(scores) == expected)[known]
        upper_ends = np.arange(1, self.bins) / self.bins
        bins = np.searchsorted(upper_ends, confidence, side="left")
        units = np.rint(np.ldexp(confidence, _UNIT_BITS)).astype(np.int64)
        self._images = _sums(self._images, self._by_bin(bins, 1))
        self._correct = _sums(self._correct, self._by_bin(bins, correct))
        self._confidence = _sums(self._confidence, self._by_bin(bins, units))

    def _by_bin(self, bins: NDArray[np.intp], amounts: ArrayLike) -> list[int]:
        totals = np.zeros(self.bins, np.int64)
        np.add.at(totals, bins, amounts)
        return [int(total) for total in totals]

    def __repr__(self) -> str:
        error = "" if self.error is None else f", ECE {100 * self.error:.2f}%"
        return f"<CalibrationError: {counted(self.count, 'image')}{error}>"


def of_probabilities() -> Metric:
    """For models that end in a softmax."""
    return CalibrationError(scores_are="probabilities")


def _as_float64(scores: NDArray[Any]) -> NDArray[np.float64]:
    """The values, in rows side by side, so that sums do not depend on the memory's order."""
    if scores.dtype == np.uint16:  # the upper halves of float32
        scores = (scores.astype(np.uint32) << 16).view(np.float32)
    return np.ascontiguousarray(scores, np.float64)


def _sums(ours: list[int], theirs: list[int]) -> list[int]:
    return [a + b for a, b in zip(ours, theirs, strict=True)]


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share

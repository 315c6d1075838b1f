"""PASS or FAIL as soon as one of them is certain enough, at whatever image that is.

The question is about all N labelled images of a set: is the port's drop T, in images, within the
margin? PASS rejects "T >= allowed + 1", FAIL rejects "T <= allowed", each as soon as the wealth
against it reaches 1 / alpha (regcore.trust.certify.wealth). Only one of the two hypotheses can be
true, so that a wrong verdict, PASS of a port beyond the margin or FAIL of one within it, has a
probability of at most alpha, however often and however long one looks. The line is that of
`regcore verdict`: a drop of just the margin passes. After all N images the drop is known, and the
verdict is certain.

An image that could not be evaluated counts against either verdict: its difference is the largest
that it can be for PASS, and the smallest for FAIL.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from regcore.errors import UsageError
from regcore.evaluation.intervals import Interval
from regcore.evaluation.verdict import Outcome
from regcore.trust.certify.bets import Bets
from regcore.trust.certify.wealth import Wealth

#: What a reader of evidence needs to recompute its verdict; counts up when verdicts can change.
TEST_VERSION = 1

_CANDIDATES = 160
_LEAST, _MOST = 1e-5, 0.5  # alpha


@dataclass(frozen=True)
class Question:
    """images: of the whole set. margin_points: the drop that passes, in percentage points.

    alpha: the probability of a wrong verdict that is accepted.
    """

    images: int
    margin_points: float
    alpha: float

    def __post_init__(self) -> None:
        """Raises UsageError for what is no question."""
        if not _LEAST <= self.alpha <= _MOST:
            raise UsageError(f"an error rate of {self.alpha:g} is not between {_LEAST} and {_MOST}")
        if self.images < 1:
            raise UsageError("there are no images to be certified by")

    @property
    def allowed(self) -> int:
        """The largest drop that passes, in images."""
        return math.floor(Fraction(repr(self.margin_points)) * self.images / 100)

    def points(self, images: float) -> float:
        """A drop in images as percentage points."""
        return 100 * images / self.images


class SequentialTest:
    """The test of one question, image by image.

    outcome: UNDECIDED until it is decided, and never another again. decided_at: by how many images.
    drawn: images so far.
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        self.outcome = Outcome.UNDECIDED
        self.decided_at: int | None = None
        self.drawn = 0
        bets = Bets(question.images, question.allowed, question.alpha)
        self._threshold = math.log(1 / question.alpha)
        self._verdict = Wealth(bets, np.array([question.allowed + 1, question.allowed]), _SIDES)
        self._totals = _candidates(question)
        totals = np.tile(self._totals, 2)
        self._candidates = Wealth(bets, totals, np.repeat(_SIDES, len(self._totals)))
        self._refuted = np.zeros(len(totals), np.bool_)
        self._largest = np.full(2, -np.inf)

    def draw(self, largest: NDArray[np.int64], smallest: NDArray[np.int64]) -> int:
        """Takes the next images, in the order that was fixed before the first; how many it took.

        They are all, or those up to the one that decides: no image after it has a part in anything.
        largest, smallest: what the difference (right by the reference, less right by the port) of
        each can be, int64 [images]; the same where both were evaluated.
        """
        if not len(largest) or self.decided_at is not None:
            return 0
        both = np.stack([largest, smallest], axis=1)
        ahead = copy(self._verdict)
        reached = ahead.draw(both) >= self._threshold
        count = int(np.argmax(reached.any(axis=1))) + 1 if reached.any() else len(both)
        both = both[:count]
        self.drawn += count
        paths = self._verdict.draw(both)
        self._largest = np.maximum(self._largest, paths.max(axis=0))
        if reached.any():
            self.decided_at = self.drawn
            self.outcome = Outcome.PASS if reached[count - 1, 0] else Outcome.FAIL
        found = self._candidates.draw(np.repeat(both, len(self._totals), axis=1))
        self._refuted |= found.max(axis=0) >= self._threshold
        return count

    @property
    def p_values(self) -> tuple[float, float]:
        """Of PASS and of FAIL: at any time the probability of so much evidence by chance."""
        least_pass, least_fail = np.exp(-np.maximum(self._largest, 0)).tolist()
        return least_pass, least_fail

    def drop(self) -> Interval:
        """Where the drop of the whole set lies, in percentage points.

        Each end holds with 1 - alpha, at all times together: PASS is an upper end within the
        margin, FAIL a lower end above it.
        """
        at_least, at_most = np.split(self._refuted, 2)
        too_high, too_low = self._totals[at_least], self._totals[at_most]
        # What the images that are left could still add bounds it, too.
        left = self.question.images - self.drawn
        pass_sum, fail_sum = self._verdict.dropped.tolist()
        high = min([pass_sum + left, *(too_high - 1).tolist()])
        low = max([fail_sum - left, *(too_low + 1).tolist()])
        return Interval(self.question.points(low), self.question.points(high))


_SIDES = np.array([1, -1])


def _candidates(question: Question) -> NDArray[np.int64]:
    """Drops, in images, for which it is told whether they can be: close to the margin all."""
    images, allowed = question.images, question.allowed
    if 2 * images + 1 <= 2 * _CANDIDATES:
        return np.arange(-images, images + 1)
    far = np.geomspace(1, images + allowed, _CANDIDATES)
    near = np.concatenate([[0], np.round(far)]).astype(np.int64)
    found = np.unique(np.concatenate([allowed + 1 + near, allowed - near]))
    return found[(found >= -images) & (found <= images)]

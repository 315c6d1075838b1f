"""The wealth of who bets against a drop: large only where the drop is not what is supposed.

Of N images, drawn one by one without return in an order that nobody chose, image i has a
difference d_i of -1, 0 or 1: right by the reference less right by the port. The drop is their
total T, in images. A hypothesis says "T >= S" (side 1) or "T <= S" (side -1). If T = S, then after
i images with the sum s_i, what is left has the mean m_i = (S - s_i) / (N - i), and that is the
expected value of the next difference, given all before it. Who begins with 1 and bets, on each
image, a part b_i of it has

    K_i = K_(i-1) (1 - side b_i (d_i - m_i)),      0 <= b_i < 1 / (1 + |m_i|),

with b_i made only of what was drawn before i. Then K is never negative, and
E[K_i | past] = K_(i-1) (1 - side b_i (E[d_i | past] - m_i)) <= K_(i-1) for every T that the
hypothesis allows: T >= S makes E[d_i | past] = (T - s_i) / (N - i) >= m_i, T <= S the reverse. So K
is a supermartingale under the whole hypothesis, and so is a weighted mean of several with weights
set before. By Ville's inequality K reaches 1 / alpha, at whatever time one looks and for however
long, with a probability of at most alpha. Where S - s_i lies outside what N - i images can add, the
hypothesis is refuted for certain, and K is infinite.

Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, J. R.
Statist. Soc. B 86 (2024), sections 4 and 5 (without replacement).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from regcore.trust.certify.bets import WEIGHTS, Bets

_LOG_WEIGHTS = np.log(np.array(WEIGHTS))

#: One difference an image, or one for each hypothesis; int64 [images, hypotheses].
Differences = NDArray[np.int64]


class Wealth:
    """What was won by betting against some hypotheses, each by itself.

    drawn: images so far. dropped: their sum, flips: how many are not 0, int64 [hypotheses].
    """

    def __init__(self, bets: Bets, totals: NDArray[np.int64], sides: NDArray[np.int64]) -> None:
        """totals, sides: int64 [hypotheses]; side 1 is "at least total", -1 "at most"."""
        self._bets = bets
        self._totals = totals
        self._sides = sides
        self.drawn = 0
        self.dropped = np.zeros(len(totals), np.int64)
        self.flips = np.zeros(len(totals), np.int64)
        self._log = np.zeros((len(WEIGHTS), len(totals)))
        self._renew()

    @property
    def log_evidence(self) -> NDArray[np.float64]:
        """The logarithm of the wealth against each hypothesis, [hypotheses]; inf: refuted."""
        mixed = np.logaddexp.reduce(self._log + _LOG_WEIGHTS[:, np.newaxis], axis=0)
        missing = self._sides * (self._totals - self.dropped)
        return np.where(missing > self._bets.images - self.drawn, np.inf, mixed)

    def draw(self, differences: Differences) -> NDArray[np.float64]:
        """Takes the next images; the log_evidence after each of them, [images, hypotheses]."""
        paths = np.empty((len(differences), len(self._totals)))
        for first, end in self._pieces(differences):
            paths[first:end] = self._draw_piece(differences[first:end])
        return paths

    def _pieces(self, differences: Differences) -> list[tuple[int, int]]:
        """Where the bets stay the same: up to and with a flip, or to where they are made anew."""
        ends = set((np.flatnonzero(differences.any(axis=1)) + 1).tolist())
        end = self._bets.renewed_after(self.drawn) - self.drawn
        while end < len(differences):
            ends.add(end)
            end = self._bets.renewed_after(self.drawn + end) - self.drawn
        bounds = sorted(ends | {0, len(differences)})
        return list(pairwise(bounds))

    def _draw_piece(self, differences: Differences) -> NDArray[np.float64]:
        count = len(differences)
        before = self.dropped + np.cumsum(differences, axis=0) - differences
        left = self._bets.images - self.drawn - np.arange(count)
        missing = self._totals - before
        means = np.clip(missing / left[:, np.newaxis], -1, 1)
        with np.errstate(divide="ignore"):
            gains = np.log1p(-self._sides * self._now[:, np.newaxis] * (differences - means))
        logs = self._log[:, np.newaxis] + np.cumsum(gains, axis=1)
        mixed = np.logaddexp.reduce(logs + _LOG_WEIGHTS[:, np.newaxis, np.newaxis], axis=0)
        refuted = self._sides * (missing - differences) > left[:, np.newaxis] - 1
        self.drawn += count
        self.dropped = self.dropped + differences.sum(axis=0)
        flipped = (differences != 0).sum(axis=0)
        self.flips = self.flips + flipped
        self._log = logs[:, -1]
        if flipped.any() or self.drawn == self._until:
            self._renew()
        return np.where(refuted, np.inf, mixed)

    def _renew(self) -> None:
        if self.drawn == self._bets.images:
            return
        self._until = self._bets.renewed_after(self.drawn)
        self._now = self._bets.after(
            self.drawn, self.dropped, self.flips, self._totals, self._sides
        )

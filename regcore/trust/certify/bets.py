"""How much a test bets on each image: predictable, so that what it bets can be anything.

Two bets go side by side. The one for the margin is tuned for a port whose true drop is one margin
away from the line, and for the flips that were seen; the one for what is seen follows the drop so
far, and finds ports that are much worse or much steadier than that. Their weights are the shares
of the wealth with which they begin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Begins of the wealth: of the bet for the margin, and of that for what is seen.
WEIGHTS = (0.98, 0.02)
#: The first bets, before there are flips: as if so many were seen in so many images.
EXPECTED_FLIPS, EXPECTED_IN = 3.0, 100.0
SEEN_FLIPS, SEEN_IN = 1.0, 50.0
#: The bet for the margin, in parts of the one by which wealth grows fastest at that distance: it
#: begins above, and falls with the square root of the images, as a larger one has not worked then.
LEAST_PART, MOST_PART = 0.4, 1.2
#: No image can take more of the wealth than this.
MOST_LOST = 0.95
#: Bets are made anew after each flip, and after each of so many parts of the images.
PARTS = 200
#: The least distance from the line for which a bet is tuned, as a share of the images.
LEAST_DISTANCE = 0.001


@dataclass(frozen=True)
class Bets:
    """images: of the whole set. allowed: the largest drop that passes, in images. alpha: 0 to 1."""

    images: int
    allowed: int
    alpha: float

    @property
    def distance(self) -> float:
        """From the line, of the ports that the bets are tuned for; a share of the images."""
        return max(self.allowed / self.images, LEAST_DISTANCE)

    def renewed_after(self, drawn: int) -> int:
        """Until how many images drawn the bets stay, where no image flips: more than `drawn`."""
        return int(self._last_before(drawn))

    def _last_before(self, drawn: int | NDArray[np.int64]) -> NDArray[np.int64]:
        part = max(1, self.images // PARTS)
        last: NDArray[np.int64] = np.minimum((np.asarray(drawn) // part + 1) * part, self.images)
        return last

    def after(
        self,
        drawn: int | NDArray[np.int64],
        dropped: NDArray[np.int64],
        flips: NDArray[np.int64],
        totals: NDArray[np.int64],
        sides: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """The bets on the next images, [2, hypotheses], 0 or more.

        drawn: images so far, fewer than all. dropped, flips: of these the sum of the differences,
        and how many are not 0. totals, sides: of the hypotheses, see Wealth. All are int64
        [hypotheses]; drawn can be one number. Only images already drawn go in, which is what makes
        bets valid.
        """
        left = self.images - drawn
        rate = (flips + EXPECTED_FLIPS) / (drawn + EXPECTED_IN)
        clock = np.maximum(drawn * self.images / left, 1.0)  # of sampling with replacement
        parts = np.sqrt(2 * math.log(1 / self.alpha) * rate / clock) / self.distance
        near = parts.clip(LEAST_PART, MOST_PART) * self.distance / rate * (self.images / left)
        missing = totals - dropped
        ahead = sides * (missing / left - dropped / (drawn + SEEN_IN))
        far = np.maximum(ahead, 0) * (drawn + SEEN_IN) / (flips + SEEN_FLIPS)
        last = self.images - self._last_before(drawn) + 1  # images left at the last of these bets
        mean = np.minimum(1.0, np.abs(missing) / last)
        bets: NDArray[np.float64] = np.minimum(np.stack([near, far]), MOST_LOST / (1 + mean))
        return bets

"""An alarm from the images of which the reference was least sure.

Where the reference's two best scores are almost the same, a sound port may take either, and the
share of right answers says little. But its answer stays among the reference's three best, and that
of a port with other pixels, labels or weights often does not. The canaries are chosen by what the
reference did, so that they are no fair draw of the images: what they show never enters the test,
and never makes a PASS.

The rule is a likelihood ratio, taken after each canary: of a port three tenths of whose answers are
outside the three best to one of which a twentieth are. It is an e-value for "at most a twentieth,
whatever came before", so that at 1,000 an alarm of a port that keeps to that has a probability of
at most 0.001.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from regcore.evaluation.predictions_csv import TopPredictions
from regcore.schemas.fields import Count, described

CANARIES = 64
#: At most so large a part of the images, but never fewer than these.
_PART, _FEWEST = 4, 8
_SOUND, _BROKEN = 0.05, 0.3
_BEST = 3
_ALARM = 1000.0


@dataclass(frozen=True)
class CanaryResult:
    """What the images showed of which the reference was least sure; it is no part of the test."""

    images: Annotated[Count, described("That were looked at, all but those that failed.")]
    outside: Annotated[
        Count, described("Of these, answers that are not among the reference's three best.")
    ]
    same: Annotated[Count, described("Of these, answers that are the reference's.")]
    alarm_after: Annotated[
        Count | None,
        described("By how many canaries the alarm was sure; null where there is none."),
    ]

    @property
    def alarm(self) -> bool:
        """Whether a port does not look like this reference's."""
        return self.alarm_after is not None


def canary_places(reference: TopPredictions, count: int = CANARIES) -> NDArray[np.intp]:
    """Places of the images with the smallest margins between the two best scores, in that order.

    reference: the predictions of the images in question. count: at most so many.
    """
    with np.errstate(invalid="ignore"):  # infinity less infinity
        margins = reference.scores[:, 0] - reference.scores[:, 1]
    known = np.flatnonzero(np.isfinite(margins) & (reference.classes[:, 0] >= 0))
    most = min(count, max(_FEWEST, len(reference.images) // _PART))
    order = sorted(known.tolist(), key=lambda p: (float(margins[p]), reference.images[p]))
    return np.array(order[:most], np.intp)


def judge_canaries(best: NDArray[np.int64], answers: NDArray[np.int64]) -> CanaryResult:
    """The alarm, or none.

    best: the reference's best classes, int64 [canaries, 3 or more]. answers: the port's, int64
    [canaries], none of which failed.
    """
    outside = ~(best[:, :_BEST] == answers[:, np.newaxis]).any(axis=1)
    gains = np.where(outside, math.log(_BROKEN / _SOUND), math.log((1 - _BROKEN) / (1 - _SOUND)))
    reached = np.flatnonzero(np.cumsum(gains) >= math.log(_ALARM))
    return CanaryResult(
        images=len(answers),
        outside=int(outside.sum()),
        same=int((best[:, 0] == answers).sum()),
        alarm_after=int(reached[0]) + 1 if len(reached) else None,
    )

"""Scores beside those that they should be equal to, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.scores.topk import topk
from regcore.trust.batchcheck.findings import CheckFound, CheckName

Scores = NDArray[np.float32]


class Comparison:
    """Sums over all rows of a check."""

    def __init__(self, name: CheckName) -> None:
        self._name: CheckName = name
        self._compared = self._equal = self._flips = self._not_finite = 0
        self._largest = self._scale = 0.0
        self._worst = ""

    def add(self, found: Scores, right: Scores, place: str) -> None:
        """Scores [images, classes] of the same images. place: what `{}`, an image's row, was in.

        NaN counts wherever it is, infinity where the scores that are right have none.
        """
        finite = np.isfinite(found).all(axis=1) | ~np.isfinite(right).all(axis=1)
        finite &= ~(np.isnan(found) | np.isnan(right)).any(axis=1)
        with np.errstate(invalid="ignore"):  # of two infinities
            apart = np.abs(found.astype(np.float64) - right)
        apart = np.where(found == right, 0.0, np.nan_to_num(apart, nan=0.0, posinf=0.0))
        rows = apart.max(axis=1)
        same = (found.view(np.uint32) == right.view(np.uint32)).all(axis=1)
        self._compared += len(found)
        self._equal += int(np.count_nonzero(same))
        self._not_finite += int(np.count_nonzero(~finite))
        self._flips += int(np.count_nonzero(_first(found)[finite] != _first(right)[finite]))
        usable = np.abs(right[np.isfinite(right)])
        self._scale = max(self._scale, float(usable.max(initial=0.0)))
        first_lost = not finite.all() and "NaN" not in self._worst
        row = int(np.argmin(finite) if first_lost else rows.argmax())
        if first_lost or rows[row] > self._largest:
            what = " has NaN or infinity" if first_lost else ""
            self._worst = f"{place.replace('{}', str(row))}{what}"
        self._largest = max(self._largest, float(rows.max()))

    def result(self, why_not: str = "") -> CheckFound:
        """What was found. why_not: for a check that compared nothing."""
        return CheckFound(
            self._name,
            self._compared,
            self._equal,
            self._largest,
            self._largest / self._scale if self._scale else self._largest,
            self._flips,
            self._not_finite,
            self._worst,
            "" if self._compared else why_not,
        )


def _first(scores: Scores) -> NDArray[Any]:
    return topk(scores, 1)[1][:, 0]

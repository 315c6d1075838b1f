"""Scores that come in small batches → metrics and the best classes, many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.scores.labels import class_indices, has_background
from regcore.scores.metric import Metric
from regcore.scores.topk import NO_CLASS, best_classes
from regcore.scores.topn import TopN

_RANKS = 5
#: Counting has a price by the call, copying next to none: so many rows make the call cheap.
_PORTION = 256


class ScoreAccumulator:
    """What a list of images with labels has come to so far.

    indices int64 and values float32, [images, 5]: the best classes of each, by its place in the
    list, as `best_classes` has them; NO_CLASS and NaN where there are no scores.
    topn, the other metrics, indices and values are complete after finish(); count is right at any
    time.
    """

    def __init__(
        self,
        labels: NDArray[np.int64],
        *,
        metrics: Sequence[Metric] = (),
        background: bool | None = None,
        portion: int = _PORTION,
    ) -> None:
        """labels: int64 [images]. portion: how many rows are gathered before they are counted.

        metrics: what is counted beside TopN, all of them new.
        background: whether the model's class 0 is the background; by default the guide's rule,
        that it is where there are 1001 classes.
        """
        self.topn = TopN(_RANKS)
        self._metrics: tuple[Metric, ...] = (self.topn, *metrics)
        self.indices = np.full((len(labels), _RANKS), NO_CLASS, dtype=np.int64)
        self.values = np.full((len(labels), _RANKS), np.nan, dtype=np.float32)
        self._labels = labels
        self._background = background
        self._rows = np.empty(portion, np.intp)
        self._scores: NDArray[Any] = np.empty((portion, 0), np.float32)
        self._gathered = 0

    @property
    def count(self) -> int:
        """The images so far."""
        return self.topn.count + self._gathered

    def add(self, rows: NDArray[np.intp], scores: NDArray[Any]) -> None:
        """Adds scores [n, classes] of the images with these places; they are copied or counted.

        Raises DatasetError, before any image is counted, for labels that no class has.
        """
        if not self.count:
            classes = scores.shape[1]
            if self._background is None:
                self._background = has_background(classes)
            class_indices(self._labels, classes, background=self._background)
            for metric in self._metrics:
                metric.background = self._background
            self._scores = np.empty((len(self._rows), scores.shape[1]), scores.dtype)
        if len(rows) >= len(self._rows) or scores.shape[1] != self._scores.shape[1]:
            self.finish()
            self._count(rows, scores)
            return
        if self._gathered + len(rows) > len(self._rows):
            self.finish()
        first, self._gathered = self._gathered, self._gathered + len(rows)
        self._rows[first : self._gathered] = rows
        self._scores[first : self._gathered] = scores

    def finish(self) -> None:
        """Counts what has been gathered."""
        gathered, self._gathered = self._gathered, 0
        if gathered:
            self._count(self._rows[:gathered], self._scores[:gathered])

    def _count(self, rows: NDArray[np.intp], scores: NDArray[Any]) -> None:
        for metric in self._metrics:
            metric.update(scores, self._labels[rows])
        self.values[rows], self.indices[rows] = best_classes(scores, _RANKS)

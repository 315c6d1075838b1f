"""Images through the preprocessor into a model, and its scores into TopN."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.backends.backend import Backend, Result
from regcore.errors import DecodeError
from regcore.findings import Finding
from regcore.inputs.photos import device_stream
from regcore.metrics import TopN, class_indices
from regcore.pipeline import DEVICE_TIMEOUT, Timeline, run_pipeline
from regcore.preprocess import Batch, Preprocessor
from regcore.ranking import topk

_RANKS = 5

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Evaluation:
    """What a model made of a list of images.

    images: how many were evaluated; errors: one for each that could not be; findings: evaluated
    images that are damaged or rotated; not_reached: images that come after an interruption.
    timeline: when what happened.
    indices int64 and values float32, [items, 5]: the best classes of every item, in the order
    of the items; -1 and NaN where an image failed or the model has fewer classes.
    """

    topn: TopN
    images: int
    errors: tuple[DecodeError, ...]
    timeline: Timeline
    indices: NDArray[np.int64]
    values: NDArray[np.float32]
    findings: tuple[Finding, ...] = ()
    not_reached: int = 0

    @property
    def seconds(self) -> float:
        """Wall time from the first image to the last score."""
        return self.timeline.end - self.timeline.start

    @property
    def device_seconds(self) -> float:
        """The part of it in which the backend was at work, or waited for by its thread."""
        return self.timeline.device_seconds

    @property
    def wait_seconds(self) -> float:
        """The part of it in which the backend had to wait for images."""
        return self.timeline.wait_seconds

    @property
    def images_per_s(self) -> float:
        """Evaluated images per second of wall time."""
        return self.images / self.seconds if self.seconds else 0.0

    @property
    def complete(self) -> bool:
        """Whether every image was evaluated."""
        return not self.errors and not self.not_reached


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; `evaluation` has what was done until then."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__()
        self.evaluation = evaluation


def evaluate(
    preprocessor: Preprocessor,
    backend: Backend,
    items: Sequence[str | Path],
    labels: NDArray[np.int64],
    *,
    batch_size: int,
    progress: Progress | None = None,
    trace: bool = False,
    device_timeout: float = DEVICE_TIMEOUT,
) -> Evaluation:
    """Evaluates `items`, whose true classes are `labels` (int64 [items]), in batches.

    An image that cannot be decoded ends up in `errors`, and the others go on without it.
    progress: called with the number of items done so far and, of these, failed.
    trace, device_timeout: see run_pipeline.
    Raises DatasetError for labels that the model does not have, before any is counted, and
    Interrupted on Ctrl-C.
    """
    if len(items) != len(labels):
        raise ValueError(f"{len(items)} items, but {len(labels)} labels")
    timeline = Timeline(worked=[] if trace else None)
    with device_stream(preprocessor, backend, items, batch_size) as stream:
        return _Tally(labels, progress).run(stream, backend, timeline, device_timeout)


def evaluate_batches(
    batches: Iterable[Batch],
    backend: Backend,
    labels: NDArray[np.int64],
    *,
    progress: Progress | None = None,
    trace: bool = False,
    device_timeout: float = DEVICE_TIMEOUT,
) -> Evaluation:
    """The same for batches of a stream or a store, whose indices are places in `labels`."""
    timeline = Timeline(worked=[] if trace else None)
    return _Tally(labels, progress).run(batches, backend, timeline, device_timeout)


class _Tally:
    """What has been counted so far."""

    def __init__(self, labels: NDArray[np.int64], progress: Progress | None) -> None:
        self._labels = labels
        self._progress = progress
        self._topn = TopN(_RANKS)
        self._errors: list[DecodeError] = []
        self._findings: list[Finding] = []
        self._indices = np.full((len(labels), _RANKS), -1, dtype=np.int64)
        self._values = np.full((len(labels), _RANKS), np.nan, dtype=np.float32)

    def run(
        self,
        batches: Iterable[Batch],
        backend: Backend,
        timeline: Timeline,
        device_timeout: float,
    ) -> Evaluation:
        try:
            run_pipeline(batches, backend, self.add, timeline, device_timeout=device_timeout)
        except KeyboardInterrupt as interrupt:
            raise Interrupted(self.evaluation(timeline)) from interrupt
        return self.evaluation(timeline)

    def add(self, batch: Batch, result: Result | None) -> None:
        self._errors += batch.errors
        self._findings += batch.findings
        if result is not None:
            self._count(batch.indices, result.scores)
        if self._progress is not None:
            self._progress(self._topn.count + len(self._errors), len(self._errors))

    def _count(self, rows: NDArray[np.intp], scores: NDArray[np.float32]) -> None:
        classes = scores.shape[1]
        if not self._topn.count:
            class_indices(self._labels, classes)
        best, ranked = topk(scores, min(_RANKS, classes))
        self._topn.update(scores, self._labels[rows])
        self._indices[rows, : ranked.shape[1]] = ranked
        self._values[rows, : best.shape[1]] = best

    def evaluation(self, timeline: Timeline) -> Evaluation:
        done = self._topn.count + len(self._errors)
        return Evaluation(
            topn=self._topn,
            images=self._topn.count,
            errors=tuple(self._errors),
            timeline=timeline,
            indices=self._indices,
            values=self._values,
            findings=tuple(self._findings),
            not_reached=len(self._labels) - done,
        )

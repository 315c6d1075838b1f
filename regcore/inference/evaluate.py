"""Images through the preprocessor into a model, and its scores into metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend, Result
from regcore.counted import counted
from regcore.errors import DecodeError
from regcore.images.batch_stream import Batch
from regcore.images.diagnostics import Diagnostic
from regcore.images.preprocessor import Preprocessor
from regcore.images.sources import Image
from regcore.inference.device_timeout import DEVICE_TIMEOUT
from regcore.inference.inputs.photos import device_stream
from regcore.inference.pipeline import run_pipeline
from regcore.inference.score_journal import ScoreJournal
from regcore.inference.score_record import ScoredBatch
from regcore.inference.timeline import TaskTimes, Timeline
from regcore.scores.accumulator import ScoreAccumulator
from regcore.scores.metric import Metric
from regcore.scores.registry import extra_metrics
from regcore.scores.topn import TopN

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Evaluation:
    """What a model made of a list of images.

    images: how many were evaluated, of them `kept` by an interrupted run; errors: one for each that
    could not be; diagnostics: evaluated images that are damaged, rotated or clipped; not_reached:
    images that come after an interruption. timeline: when what happened, without those that were
    kept.
    topn: the accuracy; metrics: those that were asked for beside it.
    indices int64 and values float32, [items, 5]: the best classes of every item, in the order
    of the items; -1 and NaN where an image failed or the model has fewer classes.
    """

    topn: TopN
    images: int
    errors: tuple[DecodeError, ...]
    timeline: Timeline
    indices: NDArray[np.int64]
    values: NDArray[np.float32]
    diagnostics: tuple[Diagnostic, ...] = ()
    not_reached: int = 0
    metrics: tuple[Metric, ...] = ()
    kept: int = 0

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
        """Images of this run, not those kept of an earlier one, per second of wall time."""
        return (self.images - self.kept) / self.seconds if self.seconds else 0.0

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
    items: Sequence[Image],
    labels: NDArray[np.int64],
    *,
    batch_size: int,
    metrics: Sequence[str | Metric] = (),
    background: bool | None = None,
    progress: Progress | None = None,
    trace: bool = False,
    device_timeout: float = DEVICE_TIMEOUT,
    journal: ScoreJournal | None = None,
) -> Evaluation:
    """Evaluates `items`, whose true classes are `labels` (int64 [items]), in batches.

    An image that cannot be decoded ends up in `errors`, and the others go on without it.
    metrics: what is counted beside TopN: names of `regcore.scores.registry`, or new metrics.
    background: whether the model's class 0 is the background, see ScoreAccumulator.
    progress: called with the number of items done so far and, of these, failed.
    trace, device_timeout: see run_pipeline.
    journal: receives all scores, and has those of an interrupted run of the same `labels`, which
    are counted first: `items` are then the images that it has not `kept`.
    Raises DatasetError for labels that the model does not have, before any is counted, and
    Interrupted on Ctrl-C.
    """
    wanted = _wanted(labels, journal)
    if len(items) != len(wanted):
        raise ValueError(f"{counted(len(items), 'item')}, but {counted(len(wanted), 'label')}")
    state = _EvaluationState(
        labels, wanted, metrics, background=background, progress=progress, journal=journal
    )
    if not len(items):
        return state.run((), backend, Timeline(worked=[] if trace else None), device_timeout)
    opened = device_stream(preprocessor, backend, items, batch_size)
    timeline = Timeline(worked=[] if trace else None)
    with opened as stream:
        return state.run(stream, backend, timeline, device_timeout)


def evaluate_batches(
    batches: Iterable[Batch],
    backend: Backend,
    labels: NDArray[np.int64],
    *,
    metrics: Sequence[str | Metric] = (),
    background: bool | None = None,
    progress: Progress | None = None,
    trace: bool = False,
    device_timeout: float = DEVICE_TIMEOUT,
    journal: ScoreJournal | None = None,
) -> Evaluation:
    """The same for batches of a stream or a store.

    Their indices are places in `labels`, of which `journal` has not kept the scores.
    """
    wanted = _wanted(labels, journal)
    state = _EvaluationState(
        labels, wanted, metrics, background=background, progress=progress, journal=journal
    )
    timeline = Timeline(worked=[] if trace else None)
    return state.run(batches, backend, timeline, device_timeout)


def evaluate_scored(
    scored: Iterable[tuple[Batch, Result | None] | TaskTimes],
    labels: NDArray[np.int64],
    *,
    metrics: Sequence[str | Metric] = (),
    background: bool | None = None,
    progress: Progress | None = None,
    journal: ScoreJournal | None = None,
) -> Evaluation:
    """The same for batches that others have run, in any order, each with its scores.

    A batch needs no images, and has no result where all of it failed. Whoever ran some of them may
    give their times as well.
    """
    wanted = _wanted(labels, journal)
    state = _EvaluationState(
        labels, wanted, metrics, background=background, progress=progress, journal=journal
    )
    timeline = Timeline()
    try:
        for one in scored:
            if isinstance(one, TaskTimes):
                timeline.tasks.append(one)
                continue
            begun = perf_counter()
            timeline.first_scores = timeline.first_scores or begun
            state.add(*one)
            timeline.use_seconds += perf_counter() - begun
    except KeyboardInterrupt as interrupt:
        timeline.end = perf_counter()
        raise Interrupted(state.evaluation(timeline)) from interrupt
    timeline.end = perf_counter()
    return state.evaluation(timeline)


def _wanted(labels: NDArray[np.int64], journal: ScoreJournal | None) -> NDArray[np.intp]:
    return np.arange(len(labels)) if journal is None else np.flatnonzero(~journal.kept)


class _EvaluationState:
    """What has been counted so far, and what could not be."""

    def __init__(
        self,
        labels: NDArray[np.int64],
        wanted: NDArray[np.intp],
        metrics: Sequence[str | Metric],
        *,
        background: bool | None,
        progress: Progress | None,
        journal: ScoreJournal | None,
    ) -> None:
        """wanted: places in `labels` of the images that are run now, the indices of batches."""
        self._images = len(labels)
        self._wanted = wanted
        self._progress = progress
        self._metrics = extra_metrics(metrics)
        self._accumulator = ScoreAccumulator(labels, metrics=self._metrics, background=background)
        self._errors: list[DecodeError] = []
        self._diagnostics: list[Diagnostic] = []
        self._journal = journal
        for batch in () if journal is None else journal.batches():
            self._diagnostics += batch.diagnostics
            self._accumulator.add(batch.rows, batch.scores)
        self._kept = self._accumulator.count
        self._say()

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

    @property
    def _done(self) -> int:
        return self._accumulator.count + len(self._errors)

    def add(self, batch: Batch, result: Result | None) -> None:
        wanted = self._wanted
        self._errors += (
            DecodeError(error.path, error.detail, int(wanted[error.index]))
            for error in batch.errors
        )
        noticed = tuple(replace(one, index=int(wanted[one.index])) for one in batch.diagnostics)
        self._diagnostics += noticed
        if result is not None:
            rows = wanted[batch.indices]
            self._accumulator.add(rows, result.scores)
            if self._journal is not None and not batch.errors:
                self._journal.add(ScoredBatch(rows, result.scores, noticed))
        if self._done == self._images:
            self._accumulator.finish()  # in the time that is measured
        self._say()

    def _say(self) -> None:
        if self._progress is not None and self._done:
            self._progress(self._done, len(self._errors))

    def evaluation(self, timeline: Timeline) -> Evaluation:
        self._accumulator.finish()
        topn = self._accumulator.topn
        return Evaluation(
            topn=topn,
            images=topn.count,
            errors=tuple(sorted(self._errors, key=lambda error: error.index)),
            timeline=timeline,
            indices=self._accumulator.indices,
            values=self._accumulator.values,
            diagnostics=tuple(sorted(self._diagnostics, key=lambda one: one.index)),
            not_reached=self._images - self._done,
            metrics=self._metrics,
            kept=self._kept,
        )

"""Images through the preprocessor into a model, and its scores into TopN."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from regcore.backends import Backend
from regcore.errors import DecodeError
from regcore.findings import Finding
from regcore.metrics import TopN, class_indices
from regcore.preprocess import Batch, Preprocessor
from regcore.ranking import topk

_RANKS = 5


@dataclass(frozen=True)
class Evaluation:
    """What a model made of a list of images.

    images: how many were evaluated; errors: one for each that could not be; findings: evaluated
    images that are damaged or rotated.
    seconds: wall time from the first image to the last score; device_seconds: its part inside
    the backend; wait_seconds: its part in which the backend had to wait for images.
    indices int64 and values float32, [items, 5]: the best classes of every item, in the order
    of the items; -1 and NaN where an image failed or the model has fewer classes.
    """

    topn: TopN
    images: int
    errors: tuple[DecodeError, ...]
    seconds: float
    device_seconds: float
    wait_seconds: float
    indices: NDArray[np.int64]
    values: NDArray[np.float32]
    findings: tuple[Finding, ...] = ()

    @property
    def images_per_s(self) -> float:
        """Evaluated images per second of wall time."""
        return self.images / self.seconds if self.seconds else 0.0

    @property
    def complete(self) -> bool:
        """Whether every image was evaluated."""
        return not self.errors


def evaluate(
    preprocessor: Preprocessor,
    backend: Backend,
    items: Sequence[str | Path],
    labels: NDArray[np.int64],
    *,
    batch_size: int,
    progress: Callable[[int, int], object] | None = None,
) -> Evaluation:
    """Evaluates `items`, whose true classes are `labels` (int64 [items]), in batches.

    An image that cannot be decoded ends up in `errors`, and the others go on without it.
    progress: called with the number of items done so far and, of these, failed.
    Raises DatasetError for labels that the model does not have, before any is counted.
    """
    if len(items) != len(labels):
        raise ValueError(f"{len(items)} items, but {len(labels)} labels")
    with preprocessor.stream(items, batch_size, on_error="report") as stream:
        return evaluate_batches(stream, backend, labels, progress=progress)


def evaluate_batches(
    batches: Iterable[Batch],
    backend: Backend,
    labels: NDArray[np.int64],
    *,
    progress: Callable[[int, int], object] | None = None,
) -> Evaluation:
    """The same for batches of a stream or a store, whose indices are places in `labels`."""
    topn = TopN(_RANKS)
    errors: list[DecodeError] = []
    findings: list[Finding] = []
    indices = np.full((len(labels), _RANKS), -1, dtype=np.int64)
    values = np.full((len(labels), _RANKS), np.nan, dtype=np.float32)
    device_seconds = wait_seconds = 0.0
    start = perf_counter()
    coming = iter(batches)
    while True:
        asked = perf_counter()
        batch = next(coming, None)
        wait_seconds += perf_counter() - asked
        if batch is None:
            break
        errors += batch.errors
        findings += batch.findings
        rows = batch.indices
        if len(rows):
            given = perf_counter()
            scores = backend.run(batch.images)
            device_seconds += perf_counter() - given
            classes = scores.shape[1]
            if not topn.count:
                class_indices(labels, classes)
            best, ranked = topk(scores, min(_RANKS, classes))
            topn.update(scores, labels[rows])
            indices[rows, : ranked.shape[1]] = ranked
            values[rows, : best.shape[1]] = best
        if progress is not None:
            progress(topn.count + len(errors), len(errors))
    return Evaluation(
        topn=topn,
        images=topn.count,
        errors=tuple(errors),
        seconds=perf_counter() - start,
        device_seconds=device_seconds,
        wait_seconds=wait_seconds,
        indices=indices,
        values=values,
        findings=tuple(findings),
    )

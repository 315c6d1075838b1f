"""A model's scores of images as files, as the benchmark tool leaves them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from regcore.backends.protocol import Backend, Result
from regcore.errors import DecodeError
from regcore.images.batch_stream import Batch
from regcore.images.diagnostics import Diagnostic
from regcore.inference.device_timeout import DEVICE_TIMEOUT
from regcore.inference.inputs.source import Inputs
from regcore.inference.pipeline import run_pipeline
from regcore.inference.score_writer import PredictionWriter
from regcore.inference.timeline import Timeline


@dataclass(frozen=True)
class Inference:
    """What became of the images.

    written: whose scores were written, or only computed where not `saved`; kept: whose scores were
    there from an earlier run; errors: one for each that could not be read; not_reached: those
    after an interruption.
    """

    written: int
    saved: bool
    kept: int
    errors: tuple[DecodeError, ...]
    diagnostics: tuple[Diagnostic, ...]
    not_reached: int
    timeline: Timeline

    @property
    def complete(self) -> bool:
        """Whether there are scores of every image."""
        return not self.errors and not self.not_reached


def infer(
    inputs: Inputs,
    backend: Backend,
    writer: PredictionWriter | None,
    *,
    batch_size: int,
    progress: Callable[[int, int], object] | None = None,
    trace: bool = False,
    device_timeout: float = DEVICE_TIMEOUT,
) -> Inference:
    """Runs the model on all images whose scores `writer` does not have yet, and writes them.

    writer: made for inputs.names; None where the scores are not wanted. Ctrl-C ends the run early.
    progress: called with the number of images done so far and, of these, failed.
    trace, device_timeout: see run_pipeline.
    """
    have = np.zeros(len(inputs.names), np.bool_) if writer is None else writer.written()
    wanted = np.flatnonzero(~have)
    errors: list[DecodeError] = []
    diagnostics: list[Diagnostic] = []
    written = 0

    def use(batch: Batch, result: Result | None) -> None:
        nonlocal written
        errors.extend(batch.errors)
        diagnostics.extend(batch.diagnostics)
        if result is not None:
            if writer is not None:
                writer.write(wanted[batch.indices], result.scores, result.spans[0].device)
            written += len(batch.indices)
        if progress is not None:
            progress(len(inputs.names) - len(wanted) + written + len(errors), len(errors))

    timeline = Timeline(worked=[] if trace else None)
    chosen = wanted if have.any() else None
    with suppress(KeyboardInterrupt):
        opened = inputs.batches(backend, batch_size, chosen)
        timeline.start = perf_counter()
        with opened as batches:
            run_pipeline(batches, backend, use, timeline, device_timeout=device_timeout)
    return Inference(
        written=written,
        saved=writer is not None,
        kept=int(have.sum()),
        errors=tuple(errors),
        diagnostics=tuple(diagnostics),
        not_reached=len(wanted) - written - len(errors),
        timeline=timeline,
    )

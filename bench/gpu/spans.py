"""What the spans of batches that were submitted one after the other must show."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

from gpu.check import Check

from regcore.backends.protocol import Span


def check_spans(
    check: Check, name: str, batches: Sequence[Sequence[Span]], images_per_s: float
) -> None:
    """Every span ends after it began, and most copies in overlap the computation before."""
    by_stage = {
        stage: [span for spans in batches for span in spans if span.stage == stage]
        for stage in ("h2d", "compute", "d2h")
    }
    backwards = sum(span.end < span.start for spans in by_stage.values() for span in spans)
    check.ok(not backwards, f"{name}: no span ends before it begins")
    pairs = list(zip(by_stage["compute"], by_stage["h2d"][1:], strict=False))
    overlapping = sum(load.start < compute.end for compute, load in pairs)
    check.ok(
        overlapping > len(pairs) // 2,
        f"{name}: {overlapping} of {len(pairs)} copies in overlap the computation before them",
    )
    ms = {
        stage: 1000 * mean(span.end - span.start for span in spans)
        for stage, spans in by_stage.items()
    }
    parts = ", ".join(f"{stage} {time:.3f}" for stage, time in ms.items())
    check.note(f"{name}: {images_per_s:,.0f} images/s; {parts} ms", images_per_s=images_per_s)

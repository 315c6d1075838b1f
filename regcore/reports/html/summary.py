"""The first screen: what was run, the verdict, and what held it up, each in one sentence."""

from __future__ import annotations

from regcore.counted import counted
from regcore.evaluation.run_content import RunContent
from regcore.performance.run_bottleneck import RunBottleneck, run_bottleneck
from regcore.reports.html.contents import BaselineVerdict, RunVerdict, VerdictContent
from regcore.reports.html.perf_content import PerfContent

_MARKS = {"PASS": "\u2713", "FAIL": "\u2717", "UNDECIDED": "?"}


def mark(outcome: str) -> str:
    """The sign of an outcome, which tells it without its colour."""
    return _MARKS.get(outcome, "")


def verdict_sentences(verdict: VerdictContent | None) -> list[str]:
    """What the accuracy was held against, how it compares, and what the verdict notes of it."""
    if verdict is None:
        return []
    sentences = []
    if verdict.baseline is not None:
        sentences += [_baseline(verdict.baseline), *map(_sentence, verdict.baseline.notes)]
    if verdict.against is not None:
        sentences += [_against(verdict.against), *map(_sentence, verdict.against.notes)]
    return sentences


def bottleneck(perf: PerfContent | None) -> RunBottleneck | None:
    """What held the run up; None where it is not known."""
    if perf is None:
        return None
    return run_bottleneck(perf.stages, perf.seconds, perf.worker_seconds, perf.first_batch_s)


def reached(perf: PerfContent | None) -> float | None:
    """The part of the device's own rate that the run reached, 0 to 1; None: it is not known."""
    if perf is None or not perf.images_per_s or not perf.interface_images_per_s:
        return None
    return min(1.0, perf.images_per_s / perf.interface_images_per_s)


def counted_images(run: RunContent) -> str:
    """`200 images`, `the first 50 of 200 images`, `24 of 25 images`."""
    if not run.complete:
        return f"{run.images:,} of {counted(run.expected_images, 'image', form=',')}"
    if run.left_out:
        of = counted(run.images + run.left_out, "image", form=",")
        return f"the first {run.images:,} of {of}"
    return counted(run.images, "image", form=",")


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:]}."


def _baseline(part: BaselineVerdict) -> str:
    way = "below" if part.drop > 0 else "above"
    return (
        f"Top1 is {abs(part.drop):.2f} pt {way} the baseline's {part.baseline:.2f} % "
        f"({part.source}). A drop of {part.margin:.2f} pt is allowed."
    )


def _against(part: RunVerdict) -> str:
    low, high = part.interval
    moved = "has not moved" if part.change == 0 else f"moved by {part.change:+.2f} pt"
    lost, won = len(part.lost), len(part.won)
    return (
        f"Top1 {moved} against the other run: {counted(lost, 'image', form=',')} lost, "
        f"{won:,} won; 95 % interval {low:+.2f} to {high:+.2f} pt. "
        f"A drop of {part.margin:.2f} pt is allowed."
    )

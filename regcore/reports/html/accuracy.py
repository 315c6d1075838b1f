"""TopN with its intervals, and where they lie beside what they are judged by."""

from __future__ import annotations

from dataclasses import dataclass

from regcore.evaluation.intervals import wilson
from regcore.evaluation.run_content import RunContent
from regcore.reports.html.contents import VerdictContent

_MARGIN = 0.15  # of the range, on both sides of a strip


@dataclass(frozen=True)
class TopRow:
    """An accuracy. low, high: of its 95 % interval; possible: of all that were expected; in %."""

    name: str
    accuracy: str
    hits: int
    percent: float
    low: float
    high: float
    possible: str


@dataclass(frozen=True)
class Strip:
    """Where an interval lies: places in % of the width; the ends are labelled in `unit`.

    reference: what it is compared with, by its name. least: below which it may not be.
    """

    low: float
    high: float
    value: float
    reference: float
    least: float
    name: str
    labels: tuple[str, str]
    words: str


def top_rows(run: RunContent) -> list[TopRow]:
    """Top1, Top2, ... with Wilson's intervals; none where no image was evaluated."""
    rows = []
    for rank, hits in enumerate(run.hits if run.images else [], 1):
        interval = wilson(hits, run.images)
        most = hits + run.expected_images - run.images
        least, best = (100 * count / run.expected_images for count in (hits, most))
        rows.append(
            TopRow(
                f"Top{rank}",
                run.accuracy[f"Top{rank}"],
                hits,
                100 * hits / run.images,
                100 * interval.low,
                100 * interval.high,
                f"{least:.2f} to {best:.2f}",
            )
        )
    return rows


def shown_first(rows: list[TopRow]) -> list[TopRow]:
    """Top1 and Top5, or the last one that there is."""
    return [rows[0], rows[-1]] if len(rows) > 1 else rows


def calibration(run: RunContent) -> str:
    """How sure the model is beside how often it is right; empty where that was not measured."""
    of_metric = run.metrics.get("ece") or run.metrics.get("ece-probabilities") or {}
    measured = of_metric.get("mean_confidence")
    if measured is None or measured.value is None or not run.images or not run.hits:
        return ""
    right = 100 * run.hits[0] / run.images
    way = "more" if measured.value > right else "less"
    return (
        f"On average the model is {measured.value:.1f} % sure, and right for {right:.1f} % of the "
        f"images: {abs(measured.value - right):.1f} pt {way} sure than it should be."
    )


def verdict_strip(verdict: VerdictContent | None, top1: TopRow | None) -> Strip | None:
    """The interval beside the baseline, or of the change beside none; None without a verdict."""
    if verdict is None or top1 is None:
        return None
    if verdict.baseline is not None:
        part = verdict.baseline
        words = (
            f"Top1 {part.accuracy:.2f} %, 95 % interval {top1.low:.2f} to {top1.high:.2f} %, "
            f"baseline {part.baseline:.2f} %, at least {part.baseline - part.margin:.2f} % wanted"
        )
        least = part.baseline - part.margin
        interval = (top1.low, top1.high)
        return _strip(interval, part.accuracy, (part.baseline, least), "%", words)
    if verdict.against is not None:
        other = verdict.against
        words = (
            f"change {other.change:+.2f} pt, 95 % interval {other.interval[0]:+.2f} to "
            f"{other.interval[1]:+.2f} pt, at least {-other.margin:+.2f} pt wanted"
        )
        low, high = other.interval
        return _strip((low, high), other.change, (0.0, -other.margin), "pt", words)
    return None


def _strip(
    interval: tuple[float, float],
    value: float,
    wanted: tuple[float, float],
    unit: str,
    words: str,
) -> Strip:
    """wanted: the reference, and the least."""
    (low, high), (reference, least) = interval, wanted
    first, last = min(low, value, reference, least), max(high, value, reference, least)
    span = (last - first) or 1.0
    first, last = first - _MARGIN * span, last + _MARGIN * span

    def place(number: float) -> float:
        return round(100 * (number - first) / (last - first), 2)

    sign = "+" if unit == "pt" else ""
    ends = (f"{first:{sign}.2f} {unit}", f"{last:{sign}.2f} {unit}")
    return Strip(
        low=place(low),
        high=place(high),
        value=place(value),
        reference=place(reference),
        least=place(least),
        name="baseline" if unit == "%" else "no change",
        labels=ends,
        words=words,
    )

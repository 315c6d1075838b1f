"""Figures as bars, each with its name and its number beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regcore.reports.html.contents import Ceilings
from regcore.reports.html.perf_content import PerfContent

_MOST_BATCHES = 12
#: A rate from here on would take more room than a phone has.
_LONG = 1e7


@dataclass(frozen=True)
class Bar:
    """length: 0 to 1 of the scale. kind: what it is of, for its colour. beyond: off the scale."""

    title: str
    text: str
    length: float
    kind: str
    beyond: bool = False


@dataclass(frozen=True)
class BarGroup:
    """Bars under one title, on the same scale as those of the other groups."""

    title: str
    bars: list[Bar]


def stage_loads(perf: PerfContent) -> list[Bar]:
    """How much of the time each stage was at work."""
    bars = []
    for stage in perf.stages:
        share = stage.busy_s / (stage.threads * perf.seconds) if perf.seconds else 0.0
        length = min(1.0, share)
        bars.append(
            Bar(
                f"{stage.stage} \u00d7 {stage.threads}",
                f"{100 * share:.0f}\u00a0%",
                length,
                "compute",
            )
        )
    return bars


def ceilings(found: Ceilings) -> list[Bar]:
    """What each stage does alone, in images/s.

    The lengths are in proportion; the scale ends with the fastest of host and device, as counting
    scores is often a thousand times as fast.
    """
    rows = [("storage, not in memory yet", found.storage, "read")]
    rows += [(f"preprocess, workers: {n}", rate, "decode") for n, rate in found.preprocess.items()]
    if found.uint8 is not None:
        rows.append(("preprocess to uint8", found.uint8, "decode"))
    rows += [("device", found.device, "compute"), ("count scores", found.post, "use")]
    longest = max([found.device, found.uint8 or 0.0, *found.preprocess.values()]) or 1.0
    return [_bar(title, rate, longest, kind) for title, rate, kind in rows]


def rates_by_batch(series: Mapping[str, Mapping[int, float]]) -> list[BarGroup]:
    """Rates (images/s) of each of `series`, by batch size; of the first dozen sizes."""
    batches = sorted({batch for rates in series.values() for batch in rates})
    longest = max((rate for rates in series.values() for rate in rates.values()), default=0.0)
    kinds: Sequence[str] = ("compute", "decode", "h2d", "use", "d2h", "read")
    return [
        BarGroup(
            f"batch {batch}",
            [
                _bar(title, rates[batch], longest or 1.0, kinds[number % len(kinds)])
                for number, (title, rates) in enumerate(series.items())
                if batch in rates
            ],
        )
        for batch in batches[:_MOST_BATCHES]
    ]


def _bar(title: str, rate: float, longest: float, kind: str) -> Bar:
    text = f"{rate:,.0f}" if rate < _LONG else f"{rate:.1e}"
    return Bar(title, text, min(1.0, rate / longest), kind, beyond=rate > longest)

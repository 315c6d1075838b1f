"""A run judged by a published accuracy, on images that are a sample of those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from regcore.errors import DatasetError
from regcore.evaluation.intervals import Interval, detectable_drop, wilson
from regcore.evaluation.verdict import Margin, Outcome, outcome_of
from regcore.formats.timm_results import Baseline
from regcore.schemas.fields import Amount, Percent, Positive, described

#: Once in a thousand runs chance alone goes beyond: rare enough not to stop a good port.
_BEYOND_CHANCE = 0.998


@dataclass(frozen=True)
class Measured:
    """The first choices of a run. complete: whether every image that was expected is among them."""

    images: int
    hits: int
    complete: bool

    @property
    def percent(self) -> float:
        """The accuracy."""
        return 100 * self.hits / self.images if self.images else 0.0


@dataclass(frozen=True)
class AgainstBaseline:
    """A run against a published accuracy, in percent or percentage points."""

    outcome: Annotated[Outcome, described("By the interval of the run's own accuracy.")]
    images: Annotated[Positive, described("That were counted.")]
    accuracy: Annotated[Percent, described("Top1 of the run.")]
    interval: Annotated[Interval, described("Its interval, by Wilson.")]
    baseline: Annotated[Percent, described("Top1 that was published.")]
    source: Annotated[str, described("Where.")]
    drop: Annotated[float, described("baseline - accuracy.")]
    margin: Annotated[Amount, described("The drop that is allowed, in percentage points.")]
    detectable: Annotated[
        Amount, described("The smallest drop that so many images tell from chance.")
    ]
    notes: Annotated[
        tuple[str, ...], described("What is to be known of the outcome, in sentences.")
    ] = ()


def against_baseline(
    run: Measured, baseline: float | Baseline, margin: Margin, *, notes: tuple[str, ...] = ()
) -> AgainstBaseline:
    """Judges a run by a published Top1, in percent; notes: what is known of the comparison before.

    Raises DatasetError for a run without images.
    """
    if not run.images:
        raise DatasetError("a run without images has no accuracy")
    percent = baseline.top1 if isinstance(baseline, Baseline) else baseline
    source = f"{baseline.model}, {baseline.source}" if isinstance(baseline, Baseline) else "given"
    share = wilson(run.hits, run.images)
    interval = Interval(100 * share.low, 100 * share.high)
    allowed = margin.points(percent)
    outcome = outcome_of(interval.low, interval.high, percent - allowed, complete=run.complete)
    gain = run.percent - percent
    if 100 * wilson(run.hits, run.images, _BEYOND_CHANCE).low > percent:
        notes = (
            *notes,
            (
                f"a gain of {gain:.3f} pt, which chance does not explain: these are other images "
                "than the baseline's, or something differs in kind; no evidence of a good port"
            ),
        )
        outcome = Outcome.UNDECIDED
    return AgainstBaseline(
        outcome=outcome,
        images=run.images,
        accuracy=run.percent,
        interval=interval,
        baseline=percent,
        source=source,
        drop=percent - run.percent,
        margin=allowed,
        detectable=100 * detectable_drop(run.hits / run.images, run.images),
        notes=notes,
    )

"""Whether a port is as accurate as it should be: PASS, FAIL, or too few images to tell.

Against a published accuracy the rule looks at Wilson's 95 % interval of the run's own: PASS where
even its lower end is within the margin below the baseline, FAIL where even its upper end is not.
Against another run on the same images it looks at the 95 % interval of the change, by Agresti and
Min, in the same way. What lies between is UNDECIDED, and so is every run that is not complete, and
a gain on a published accuracy that chance does not explain: a port does not learn, so that it was
other images, or something differs in kind.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError, MismatchError, UsageError
from regcore.evaluation.intervals import (
    Interval,
    detectable_drop,
    mcnemar,
    paired_difference,
    wilson,
)
from regcore.evaluation.predictions_csv import Decisions
from regcore.files.number_input import parse_float
from regcore.formats.timm_results import Baseline
from regcore.schemas import json_form

_ALL = 100  # %
#: Once in a thousand runs chance alone goes beyond: rare enough not to stop a good port.
_BEYOND_CHANCE = 0.998


class Outcome(Enum):
    """What a reviewer reads first."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True)
class Margin:
    """The drop that is allowed. unit: "pt", percentage points, or "%" of the accuracy before."""

    value: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> Margin:
        """`1.0pt` or `1.0`, percentage points, or `1.0%`. Raises UsageError."""
        unit = "%" if text.rstrip().endswith("%") else "pt"
        with suppress(ValueError):
            value = parse_float(text.strip().removesuffix(unit))
            if value < _ALL:
                return cls(value, unit)
        raise UsageError(
            f"{text!r:.60} is not a margin: 1.0pt are percentage points, 1.0% is a part of the "
            "baseline"
        )

    def points(self, before: float) -> float:
        """In percentage points, below an accuracy of `before` percent."""
        return self.value if self.unit == "pt" else before * self.value / 100

    def __str__(self) -> str:
        return f"{self.value:g}{self.unit}"


def parse_accuracy(text: str) -> float:
    """An accuracy in percent: `77.862` or `77.862%`. Raises UsageError, also for a fraction."""
    try:
        value = parse_float(text.strip().removesuffix("%"))
    except ValueError as error:
        raise UsageError(f"an accuracy is a percentage as 77.862, but {error}") from error
    if not 0 <= value <= _ALL:
        raise UsageError(f"an accuracy lies between 0 and 100 %, not at {text}")
    if value <= 1 and not text.strip().endswith("%"):
        raise UsageError(
            f"{text} looks like a fraction, and a percentage is wanted: {100 * value:g}, or "
            f"{text}% if that is meant"
        )
    return value


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
    """All in percent or percentage points.

    accuracy, interval: of the run. drop: of it below `baseline`. margin: that is allowed.
    detectable: the smallest drop that so many images tell from chance. notes: what to know of it.
    """

    outcome: Outcome
    images: int
    accuracy: float
    interval: Interval
    baseline: float
    source: str
    drop: float
    margin: float
    detectable: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AgainstRun:
    """Two runs on the same images, in percentage points.

    lost, won: images that were right before and are wrong now, and the reverse; other: wrong in
    both, but not by the same class. p: McNemar's, exact. change, interval: of the accuracy.
    equivalent: whether all of the interval is within the margin, either way: two one-sided tests,
    each at 2.5 %.
    """

    outcome: Outcome
    images: int
    before: float
    accuracy: float
    change: float
    interval: Interval
    margin: float
    equivalent: bool
    p: float
    lost: tuple[str, ...]
    won: tuple[str, ...]
    other: tuple[str, ...]
    notes: tuple[str, ...] = ()


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
    outcome = _outcome(interval.low, interval.high, percent - allowed, complete=run.complete)
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


def against_run(now: Decisions, before: Decisions, margin: Margin, *, complete: bool) -> AgainstRun:
    """Judges a run by another one on the same images; complete: whether both are.

    Raises MismatchError where the images or their labels are not the same.
    """
    order = _same_images(now, before)
    ours, theirs = now.right, before.right[order]
    compared = now.decided & before.decided[order]
    count = int(compared.sum())
    if not count:
        raise UsageError("no image was evaluated in both runs")
    lost = compared & theirs & ~ours
    won = compared & ours & ~theirs
    other = compared & ~ours & ~theirs & (now.classes[:, 0] != before.classes[order, 0])
    flips = int(lost.sum()), int(won.sum())
    share = paired_difference(*flips, count)
    interval = Interval(100 * share.low, 100 * share.high)
    accuracy_before = 100 * float(theirs[compared].mean())
    allowed = margin.points(accuracy_before)
    outcome = _outcome(
        interval.low, interval.high, -allowed, complete=complete and count == len(now.images)
    )
    notes: tuple[str, ...] = ()
    if interval.low > allowed:
        words = (
            f"a gain of at least {interval.low:.3f} pt on the same images, beyond what is allowed"
        )
        notes = (f"{words} as a drop: a port does not learn, so that something differs in kind",)
    return AgainstRun(
        outcome=outcome,
        images=count,
        before=accuracy_before,
        accuracy=100 * float(ours[compared].mean()),
        change=100 * (flips[1] - flips[0]) / count,
        interval=interval,
        margin=allowed,
        equivalent=-allowed <= interval.low and interval.high <= allowed,
        p=mcnemar(*flips),
        lost=_named(now, lost),
        won=_named(now, won),
        other=_named(now, other),
        notes=notes,
    )


def _outcome(low: float, high: float, least: float, *, complete: bool) -> Outcome:
    if not complete:
        return Outcome.UNDECIDED
    if low >= least:
        return Outcome.PASS
    return Outcome.FAIL if high < least else Outcome.UNDECIDED


def _same_images(now: Decisions, before: Decisions) -> NDArray[np.intp]:
    """The place in `before` of each image of `now`."""
    places = {image: place for place, image in enumerate(before.images)}
    extra = [image for image in now.images if image not in places]
    lacking = len(before.images) - (len(now.images) - len(extra))
    if extra or lacking:
        first = extra[0] if extra else next(i for i in before.images if i not in set(now.images))
        raise MismatchError(
            f"the runs are not on the same images: {len(extra)} only in the one, {lacking} only in "
            f"the other, {first} for instance"
        )
    order = np.array([places[image] for image in now.images], dtype=np.intp)
    if (now.labels != before.labels[order]).any():
        first = now.images[int(np.argmax(now.labels != before.labels[order]))]
        raise MismatchError(f"the runs have other labels: {first} for instance")
    return order


def _named(decisions: Decisions, chosen: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(decisions.images[place] for place in np.flatnonzero(chosen))


def overall(outcomes: list[Outcome]) -> Outcome:
    """FAIL if any fails, PASS if all pass."""
    if Outcome.FAIL in outcomes:
        return Outcome.FAIL
    return Outcome.UNDECIDED if Outcome.UNDECIDED in outcomes else Outcome.PASS


def to_dict(
    margin: Margin,
    baseline: AgainstBaseline | None,
    run: AgainstRun | None,
    *,
    complete: bool,
) -> dict[str, Any]:
    """The verdict for machines, and for verdict.json."""
    parts = [part for part in (baseline, run) if part is not None]
    return {
        "format": json_form("verdict"),
        "outcome": overall([part.outcome for part in parts]).value,
        "complete": complete,
        "max_drop": str(margin),
        "confidence": 0.95,
        "baseline": _plain(baseline),
        "against": _plain(run),
    }


def _plain(part: AgainstBaseline | AgainstRun | None) -> dict[str, Any] | None:
    if part is None:
        return None
    fields = dict(vars(part))
    fields["outcome"] = part.outcome.value
    fields["interval"] = [part.interval.low, part.interval.high]
    fields["notes"] = list(part.notes)
    return fields

"""A run judged by another one on the same images, image by image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from regcore.errors import MismatchError, UsageError
from regcore.evaluation.intervals import Interval, mcnemar, paired_difference
from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.verdict import Margin, Outcome, outcome_of
from regcore.schemas.fields import Amount, Percent, Positive, described


@dataclass(frozen=True)
class AgainstRun:
    """Two runs on the same images, in percent or percentage points."""

    outcome: Annotated[Outcome, described("By the interval of the change.")]
    images: Annotated[Positive, described("Evaluated in both runs.")]
    before: Annotated[Percent, described("Top1 of the other run.")]
    accuracy: Annotated[Percent, described("Top1 of this one.")]
    change: Annotated[float, described("accuracy - before.")]
    interval: Annotated[Interval, described("Its interval, by Agresti and Min.")]
    margin: Annotated[Amount, described("The drop that is allowed, in percentage points.")]
    equivalent: Annotated[
        bool,
        described(
            "Whether all of the interval is within the margin, either way: two one-sided tests, "
            "each at 2.5 %."
        ),
    ]
    p: Annotated[
        float,
        Meta(ge=0, le=1),
        described("McNemar's, exact, that as many flip one way as the other."),
    ]
    lost: Annotated[tuple[str, ...], described("Images that were right before and are wrong now.")]
    won: Annotated[tuple[str, ...], described("The reverse.")]
    other: Annotated[tuple[str, ...], described("Wrong in both, but not by the same class.")]
    notes: Annotated[
        tuple[str, ...], described("What is to be known of the outcome, in sentences.")
    ] = ()


def against_run(
    now: TopPredictions, before: TopPredictions, margin: Margin, *, complete: bool
) -> AgainstRun:
    """Judges a run by another one on the same images; complete: whether both are.

    Raises MismatchError where the images or their labels are not the same.
    """
    order = _same_images(now, before)
    ours, theirs = now.correct, before.correct[order]
    compared = now.evaluated & before.evaluated[order]
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
    outcome = outcome_of(
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


def _same_images(now: TopPredictions, before: TopPredictions) -> NDArray[np.intp]:
    """The place in `before` of each image of `now`."""
    places = {image: place for place, image in enumerate(before.images)}
    extra = [image for image in now.images if image not in places]
    lacking = len(before.images) - (len(now.images) - len(extra))
    if extra or lacking:
        first = extra[0] if extra else next(i for i in before.images if i not in set(now.images))
        raise MismatchError(
            f"the runs are not on the same images: {len(extra)} only in this one, {lacking} only "
            f"in that of --against, {first} for instance; run both on the same photos, by the same "
            "names (with the same --list)"
        )
    order = np.array([places[image] for image in now.images], dtype=np.intp)
    if (now.labels != before.labels[order]).any():
        one = int(np.argmax(now.labels != before.labels[order]))
        ours, theirs = int(now.labels[one]), int(before.labels[order][one])
        raise MismatchError(
            f"the runs have other labels: {now.images[one]} for instance is {ours} in this one and "
            f"{theirs} in that of --against{_background(now.labels - before.labels[order])}"
        )
    return order


def _background(apart: NDArray[np.integer]) -> str:
    """Why labels are one apart, where all are."""
    if not (abs(apart) == 1).all() or len(np.unique(apart)) > 1:
        return ""
    return (
        "; all are one apart, as where one model has the background as class 0 and the other has "
        "none, or one run's labels count from 1"
    )


def _named(predictions: TopPredictions, chosen: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(predictions.images[place] for place in np.flatnonzero(chosen))

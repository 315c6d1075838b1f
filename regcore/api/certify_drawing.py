"""Images drawn in their order, and what models or runs decided on them given to the test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from regcore.api.certify_subjects import LiveModel, or_none
from regcore.api.messages import Advance, Log, log_failures
from regcore.counted import agreeing, counted
from regcore.errors import MismatchError
from regcore.evaluation.predictions_csv import TopPredictions
from regcore.reports.certify import drop_in_words
from regcore.schemas.fields import as_dict
from regcore.scores.labels import class_indices, has_background
from regcore.scores.topk import NO_CLASS
from regcore.trust.certify.canary import CanaryResult, canary_places, judge_canaries
from regcore.trust.certify.evidence_form import Decision
from regcore.trust.certify.session import Session

#: Images that a reference model is run on before it is looked whether more are needed.
_FIRST_CHUNK, _LARGEST_CHUNK = 64, 4096
_SAID_AT = tuple(digit * 10**power for power in range(2, 9) for digit in (1, 2, 5))


@dataclass
class Drawing:
    """A test, and the images in their order. labels: as the label file has them, int64 [images]."""

    session: Session
    names: tuple[str, ...]
    order: NDArray[np.intp]
    labels: NDArray[np.int64]
    background: bool | None
    log: Log
    true_classes: NDArray[np.int64] | None = field(default=None)

    def know_classes(self, classes: int, before: TopPredictions | None) -> NDArray[np.int64]:
        """The true class of each image, by the numbers of a model of so many classes; 0: unknown.

        Raises MismatchError where the reference has others, LabelError for a label of no class.
        """
        if self.true_classes is None and not classes:  # no image could be read so far
            return self.labels if before is None else before.labels
        if self.true_classes is None:
            background = has_background(classes) if self.background is None else self.background
            found = class_indices(self.labels, classes, background=background)
            if before is not None and (before.labels != found).any():
                place = int(np.argmax(before.labels != found))
                raise MismatchError(
                    f"the reference has other labels: {self.names[place]} is "
                    f"{before.labels[place]} there, and {found[place]} here"
                )
            self.true_classes = found
        return self.true_classes

    def say(self, drawn_before: int) -> None:
        """How far it is, now and then."""
        drawn = self.session.drawn
        if self.session.ended or any(drawn_before < at <= drawn for at in _SAID_AT):
            mark = self.session.status()
            self.log(
                f"{drawn} of {counted(len(self.names), 'image')}: "
                f"drop {drop_in_words(as_dict(mark))}, {mark.lost} lost, {mark.won} won"
            )


def run_canaries(
    drawing: Drawing, port: LiveModel, before: TopPredictions, count: int
) -> CanaryResult | None:
    """Runs the canaries, and says what they show; the test does not see it."""
    if drawing.session.canary is not None:
        return drawing.session.canary
    places = canary_places(before, count)
    answers, classes, errors = port.all_choices(places)
    log_failures(drawing.log, errors)
    if classes:
        drawing.know_classes(classes, before)
    return _note(drawing.session, before, places, answers, drawing.log)


def draw_models(
    drawing: Drawing, port: LiveModel, reference: TopPredictions | LiveModel, advance: Advance
) -> None:
    """Draws images until the test has ended."""
    session, failed = drawing.session, 0
    recorded = reference if isinstance(reference, TopPredictions) else None
    for places in _chunks(drawing.order[session.drawn :], whole=recorded is not None):
        if session.ended:
            return
        expected, classes = _expected(reference, places)
        part = _Part(drawing, places, expected, classes, recorded, advance, failed)
        log_failures(drawing.log, port.first_choices(places, part.use))
        failed = part.failed


@dataclass
class _Part:
    """Images that the port is run on, and what the reference decided on them."""

    drawing: Drawing
    places: NDArray[np.intp]
    expected: NDArray[np.int64]
    classes: int
    recorded: TopPredictions | None
    advance: Advance
    failed: int
    done: int = 0

    def use(self, choices: NDArray[np.int64], classes: int) -> bool:
        """Takes the port's next first choices; see regcore.inference.first_choices."""
        drawing, session = self.drawing, self.drawing.session
        end = self.done + len(choices)
        before = session.drawn
        places, expected = self.places[self.done : end], self.expected[self.done : end]
        truth = drawing.know_classes(classes or self.classes, self.recorded)
        session.draw(_decisions(drawing.names, places, truth, expected, choices))
        self.done = end
        self.failed += int((choices == NO_CLASS).sum())
        drawing.say(before)
        self.advance(session.drawn, self.failed)
        return not session.ended


def draw_recorded(
    session: Session,
    order: NDArray[np.intp],
    run: TopPredictions,
    reference: TopPredictions,
    *,
    canaries: int,
    log: Log,
) -> None:
    """The same with decisions that were made before; reference: of the images of `run`."""
    if (run.labels != reference.labels).any():
        place = int(np.argmax(run.labels != reference.labels))
        raise MismatchError(f"the runs have other labels: {run.images[place]} for instance")
    if canaries and not session.drawn and session.canary is None:
        places = canary_places(reference, canaries)
        _note(session, reference, places, run.classes[places, 0], log)
    for places in _chunks(order[session.drawn :], whole=False):
        if session.ended:
            return
        truth, expected = run.labels, reference.classes[places, 0]
        session.draw(_decisions(run.images, places, truth, expected, run.classes[places, 0]))


def _expected(
    reference: TopPredictions | LiveModel, places: NDArray[np.intp]
) -> tuple[NDArray[np.int64], int]:
    if isinstance(reference, TopPredictions):
        return reference.classes[places, 0], 0
    choices, classes, _ = reference.all_choices(places)
    return choices, classes


def _note(
    session: Session,
    before: TopPredictions,
    places: NDArray[np.intp],
    answers: NDArray[np.int64],
    log: Log,
) -> CanaryResult:
    known = answers != NO_CLASS
    result = judge_canaries(before.classes[places[known]], answers[known])
    session.note_canaries(result)
    if result.alarm:
        log(
            f"ALARM: of {counted(result.images, 'image')} of which the reference was least sure, "
            f"the {agreeing(result.outside, 'answer', 'answers')} to {result.outside} "
            f"{agreeing(result.outside, 'is', 'are')} not among its three best; this port has "
            "other pixels, labels or weights. The test goes on, without these"
        )
    return result


def _decisions(
    names: tuple[str, ...],
    places: NDArray[np.intp],
    truth: NDArray[np.int64],
    reference: NDArray[np.int64],
    port: NDArray[np.int64],
) -> list[Decision]:
    rows = zip(
        places.tolist(), truth[places].tolist(), reference.tolist(), port.tolist(), strict=True
    )
    return [Decision(names[place], label, or_none(a), or_none(b)) for place, label, a, b in rows]


def _chunks(places: NDArray[np.intp], *, whole: bool) -> Iterator[NDArray[np.intp]]:
    """All at once, or parts that grow."""
    size = max(len(places), 1) if whole else _FIRST_CHUNK
    first = 0
    while first < len(places):
        yield places[first : first + size]
        first += size
        size = min(2 * size, _LARGEST_CHUNK)

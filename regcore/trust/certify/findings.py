"""A test fed with decisions, and what it finds: the same from a run and from its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from regcore.evaluation.verdict import Outcome
from regcore.schemas.fields import Count, described
from regcore.trust.certify.evidence_form import Decision, Finding
from regcore.trust.certify.sequential_test import Question, SequentialTest

_FIRST_MARK, _GROWTH = 10, 1.25


@dataclass(frozen=True)
class Mark:
    """How far a test was after some images."""

    drawn: Annotated[Count, described("Images so far.")]
    low: Annotated[float, described("The lower end of the drop, in pt.")]
    high: Annotated[float, described("The upper end.")]
    lost: Annotated[Count, described("Right by the reference, wrong by the port, so far.")]
    won: Annotated[Count, described("The reverse.")]


class FedTest:
    """A sequential test of decisions.

    marks: how far it was after 10 images, and then each time by a quarter more, and at its end.
    lost, won: the images that flipped. failed: those that could not be evaluated.
    """

    def __init__(self, question: Question) -> None:
        self._test = SequentialTest(question)
        self._next = _FIRST_MARK
        self.marks: list[Mark] = []
        self.lost: list[str] = []
        self.won: list[str] = []
        self.failed: list[str] = []

    @property
    def drawn(self) -> int:
        """Images so far."""
        return self._test.drawn

    @property
    def ended(self) -> bool:
        """Whether no further image is wanted: it is decided, or all were drawn."""
        return self._test.decided_at is not None or self.drawn == self._test.question.images

    def draw(self, decisions: Sequence[Decision]) -> Sequence[Decision]:
        """Takes the next decisions, in the order of drawing; those up to the one that ends it."""
        done = 0
        while done < len(decisions) and not self.ended:
            # Where marks are made must not depend on how decisions come.
            done += self._draw(decisions[done : done + self._next - self.drawn])
            if self.drawn == self._next:
                self.marks.append(self._mark())
                self._next = int(self._next * _GROWTH) + 1
        return decisions[:done]

    def _draw(self, decisions: Sequence[Decision]) -> int:
        count = self._test.draw(*_extremes(decisions))
        for one in decisions[:count]:
            if one.reference is None or one.port is None:
                self.failed.append(one.image)
            elif (right := one.reference == one.label) != (one.port == one.label):
                (self.lost if right else self.won).append(one.image)
        return count

    def _mark(self) -> Mark:
        low, high = self._test.drop()
        return Mark(self.drawn, low, high, len(self.lost), len(self.won))

    def history(self) -> tuple[Mark, ...]:
        """The marks, and how far it is now."""
        if self.marks and self.marks[-1].drawn == self.drawn:
            return tuple(self.marks)
        return (*self.marks, self._mark())

    def finding(self) -> Finding:
        """What it says of the images that were drawn."""
        low, high = self._test.drop()
        p_pass, p_fail = self._test.p_values
        return Finding(
            outcome=self._test.outcome,
            decided_at=self._test.decided_at,
            drawn=self.drawn,
            lost=len(self.lost),
            won=len(self.won),
            low=low,
            high=high,
            p_pass=p_pass,
            p_fail=p_fail,
        )

    @property
    def outcome(self) -> Outcome:
        """PASS, FAIL, or UNDECIDED."""
        return self._test.outcome


def _extremes(decisions: Sequence[Decision]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The largest and the smallest that each image's difference can be, int64 [decisions]."""
    most = [_right(d.reference, d.label, 1) - _right(d.port, d.label, 0) for d in decisions]
    least = [_right(d.reference, d.label, 0) - _right(d.port, d.label, 1) for d in decisions]
    return np.array(most, np.int64), np.array(least, np.int64)


def _right(choice: int | None, label: int, unknown: int) -> int:
    return unknown if choice is None else int(choice == label)

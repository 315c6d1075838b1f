"""A test that is under way: what is still to be drawn, the evidence on disk, and the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from regcore.errors import MismatchError
from regcore.schemas.fields import as_dict
from regcore.trust.certify.canary import CanaryResult
from regcore.trust.certify.evidence import Evidence, EvidenceFile
from regcore.trust.certify.evidence_form import (
    CanaryLine,
    Decision,
    EvidenceForm,
    Finding,
    FindingLine,
)
from regcore.trust.certify.findings import FedTest, Mark
from regcore.trust.certify.order import list_digest
from regcore.trust.certify.sequential_test import Question


@dataclass(frozen=True)
class Certificate:
    """What a test found, and on which evidence.

    lost, won: names of the images that flipped; failed: of those that were not evaluated. seal: the
    chain of the last line of the evidence.
    """

    head: EvidenceForm
    finding: Finding
    canary: CanaryResult | None
    history: tuple[Mark, ...]
    lost: tuple[str, ...]
    won: tuple[str, ...]
    failed: tuple[str, ...]
    seal: str


class Session:
    """One test with its evidence file, from the first image or from where it was interrupted."""

    def __init__(self, file: EvidenceFile, head: EvidenceForm) -> None:
        self._file = file
        found = file.found
        self._head = head if found is None else found.head
        self._test = FedTest(question_of(self._head))
        self.canary = None if found is None else found.canary
        self._has_verdict = found is not None and found.verdict is not None
        if found is not None:
            _draw_all(self._test, found)
            _check_finding(found, self._test)

    @property
    def drawn(self) -> int:
        """Images that have a decision, in the order of drawing."""
        return self._test.drawn

    @property
    def ended(self) -> bool:
        """Whether no further image is wanted."""
        return self._test.ended

    def note_canaries(self, result: CanaryResult) -> None:
        """Writes what the canaries showed, before the first decision."""
        self.canary = result
        self._file.add([as_dict(CanaryLine(result))])

    def draw(self, decisions: Sequence[Decision]) -> None:
        """Takes the next decisions of the order, and writes those up to the one that ends it."""
        self._file.add(as_dict(decision) for decision in self._test.draw(decisions))

    def status(self) -> Mark:
        """How far the test is."""
        return self._test.history()[-1]

    def certificate(self) -> Certificate:
        """What there is now; the verdict is written where the test has ended."""
        finding = self._test.finding()
        if self.ended and not self._has_verdict:
            self._file.add([as_dict(FindingLine(finding))])
            self._has_verdict = True
        return _certificate(self._head, self.canary, self._test, self._file.chain)


def recheck(evidence: Evidence, name: object) -> Certificate:
    """The verdict computed again from the decisions of an evidence file.

    Raises MismatchError where another one stands in the file, or the whole set is drawn and is not
    the list that was fixed at the beginning.
    """
    test = FedTest(question_of(evidence.head))
    _draw_all(test, evidence, name)
    _check_finding(evidence, test, name)
    if test.drawn == evidence.head.images:
        names = [decision.image for decision in evidence.decisions]
        if list_digest(names) != evidence.head.order:
            raise MismatchError(f"{name}: its images are not those of the order in its first line")
    return _certificate(evidence.head, evidence.canary, test, evidence.chain)


def question_of(head: EvidenceForm) -> Question:
    """What the first line asks."""
    return Question(head.images, head.margin_points, head.alpha)


def _draw_all(test: FedTest, evidence: Evidence, name: object = "the evidence") -> None:
    if len(test.draw(evidence.decisions)) < len(evidence.decisions):
        raise MismatchError(f"{name}: has decisions after the one that ends the test")


def _check_finding(evidence: Evidence, test: FedTest, name: object = "the evidence") -> None:
    written, found = evidence.verdict, test.finding()
    if written is None:
        return
    same: Callable[[Finding], object] = lambda f: (  # noqa: E731
        f.outcome,
        f.decided_at,
        f.drawn,
        f.lost,
        f.won,
    )
    if same(written) != same(found) or not test.ended:
        raise MismatchError(
            f"{name}: its verdict is {written.outcome.value}, and its decisions give "
            f"{found.outcome.value}"
        )


def _certificate(
    head: EvidenceForm, canary: CanaryResult | None, test: FedTest, seal: str
) -> Certificate:
    return Certificate(
        head=head,
        finding=test.finding(),
        canary=canary,
        history=test.history(),
        lost=tuple(test.lost),
        won=tuple(test.won),
        failed=tuple(test.failed),
        seal=seal,
    )

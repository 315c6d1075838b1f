"""The benchmark's simulation of the sequential test is the test itself."""

from __future__ import annotations

import numpy as np
import pytest

from regcore.evaluation.verdict import Outcome
from regcore.trust.certify.sequential_test import Question, SequentialTest

pytest.importorskip("scipy")


@pytest.mark.slow
@pytest.mark.parametrize(("lost", "won"), [(60, 60), (0, 0), (260, 40), (110, 50), (2000, 100)])
def test_it_decides_at_the_same_image(lost: int, won: int) -> None:
    from certify_simulation import AT_THE_END, PASSED, Population, decide, events

    question = Question(10_000, 0.5, 0.05)
    random = np.random.default_rng(lost)
    places, differences = events(Population(question.images, lost, won), 6, random)
    found = decide(question, places, differences)
    for run in range(len(places)):
        values = np.zeros(question.images, np.int64)
        np.add.at(values, places[run], differences[run])
        test = SequentialTest(question)
        test.draw(values, values)
        if found.verdict[run] == AT_THE_END:
            assert test.decided_at is not None
            assert test.decided_at > 0.98 * question.images
            continue
        expected = Outcome.PASS if found.verdict[run] == PASSED else Outcome.FAIL
        assert (test.outcome, test.decided_at) == (expected, found.images[run])

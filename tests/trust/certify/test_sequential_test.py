"""The sequential test: its twin, its supermartingale, its error rates, and what it decides."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from trust.certify.certify_twin import slow_test

from regcore.errors import UsageError
from regcore.evaluation.verdict import Outcome
from regcore.trust.certify import bets as bets_module
from regcore.trust.certify.bets import Bets
from regcore.trust.certify.sequential_test import Question, SequentialTest
from regcore.trust.certify.wealth import Wealth

Values = NDArray[np.int64]


def population(images: int, lost: int, won: int, seed: int = 0) -> Values:
    values = np.zeros(images, np.int64)
    values[:lost], values[lost : lost + won] = 1, -1
    np.random.default_rng(seed).shuffle(values)
    return values


def orders(images: int, lost: int, won: int) -> Iterator[Values]:
    """Every order of a population once; they are equally likely."""
    for ones in combinations(range(images), lost):
        others = [place for place in range(images) if place not in ones]
        for minus in combinations(others, won):
            values = np.zeros(images, np.int64)
            values[list(ones)], values[list(minus)] = 1, -1
            yield values


def decide(test: SequentialTest, values: Values, step: int = 1000) -> SequentialTest:
    for first in range(0, len(values), step):
        some = values[first : first + step]
        test.draw(some, some)
        if test.decided_at is not None:
            break
    return test


CASES = st.tuples(
    st.integers(1, 700), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 20), st.integers(0, 99)
)


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(CASES, st.sampled_from([0.01, 0.05, 0.3]), st.integers(1, 50))
def test_it_is_its_slow_twin(
    case: tuple[int, float, float, float, int], alpha: float, step: int
) -> None:
    images, lost, won, margin, seed = case
    values = population(images, int(lost * images), int(won * images), seed)
    outcome, decided_at, logs = slow_test(values.tolist(), images, margin, alpha)
    test = SequentialTest(Question(images, margin, alpha))
    for first in range(0, images, step):
        some = values[first : first + step]
        test.draw(some, some)
    assert (test.outcome.value, test.decided_at) == (outcome, decided_at)
    allowed = test.question.allowed
    both = Wealth(
        Bets(images, allowed, alpha), np.array([allowed + 1, allowed]), np.array([1, -1])
    ).draw(np.stack([values, values], axis=1))
    for found, expected in zip(both.tolist(), logs, strict=True):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("parts", [1, 3, 200])
@pytest.mark.parametrize(("images", "lost", "won"), [(8, 2, 1), (7, 0, 3), (9, 4, 0), (6, 1, 1)])
def test_wealth_is_a_supermartingale_over_all_orders(
    images: int, lost: int, won: int, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bets_module, "PARTS", parts)
    total = lost - won
    totals = np.arange(-images, images + 1)
    every = list(orders(images, lost, won))
    for side in (1, -1):
        true = totals[side * (total - totals) >= 0]  # hypotheses that hold
        sides = np.full(len(true), side)
        paths = [
            np.exp(Wealth(Bets(images, 1, 0.05), true, sides).draw(np.tile(o, (len(true), 1)).T))
            for o in every
        ]
        mean = np.mean(paths, axis=0)
        assert np.isfinite(mean).all()
        assert (mean <= 1 + 1e-12).all()
        # On the edge of the hypothesis nothing is given away.
        np.testing.assert_allclose(mean[:, np.flatnonzero(true == total)[0]], 1, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0.1, 0.4])
@pytest.mark.parametrize("won", [0, 1])
def test_wrong_verdicts_are_as_rare_as_promised_over_all_orders(alpha: float, won: int) -> None:
    images, allowed = 9, 1
    question = Question(images, 100 * allowed / images + 1e-9, alpha)
    assert question.allowed == allowed
    for total, wrong in ((allowed + 1, Outcome.PASS), (allowed, Outcome.FAIL)):
        found = [
            decide(SequentialTest(question), order).outcome
            for order in orders(images, total + won, won)
        ]
        assert sum(outcome is wrong for outcome in found) <= alpha * len(found)
        assert Outcome.UNDECIDED not in found


@pytest.mark.slow
@settings(deadline=None, max_examples=15)
@given(CASES)
def test_after_all_images_the_verdict_is_the_truth_unless_it_came_before(
    case: tuple[int, float, float, float, int],
) -> None:
    images, lost, won, margin, seed = case
    values = population(images, int(lost * images), int(won * images), seed)
    test = decide(SequentialTest(Question(images, margin, 1e-5)), values)
    passes = int(values.sum()) <= test.question.allowed
    assert test.outcome is (Outcome.PASS if passes else Outcome.FAIL)
    low, high = test.drop()
    if test.decided_at == images:
        assert low == pytest.approx(100 * values.sum() / images)
        assert high == pytest.approx(100 * values.sum() / images)


@pytest.mark.slow
def test_the_drop_agrees_with_the_verdict_and_narrows() -> None:
    values = population(20_000, 400, 100, seed=3)
    test = SequentialTest(Question(20_000, 0.5, 0.05))
    before = test.drop()
    assert before == (-100, 100)
    for first in range(0, len(values), 500):
        some = values[first : first + 500]
        test.draw(some, some)
        now = test.drop()
        assert before.low <= now.low <= now.high <= before.high
        assert (test.outcome is Outcome.FAIL) == (now.low > 0.5)
        before = now
    assert test.outcome is Outcome.FAIL


def test_what_could_not_be_evaluated_counts_against_either_verdict() -> None:
    unknown, none = np.ones(1000, np.int64), np.zeros(1000, np.int64)
    test = SequentialTest(Question(1000, 10, 0.05))
    test.draw(unknown, -unknown)
    assert test.outcome is Outcome.UNDECIDED
    assert test.drop() == (-100, 100)
    test = SequentialTest(Question(1000, 10, 0.05))
    lost = (np.arange(1000) % 20 == 0).astype(np.int64)
    test.draw(none + lost, none)  # five in a hundred, at worst
    assert test.outcome is Outcome.PASS


def test_sizes() -> None:
    """Steady ports pass by a few hundred images, and broken ones fail by some dozens."""
    same = decide(SequentialTest(Question(50_000, 0.5, 0.05)), population(50_000, 0, 0), 50)
    assert same.outcome is Outcome.PASS
    assert same.decided_at is not None
    assert same.decided_at < 1000
    broken = decide(SequentialTest(Question(50_000, 0.5, 0.05)), population(50_000, 39_000, 50), 9)
    assert broken.outcome is Outcome.FAIL
    assert broken.decided_at is not None
    assert broken.decided_at < 60


def test_the_margin_itself_passes() -> None:
    assert Question(50_000, 0.5, 0.05).allowed == 250
    assert Question(1000, 0.3, 0.05).allowed == 3  # which as float is a little less
    assert math.isclose(Question(50_000, 0.5, 0.05).points(250), 0.5)


@pytest.mark.parametrize(("images", "alpha"), [(0, 0.05), (10, 0.0), (10, 0.6), (10, math.nan)])
def test_what_is_no_question(images: int, alpha: float) -> None:
    with pytest.raises(UsageError):
        Question(images, 0.5, alpha)

"""Intervals and tests against scipy and statsmodels, and at the ends of their ranges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regcore.evaluation.intervals import detectable_drop, mcnemar, paired_difference, wilson

counts = st.integers(1, 60_000)


@pytest.mark.slow
@settings(deadline=None)
@given(counts, st.floats(0, 1), st.sampled_from([0.9, 0.95, 0.99]))
def test_wilson_is_that_of_statsmodels(count: int, share: float, confidence: float) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    hits = round(share * count)
    low, high = proportion.proportion_confint(hits, count, 1 - confidence, method="wilson")
    found = wilson(hits, count, confidence)
    assert found.low == pytest.approx(low, abs=1e-12)
    assert found.high == pytest.approx(high, abs=1e-12)
    assert 0 <= found.low <= hits / count <= found.high <= 1


@pytest.mark.slow
@settings(deadline=None)
@given(st.integers(0, 5000), st.integers(0, 5000))
def test_mcnemar_is_the_exact_binomial_test(lost: int, won: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(lost, lost + won, 0.5).pvalue if lost + won else 1.0
    assert mcnemar(lost, won) == pytest.approx(expected, rel=1e-8)
    contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
    table = [[10, lost], [won, 10]]
    if lost + won:
        assert mcnemar(lost, won) == pytest.approx(
            contingency.mcnemar(table, exact=True).pvalue, rel=1e-8
        )


@pytest.mark.slow
@settings(deadline=None)
@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 60_000))
def test_the_paired_interval_is_agrestis_and_mins(lost: int, won: int, alike: int) -> None:
    count = lost + won + alike
    found = paired_difference(lost, won, count)
    if count == 0:
        assert (found.low, found.high) == (-1, 1)
        return
    # Wald's interval of a table with half an image more in each cell, from its own definition.
    stats = pytest.importorskip("scipy.stats")
    p12, p21 = (won + 0.5) / (count + 2), (lost + 0.5) / (count + 2)
    error = math.sqrt(((p12 + p21) - (p12 - p21) ** 2) / (count + 2))
    low, high = stats.norm.interval(0.95, loc=p12 - p21, scale=error)
    assert found.low == pytest.approx(max(-1, low), abs=1e-12)
    assert found.high == pytest.approx(min(1, high), abs=1e-12)
    mirrored = paired_difference(won, lost, count)
    assert (mirrored.low, mirrored.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


def test_without_flips_nothing_divides_by_zero() -> None:
    assert mcnemar(0, 0) == 1.0
    found = paired_difference(0, 0, 50_000)
    assert -0.001 < found.low < 0 < found.high < 0.001
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)
    assert wilson(0, 10).low == 0
    assert wilson(10, 10).high == 1
    assert detectable_drop(0.5, 0) == 1.0


def test_a_drop_from_all_right_is_told_by_the_binomial_distribution() -> None:
    for count in (5, 200):
        drop = detectable_drop(1.0, count)
        assert (1 - drop) ** count == pytest.approx(0.05)
        assert detectable_drop(0.0, count) == drop


def test_detectable_drop() -> None:
    # 1.645 standard errors of 0.186 points.
    assert 100 * detectable_drop(0.7785, 50_000) == pytest.approx(0.3055, abs=1e-3)

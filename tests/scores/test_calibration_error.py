"""The calibration error against its formula in exact arithmetic, and scikit-learn's bins."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regcore import UsageError
from regcore.scores.calibration_error import CalibrationError

#: Each confidence is rounded to 2**-40.
WITHIN = 2.0**-40


def softmax(row: list[float]) -> list[float]:
    largest = max(row)
    powers = [math.exp(value - largest) for value in row]
    total = math.fsum(powers)
    return [power / total for power in powers]


def first_choice(row: Any) -> int:
    return max(range(len(row)), key=lambda k: (row[k], -k))


def slow_twin(choices: list[tuple[float, bool]], bins: int = 15) -> float:
    """Equation 3 of Guo et al. (2017), bin by bin; choices: confidence, and whether it is right."""
    error = Fraction(0)
    for m in range(1, bins + 1):
        inside = [
            (Fraction(confidence), right)
            for confidence, right in choices
            if (m - 1) / bins < confidence <= m / bins or (m == 1 and confidence == 0)
        ]
        if inside:
            confidence = sum(value for value, _ in inside) / len(inside)
            accuracy = Fraction(sum(right for _, right in inside), len(inside))
            error += Fraction(len(inside), len(choices)) * abs(accuracy - confidence)
    return float(error)


def counted(scores: Any, labels: Any, **options: Any) -> CalibrationError:
    metric = CalibrationError(**options)
    metric.update(scores, labels)
    return metric


ROWS = st.integers(2, 6).flatmap(
    lambda classes: st.lists(
        st.tuples(
            st.lists(st.floats(-30, 30, width=32), min_size=classes, max_size=classes),
            st.integers(0, classes - 1),
        ),
        min_size=1,
        max_size=30,
    )
)


@pytest.mark.slow
@given(ROWS, st.integers(1, 20))
def test_logits_as_by_the_definition(rows: list[tuple[list[float], int]], bins: int) -> None:
    edges = np.arange(1, bins) / bins
    # The last bit of a softmax decides on the bin of what lies on an edge.
    rows = [row for row in rows if all(abs(max(softmax(row[0])) - e) > 1e-12 for e in edges)]
    metric = CalibrationError(bins)
    for scores, label in rows:
        metric.update(np.float32([scores]), [label])
    choices = [(max(softmax(scores)), first_choice(scores) == label) for scores, label in rows]
    expected = pytest.approx(slow_twin(choices, bins), abs=1e-11) if rows else None
    assert metric.error == expected


FEW = st.sampled_from([0.0, 0.2, 0.25, 1 / 3, 0.5, 0.6, 0.75, 0.8, 1.0])
PROBABLE = st.lists(
    st.tuples(st.lists(FEW | st.floats(0, 1), min_size=4, max_size=4), st.integers(0, 3)),
    min_size=1,
    max_size=30,
)


@pytest.mark.slow
@given(PROBABLE, st.sampled_from([np.float32, np.float16]), st.sampled_from([4, 8, 15]))
def test_probabilities_as_by_the_definition_also_on_the_edges_of_bins(
    rows: list[tuple[list[float], int]], dtype: Any, bins: int
) -> None:
    scores = np.array([row for row, _ in rows], dtype)
    labels = [label for _, label in rows]
    metric = counted(scores, labels, bins=bins, scores_are="probabilities")
    exact = scores.astype(np.float64).tolist()
    choices = [(max(row), first_choice(row) == k) for row, k in zip(exact, labels, strict=True)]
    assert metric.error == pytest.approx(slow_twin(choices, bins), abs=WITHIN)


@pytest.mark.slow
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_bins_are_scikit_learns(scale: float) -> None:
    calibration = pytest.importorskip("sklearn.calibration")
    special = pytest.importorskip("scipy.special")
    rng = np.random.default_rng(0)
    scores = (scale * rng.normal(size=(5000, 20))).astype(np.float32)
    labels = np.where(rng.random(5000) < 0.6, scores.argmax(axis=1), rng.integers(0, 20, 5000))
    confidences = special.softmax(scores.astype(np.float64), axis=1).max(axis=1)
    correct = scores.argmax(axis=1) == labels
    accuracy, confidence = calibration.calibration_curve(correct, confidences, n_bins=15)
    images = np.histogram(confidences, 15, (0, 1))[0]
    expected = (images[images > 0] / 5000 * np.abs(accuracy - confidence)).sum()
    metric = counted(scores, labels)
    assert metric.error == pytest.approx(expected, abs=1e-11)
    assert metric.mean_confidence == pytest.approx(confidences.mean(), abs=1e-11)


def test_an_example_by_hand() -> None:
    scores = [[0.9, 0.1], [0.9, 0.1], [0.35, 0.65], [0.5, 0.5]]
    metric = counted(np.array(scores, np.float64).astype(np.float32), [0, 1, 1, 1],
                     scores_are="probabilities")  # fmt: skip
    # Two of 0.9 with one right, one of 0.65 that is right, one of 0.5 whose first choice is 0.
    assert metric.error == pytest.approx((0.8 + 0.35 + 0.5) / 4, abs=1e-7)
    assert metric.result()["error"].value == pytest.approx(41.25, abs=1e-5)
    assert repr(metric) == "<CalibrationError: 4 images, ECE 41.25%>"
    assert repr(CalibrationError()) == "<CalibrationError: 0 images>"


def test_a_model_that_is_sure_and_right_has_no_error() -> None:
    assert counted(100 * np.eye(5, dtype=np.float32), np.arange(5)).error == 0
    assert counted(100 * np.eye(5, dtype=np.float32), (np.arange(5) + 1) % 5).error == 1


def test_without_a_number_there_is_no_confidence() -> None:
    inf, nan = np.inf, np.nan
    scores = np.float32([[1, nan, 0], [inf, 0, 0], [inf, inf, 0], [-inf] * 3, [1, 0, -inf]])
    metric = counted(scores, [0, 0, 0, 0, 0])
    assert (metric.count, metric.without_confidence) == (1, 4)
    assert metric.error == pytest.approx(1 - 1 / (1 + math.exp(-1)), abs=WITHIN)
    metric = counted(np.float32([[0.25, nan], [0.25, 0.5]]), [1, 1], scores_are="probabilities")
    assert (metric.count, metric.without_confidence, metric.error) == (1, 1, 0.5)


def test_bits_of_bfloat16_are_floats() -> None:
    scores = np.random.default_rng(1).normal(size=(40, 9)).astype(ml_dtypes.bfloat16)
    labels = np.arange(40) % 9
    expected = counted(scores.astype(np.float32), labels).result()
    assert counted(scores.view(np.uint16), labels).result() == expected


def test_probabilities_that_are_taken_for_logits_are_noticed() -> None:
    logits = np.random.default_rng(2).normal(size=(300, 1000)).astype(np.float32)
    labels = np.zeros(300, np.int64)
    assert counted(logits, labels).normalized == 0
    of_sum_1 = logits - logits.mean(axis=1, keepdims=True) + np.float32(0.001)
    assert counted(of_sum_1, labels).normalized == 0
    powers = np.exp(logits)
    for dtype in (np.float32, np.float16):
        probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(dtype)
        assert counted(probabilities, labels).normalized == 300


def test_what_is_no_probability_is_refused_before_anything_is_counted() -> None:
    scores = np.full((600, 3), 0.5, np.float32)
    scores[599, 1] = 1.5
    metric = CalibrationError(scores_are="probabilities")
    with pytest.raises(UsageError, match=r"1\.5 is no probability"):
        metric.update(scores, np.zeros(600, np.int64))
    assert metric.count == 0


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_integers_have_no_confidence(dtype: Any) -> None:
    with pytest.raises(TypeError, match="floating point"):
        counted(np.zeros((1, 3), dtype), [0])


def test_other_settings_are_not_merged() -> None:
    for other in (CalibrationError(10), CalibrationError(scores_are="probabilities")):
        with pytest.raises(ValueError, match="cannot merge"):
            CalibrationError().merge(other)
    with pytest.raises(ValueError, match="bins"):
        CalibrationError(0)
    with pytest.raises(ValueError, match="logits or probabilities"):
        CalibrationError(scores_are="odds")  # type: ignore[arg-type]

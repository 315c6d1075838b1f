"""The rules for ties against the libraries that they are named after, on data full of ties."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from regcore import ranks, topn_accuracy

IMAGES, CLASSES = 400, 12


@pytest.fixture(params=[np.float32, np.float16, np.int8])
def scores(request: pytest.FixtureRequest) -> Any:
    """Few different values, and some rows of one alone."""
    values = np.random.default_rng(2).integers(-2, 3, (IMAGES, CLASSES))
    values[::10] = 1
    return values.astype(request.param)


@pytest.fixture
def labels() -> Any:
    return np.random.default_rng(3).integers(0, CLASSES, IMAGES)


def test_lowest_is_numpys_stable_argsort(scores: Any, labels: Any) -> None:
    order = np.argsort(-scores.astype(np.float64), axis=1, kind="stable")
    expected = (order == labels[:, np.newaxis]).argmax(axis=1)
    np.testing.assert_array_equal(ranks(scores, labels), expected)


@pytest.mark.slow
def test_highest_is_scikit_learns(scores: Any, labels: Any) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    ours = topn_accuracy(scores, labels, CLASSES, ties="highest")
    for k in range(1, CLASSES):
        share = metrics.top_k_accuracy_score(labels, scores, k=k, labels=range(CLASSES))
        assert share == ours.accuracy(k)


def test_optimistic_is_torchevals(
    scores: Any, labels: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setitem(sys.modules, "torchvision", None)  # torcheval can do without
    functional = pytest.importorskip("torcheval.metrics.functional")
    ours = topn_accuracy(scores, labels, CLASSES, ties="optimistic")
    for k in range(2, CLASSES):  # for k = 1 torcheval takes torch.argmax
        theirs = functional.multiclass_accuracy(
            torch.tensor(scores), torch.tensor(labels), num_classes=CLASSES, k=k
        )
        assert float(theirs) == np.float32(ours.accuracy(k))


def test_optimistic_is_tensorflows(scores: Any, labels: Any) -> None:
    tensorflow = pytest.importorskip("tensorflow")
    ours = ranks(scores, labels, ties="optimistic")
    for k in range(1, CLASSES + 1):
        theirs = tensorflow.math.in_top_k(labels, scores.astype(np.float32), k)
        np.testing.assert_array_equal(theirs.numpy(), ours < k)


def test_optimistic_is_in_top_k_as_documented(scores: Any, labels: Any) -> None:
    """TensorFlow: `out_i = predictions_{i, targets_i} in TopKIncludingTies(predictions_i)`."""
    exact = scores.astype(np.float64)
    target = exact[np.arange(IMAGES), labels]
    ours = ranks(scores, labels, ties="optimistic")
    for k in range(1, CLASSES + 1):
        kth = np.sort(exact, axis=1)[:, -k]  # whatever equals the k-th is in
        np.testing.assert_array_equal(target >= kth, ours < k)


def test_pessimistic_is_the_worst_of_all_orders(scores: Any, labels: Any) -> None:
    target = np.take_along_axis(scores, labels[:, np.newaxis], axis=1)
    expected = (scores >= target).sum(axis=1) - 1
    np.testing.assert_array_equal(ranks(scores, labels, ties="pessimistic"), expected)


def test_all_rules_agree_without_ties(labels: Any) -> None:
    scores = np.random.default_rng(4).permuted(
        np.tile(np.arange(CLASSES, dtype=np.float32), (IMAGES, 1)), axis=1
    )
    best = ranks(scores, labels)
    for rule in ("highest", "optimistic", "pessimistic"):
        np.testing.assert_array_equal(ranks(scores, labels, ties=rule), best)
    assert topn_accuracy(scores, labels).tied == 0


def test_a_constant_output_is_perfect_only_to_the_optimist(labels: Any) -> None:
    scores = np.zeros((IMAGES, CLASSES), np.float32)
    hits = {rule: topn_accuracy(scores, labels, 2, ties=rule).hits.tolist() for rule in RULES}
    assert hits["optimistic"] == [IMAGES, IMAGES]
    assert hits["pessimistic"] == [0, 0]
    assert hits["lowest"] == [int((labels < n).sum()) for n in (1, 2)]
    assert hits["highest"] == [int((labels >= CLASSES - n).sum()) for n in (1, 2)]
    assert topn_accuracy(scores, labels).tied == IMAGES


RULES: Any = ("lowest", "highest", "optimistic", "pessimistic")

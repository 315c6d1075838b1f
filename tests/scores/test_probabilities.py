"""Probabilities of scores, against SciPy's softmax."""

from __future__ import annotations

import numpy as np
import pytest

from regcore.scores.probabilities import are_probabilities, are_shares, softmax


def test_softmax_is_scipys() -> None:
    special = pytest.importorskip("scipy.special")
    rng = np.random.default_rng(7)
    scores = (rng.normal(size=(50, 1000)) * 30).astype(np.float16)
    expected = special.softmax(scores.astype(np.float64), axis=1)
    np.testing.assert_allclose(softmax(scores), expected, rtol=1e-12)
    assert not are_probabilities(scores).any()
    assert are_probabilities(expected.astype(np.float16)).all()
    assert are_probabilities(np.eye(3)).all()


def test_what_has_no_probability() -> None:
    rows = np.array([[np.nan, 1], [np.inf, 1], [-np.inf, -np.inf], [1, 1]])
    assert np.isnan(softmax(rows)).any(axis=1).tolist() == [True, True, True, False]
    assert not are_probabilities(rows).any()


def test_what_a_sigmoid_gives() -> None:
    rows = np.array([[0.9, 0.8], [0, 1], [0.5, 1.1], [-0.1, 0.5], [0.5, np.nan]], np.float32)
    assert are_shares(rows).tolist() == [True, True, False, False, False]

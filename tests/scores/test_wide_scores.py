"""Scores of types that the kernels do not read, against a sort of the scores themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regcore import TopN, ranks, topk, topn_accuracy
from regcore.scores.wide import TYPES

#: Equal in float32, or beyond its range; the last ones are each other's neighbours.
CLOSE = [0.0, -0.0, 1.0, 1 + 2**-52, 1 + 2**-30, 1 - 2**-53, -1e300, 1e300, 2e300, 1e-310, 5e-324]
OTHERS = [np.nan, np.inf, -np.inf, 3.0]
INTEGERS = [0, 1, 2, 2**24, 2**24 + 1, 2**31 - 1, 2**53, 2**53 + 1, 2**63 - 1]


def some_scores(dtype: str, rng: Any, images: int, classes: int) -> Any:
    if dtype == "float64":
        return rng.choice(np.array(CLOSE + OTHERS), (images, classes))
    info = np.iinfo(dtype)
    signed = [value * sign for value in INTEGERS for sign in (1, -1)]
    values = [value for value in (*signed, info.min, info.max) if info.min <= value <= info.max]
    return rng.choice(np.array(values, dtype), (images, classes))


def order_of(row: Any) -> list[int]:
    """From the highest score on, in Python's own numbers: equal ones by class, NaN last."""
    scores = row.tolist()
    return sorted(range(len(scores)), key=lambda c: (scores[c] != scores[c], -scores[c], c))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("classes", [1, 3, 15, 70])
def test_the_order_is_that_of_the_scores_themselves(dtype: str, classes: int) -> None:
    rng = np.random.default_rng(classes)
    scores = some_scores(dtype, rng, 300, classes)
    orders = np.array([order_of(row) for row in scores])
    for k in {1, min(5, classes), classes}:
        values, indices = topk(scores, k, workers=2)
        np.testing.assert_array_equal(indices, orders[:, :k])
        assert values.dtype == scores.dtype
        assert values.tobytes() == np.take_along_axis(scores, indices, axis=1).tobytes()
    labels = rng.integers(0, classes, len(scores))
    of_label = orders.argsort(axis=1)[np.arange(len(scores)), labels]
    own = scores[np.arange(len(scores)), labels]
    expected = np.where(np.isnan(own), classes, of_label)
    np.testing.assert_array_equal(ranks(scores, labels), expected)


@given(st.lists(st.sampled_from(CLOSE + OTHERS), min_size=1, max_size=40), st.data())
def test_lists_of_one_image(scores: list[float], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(scores)))
    label = data.draw(st.integers(0, len(scores) - 1))
    values, indices = topk(scores, k)
    assert indices.tolist() == order_of(np.array(scores))[:k]
    assert values.shape == (k,)
    rank = ranks(scores, label)
    assert rank.shape == (1,)
    counted = topn_accuracy(scores, [label], len(scores))
    hit = scores[label] == scores[label]
    assert counted.hits.tolist() == [int(hit and rank[0] <= place) for place in range(len(scores))]


@pytest.mark.parametrize("ties", ["lowest", "highest", "optimistic", "pessimistic"])
def test_ties_and_nan_are_counted_as_of_float32(ties: Any) -> None:
    rng = np.random.default_rng(2)
    scores = rng.choice(np.array([0, 1, 2, np.nan]), (500, 9))
    labels = rng.integers(0, 9, 500)
    wide, narrow = (topn_accuracy(s, labels, ties=ties) for s in (scores, np.float32(scores)))
    assert (wide.hits.tolist(), wide.tied, wide.nan) == (
        narrow.hits.tolist(),
        narrow.tied,
        narrow.nan,
    )


def test_equal_only_when_rounded_is_no_tie() -> None:
    scores = np.array([[1.0, 1 + 1e-12, 1 - 1e-12]])
    assert topk(scores, 3)[1].tolist() == [[1, 0, 2]]
    assert topn_accuracy(scores, [1]).tied == 0
    assert topn_accuracy(np.float32(scores), [1]).tied == 1


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "int64", "int32", "uint8"])
def test_tensors(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    scores = (torch.randn(50, 30, generator=torch.Generator().manual_seed(1)) * 50).abs()
    scores = scores.to(getattr(torch, dtype))
    labels = torch.arange(50) % 30
    wide = scores.to(torch.float64).numpy()
    np.testing.assert_array_equal(topk(scores, 4)[1], topk(wide, 4)[1])
    np.testing.assert_array_equal(ranks(scores, labels), ranks(wide, labels.numpy()))
    counting = TopN()
    counting.update(scores.requires_grad_(dtype.startswith(("f", "b"))), labels)
    counting.update(scores[0], labels[0])
    assert counting.count == 51


def test_a_tensor_without_values_is_refused() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"^scores cannot be read from this tensor: [^\n]+"):
        topk(torch.empty(2, 3, device="meta"), 1)
    with pytest.raises(TypeError, match=r"^labels cannot be read from this tensor: [^\n]+"):
        ranks(np.eye(2), torch.empty(2, dtype=torch.int64, device="meta"))

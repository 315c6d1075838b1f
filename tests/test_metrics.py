"""topk against NumPy's stable sort, TopN against counting by hand, result.json byte by byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regcore import DatasetError, TopN, topk
from regcore.metrics import class_indices, guide_result, percent, write_guide_result

FEW_VALUES = st.sampled_from([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 0.5])


def twin(scores: Any, k: int) -> tuple[Any, Any]:
    """The same by a stable sort; NumPy sorts NaN last."""
    indices = np.argsort(-scores.astype(np.float32), axis=-1, kind="stable")[..., :k]
    return np.take_along_axis(scores.astype(np.float32), indices, axis=-1), indices


@given(st.data())
def test_topk_equals_a_stable_sort(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from([np.float32, np.float16]))
    shape = data.draw(st.tuples(st.integers(0, 5), st.integers(1, 40)))
    width = np.dtype(dtype).itemsize * 8
    scores = data.draw(arrays(dtype, shape, elements=FEW_VALUES | st.floats(width=width)))
    k = data.draw(st.integers(1, shape[1]))
    values, indices = topk(scores, k)
    expected_values, expected_indices = twin(scores, k)
    assert (values.dtype, indices.dtype) == (np.float32, np.int64)
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_array_equal(values, expected_values)


@pytest.mark.parametrize("classes", [1, 7, 1000, 1001, 10_003])
@pytest.mark.parametrize("k", [1, 5, 1000])
def test_topk_on_real_sizes(classes: int, k: int) -> None:
    scores = np.random.default_rng(classes).normal(size=(13, classes)).astype(np.float32).round(1)
    k = min(k, classes)
    values, indices = topk(scores, k)
    expected_values, expected_indices = twin(scores, k)
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_array_equal(values, expected_values)


def test_topk_of_one_row_and_of_any_memory_order() -> None:
    scores = np.arange(24, dtype=np.float32).reshape(4, 6)
    values, indices = topk(scores[2], 2)
    assert (values.tolist(), indices.tolist()) == ([17, 16], [5, 4])
    assert topk(scores[::2, ::-2], 1)[1].tolist() == [[0], [0]]
    assert topk(np.asfortranarray(scores), 1)[1].tolist() == [[5]] * 4


@pytest.mark.parametrize("dtype", [np.float64, np.int32, ">f4", bool])
def test_topk_says_which_types_it_takes(dtype: Any) -> None:
    with pytest.raises(TypeError, match="float32 or float16"):
        topk(np.zeros((2, 3), dtype=dtype), 1)


@pytest.mark.parametrize(("shape", "k"), [((2, 3), 0), ((2, 3), 4), ((2, 3), -1), ((2, 0), 1)])
def test_topk_needs_a_k_within_the_classes(shape: tuple[int, ...], k: int) -> None:
    with pytest.raises(ValueError, match="k must lie between"):
        topk(np.zeros(shape, dtype=np.float32), k)


@pytest.mark.parametrize("shape", [(), (2, 3, 4)])
def test_topk_needs_rows(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="-D"):
        topk(np.zeros(shape, dtype=np.float32), 1)


def scores_with_rank(ranks: list[int], labels: list[int], classes: int) -> Any:
    """Scores in which the label of image i has the rank ranks[i], counted from 1."""
    scores = np.zeros((len(ranks), classes), dtype=np.float32)
    for row, rank, label in zip(scores, ranks, labels, strict=True):
        others = [c for c in range(classes) if c != label]
        order = [*others[: rank - 1], label, *others[rank - 1 :]]
        row[order] = np.arange(classes, 0, -1)
    return scores


def test_topn_counts_by_rank() -> None:
    topn = TopN()
    topn.update(scores_with_rank([1, 2, 2, 5, 6], [3, 4, 0, 9, 1], 10), [3, 4, 0, 9, 1])
    assert (topn.count, topn.classes) == (5, 10)
    assert topn.hits.tolist() == [1, 3, 3, 3, 4]
    assert topn.accuracy(2) == 3 / 5


def test_topn_merges_to_the_same_count() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(100, 20)).astype(np.float16)
    labels = rng.integers(0, 20, 100)
    whole, left, right = TopN(), TopN(), TopN()
    whole.update(scores, labels)
    left.update(scores[:33], labels[:33])
    right.update(scores[33:], labels[33:])
    left.merge(right)
    left.merge(TopN())
    assert (left.count, left.hits.tolist()) == (whole.count, whole.hits.tolist())
    empty = TopN()
    empty.merge(whole)
    assert guide_result(empty) == guide_result(whole)


def test_nan_is_never_a_hit() -> None:
    topn = TopN()
    topn.update(np.full((2, 3), np.nan, dtype=np.float32), [0, 1])
    topn.update(np.array([[np.nan, 1, 2]], dtype=np.float32), [2])
    assert topn.hits.tolist() == [1, 1, 1]
    assert topn.count == 3


@pytest.mark.parametrize(("classes", "shift"), [(1000, 0), (1001, 1), (1002, 0), (10, 0)])
def test_only_1001_classes_begin_with_the_background(classes: int, shift: int) -> None:
    last = classes - shift - 1
    assert class_indices([0, last], classes).tolist() == [shift, last + shift]
    for wrong in (-1, last + 1):
        with pytest.raises(DatasetError, match=f"label {wrong} does not fit.*{classes} classes"):
            class_indices([0, wrong], classes)


def test_topn_refuses_what_does_not_go_together() -> None:
    topn = TopN()
    scores = np.zeros((2, 10), dtype=np.float32)
    with pytest.raises(ValueError, match="labels"):
        topn.update(scores, [1])
    with pytest.raises(TypeError, match="integers"):
        topn.update(scores, [1.0, 2.0])
    topn.update(scores, [1, 2])
    with pytest.raises(ValueError, match="classes"):
        topn.update(np.zeros((1, 11), dtype=np.float32), [1])
    with pytest.raises(ValueError, match="Top3"):
        topn.merge(TopN(3))
    with pytest.raises(ValueError, match="rank"):
        topn.accuracy(6)
    assert topn.count == 2


def counted(hits: list[int], count: int, classes: int = 1000) -> TopN:
    """A TopN with `hits` images at the ranks 1, 2, ... among `count`."""
    topn = TopN()
    ranks = [rank for rank, n in enumerate(hits) for _ in range(n)] + [-1] * (count - sum(hits))
    indices = np.full((count, min(5, classes)), classes - 1, dtype=np.int64)
    for row, rank in zip(indices, ranks, strict=True):
        if rank >= 0:
            row[rank] = 0
    topn.update_ranked(np.zeros(indices.shape, np.float32), indices, [0] * count, classes)
    return topn


def test_result_json_is_the_guides_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text("older")
    write_guide_result(path, counted([7, 0, 1, 0, 0], 8))
    assert path.read_bytes() == (
        b'{"title": "Overall statistical evaluation", "value": ['
        b'{"key": "Number of images", "value": "8"}, '
        b'{"key": "Number of classes", "value": "1000"}, '
        b'{"key": "Top1 accuracy", "value": "87.5%"}, '
        b'{"key": "Top2 accuracy", "value": "87.5%"}, '
        b'{"key": "Top3 accuracy", "value": "100.0%"}, '
        b'{"key": "Top4 accuracy", "value": "100.0%"}, '
        b'{"key": "Top5 accuracy", "value": "100.0%"}]}'
    )
    assert list(tmp_path.iterdir()) == [path]


def test_result_json_of_few_classes_and_of_nothing() -> None:
    keys = [row["key"] for row in guide_result(counted([1, 1], 2, classes=3))["value"]]
    assert keys[2:] == ["Top1 accuracy", "Top2 accuracy", "Top3 accuracy"]
    assert [row["value"] for row in guide_result(TopN())["value"]] == ["0", "0"]


def test_rounding_is_numpys() -> None:
    topn = counted([7986], 8000)
    assert guide_result(topn)["value"][2]["value"] == "99.82%"
    assert round(topn.accuracy(1) * 100, 2) == 99.83
    assert percent(0.0) == "0.0%"


def test_a_failed_write_leaves_the_old_result(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text("older")
    with pytest.raises(TypeError):
        write_guide_result(path, counted([1], 1), {"not": {"for json"}})
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]

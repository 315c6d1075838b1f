"""TopN against counting by hand, result.json byte by byte."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regcore import DatasetError, TopN, ranks, topn_accuracy
from regcore.evaluation.predictions_csv import TopPredictions, read_predictions, write_predictions
from regcore.formats.guide_result import guide_result, percent, write_guide_result
from regcore.scores.accumulator import ScoreAccumulator
from regcore.scores.labels import class_indices
from regcore.scores.ranks import TIES, Ties, label_ranks
from regcore.scores.topk import best_classes, top1


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
    topn.update(np.array([[np.nan, 1, 2], [0, 1, 2]], dtype=np.float32), [2, 0])
    assert topn.hits.tolist() == [1, 1, 2]
    assert (topn.count, topn.nan, topn.tied) == (4, 3, 0)


def test_nan_is_an_error_on_request() -> None:
    topn = TopN(on_nan="raise")
    scores = np.zeros((4, 3), dtype=np.float32)
    topn.update(scores, [0, 1, 2, 0])
    scores[2, 1] = np.nan
    with pytest.raises(ValueError, match="image 2 hold NaN"):
        topn.update(scores, [0, 1, 2, 0])
    assert topn.count == 4
    with pytest.raises(ValueError, match="on_nan"):
        TopN(on_nan="drop")  # type: ignore[arg-type]


@pytest.mark.parametrize("ties", TIES)
def test_ties_are_counted_where_they_can_matter(ties: Ties) -> None:
    scores = np.array(
        [
            [5, 5, 0, 0],  # rank 0 or 1
            [5, 3, 3, 0],  # rank 1 or 2
            [5, 4, 1, 1],  # rank 2 or 3
            [9, 8, 7, 0],  # not tied
            [9, 1, 1, 1],  # rank 1 to 3, label in the middle
        ],
        dtype=np.float16,
    )
    labels = [0, 1, 2, 3, 2]
    expected = {  # by hand, ranks of the five
        "lowest": [0, 1, 2, 3, 2],
        "highest": [1, 2, 3, 3, 2],
        "optimistic": [0, 1, 2, 3, 1],
        "pessimistic": [1, 2, 3, 3, 3],
    }
    assert ranks(scores, labels, ties=ties).tolist() == expected[ties]
    for n, tied in [(1, 1), (2, 3), (3, 4), (4, 4)]:
        topn = topn_accuracy(scores, labels, n, ties=ties)
        assert topn.tied == tied
        best = np.array(expected[ties])
        assert topn.hits.tolist() == [int((best < r).sum()) for r in range(1, n + 1)]


@pytest.mark.parametrize("ties", TIES)
def test_places_are_tallied_as_numpy_would(ties: Ties) -> None:
    rng = np.random.default_rng(8)
    scores = rng.choice(np.array([0.0, 1.0, 2.0, np.nan], np.float32), (500, 6))
    places = label_ranks(scores, rng.integers(0, 6, 500))
    for n in (1, 3, 6):
        hits = np.ones(n + 1, np.int64)
        tied, nan = places.count_hits(ties, hits)
        expected = np.minimum(places.ranks(ties), n)
        assert hits.tolist() == (1 + np.bincount(expected, minlength=n + 1)).tolist()
        equal = places.ties_before + places.ties_after
        assert tied == np.count_nonzero((equal > 0) & (places.above < n))
        assert nan == np.count_nonzero(np.isnan(scores).any(axis=1))


def test_processes_count_for_each_other() -> None:
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 9, size=(60, 20)).astype(np.int8)
    labels = rng.integers(0, 20, 60)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        far = pool.submit(topn_accuracy, scores[:25], labels[:25]).result()
    far.merge(topn_accuracy(scores[25:], labels[25:], workers=3))
    whole = topn_accuracy(scores, labels)
    assert vars(far).keys() == vars(whole).keys()
    assert (far.count, far.tied, far.hits.tolist()) == (60, whole.tied, whole.hits.tolist())
    with pytest.raises(ValueError, match="ties highest"):
        far.merge(TopN(ties="highest"))


def test_a_count_says_what_it_has() -> None:
    assert repr(TopN()) == "<TopN: 0 images>"
    assert repr(counted([7, 0, 1], 8)) == "<TopN: 8 images, Top1 87.5%, Top5 100.0%>"
    assert repr(counted([1], 1, classes=1)) == "<TopN: 1 image, Top1 100.0%>"


@pytest.mark.parametrize("classes", [1000, 1001, 1002, 10])
@pytest.mark.parametrize("background", [False, True])
def test_labels_are_moved_only_where_that_is_asked_for(classes: int, *, background: bool) -> None:
    last = classes - background - 1
    moved = class_indices([0, last], classes, background=background)
    assert moved.tolist() == [background, last + background]
    for wrong in (-1, last + 1):
        with pytest.raises(DatasetError, match=f"label {wrong} does not fit.*{classes} classes"):
            class_indices([0, wrong], classes, background=background)


def test_a_thousand_and_one_classes_are_counted_as_they_are() -> None:
    scores = np.eye(1001, dtype=np.float32)
    labels = np.arange(1001)
    assert topn_accuracy(scores, labels).accuracy(1) == 1
    assert (ranks(scores, labels) == 0).all()
    moved = topn_accuracy(scores[1:], labels[:-1], background=True)
    assert moved.accuracy(1) == 1
    with pytest.raises(ValueError, match="background"):
        moved.merge(TopN())


ANY_SCORE = st.sampled_from([np.nan, np.inf, -np.inf, -1.0, 0.0, -0.0, 2.5])


@given(st.lists(st.lists(ANY_SCORE, min_size=4, max_size=4), min_size=1, max_size=8), st.data())
def test_a_first_choice_is_the_label_where_topn_counts_a_hit(
    rows: list[list[float]], data: st.DataObject
) -> None:
    scores = np.float32(rows)
    labels = np.array([data.draw(st.integers(0, 3)) for _ in rows])
    counting = ScoreAccumulator(labels)
    counting.add(np.arange(len(rows)), scores)
    counting.finish()
    names = tuple(map(str, range(len(rows))))
    found = TopPredictions(names, labels, counting.indices, counting.values)
    assert found.evaluated.all()
    assert int(found.correct.sum()) == int(counting.topn.hits[0])
    assert int(found.correct.sum()) == int((top1(scores) == labels).sum())


def test_predictions_come_back(tmp_path: Path) -> None:
    """Also of images without a number among their scores, and with names that are formulas."""
    names = ("=1+1", "'=x", "'plain", "a,b", 'q"', "n\nl", "\udcff", "@a", "ok", "failed")
    classes = np.full((len(names), 5), -1, np.int64)
    values = np.full((len(names), 5), np.nan, np.float32)
    values[:9], classes[:9] = best_classes(np.float32([[3, 2, np.nan]] * 8 + [[np.nan] * 3]), 5)
    written = TopPredictions(names, np.arange(len(names)), classes, values)
    write_predictions(tmp_path / "d.csv", written)
    read = read_predictions(tmp_path / "d.csv")
    assert read.images == names
    np.testing.assert_array_equal(read.classes, classes)
    np.testing.assert_array_equal(read.scores, values)
    assert read.evaluated.tolist() == [True] * 9 + [False]
    cells = (tmp_path / "d.csv").read_bytes().decode("utf-8", "surrogateescape")
    assert not any(line.startswith(("=", "@", "+", "-")) for line in cells.splitlines())


@pytest.mark.parametrize(("images", "labels"), [(16384, 8192), (8192, 16384), (3, 0), (0, 3)])
def test_every_image_needs_a_label(images: int, labels: int) -> None:
    words = f"scores of {images} images do not go with {labels} labels"
    with pytest.raises(ValueError, match=words):
        topn_accuracy(np.zeros((images, 3), np.float32), np.zeros(labels, np.int64))


def test_no_images_have_no_accuracy() -> None:
    topn = topn_accuracy(np.empty((0, 3), np.float32), [])
    assert np.isnan(topn.accuracy(1))


def test_topn_refuses_what_does_not_go_together() -> None:
    topn = TopN()
    scores = np.zeros((2, 10), dtype=np.float32)
    with pytest.raises(ValueError, match=r"scores of 2 images do not go with 1 label$"):
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
    """A TopN with `hits` images at the ranks 0, 1, ... among `count`."""
    ranks = np.repeat([*range(len(hits)), classes - 1], [*hits, count - sum(hits)])
    scores = np.zeros((count, classes), dtype=np.float32)
    scores[:, 0] = 1  # the label's
    scores[:, 1:] += 2 * (np.arange(1, classes) <= ranks[:, np.newaxis])
    return topn_accuracy(scores, np.zeros(count, dtype=np.int64))


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


@pytest.mark.slow
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


def test_accuracy_of_few_images_and_few_classes() -> None:
    assert np.isnan(TopN().accuracy(1))
    three = topn_accuracy(np.eye(3, dtype=np.float32), [1, 2, 0])
    assert three.hits.tolist() == [0, 2, 3]
    assert three.accuracy(5) == three.accuracy(3) == 1
    with pytest.raises(ValueError, match="between 1 and 5"):
        three.accuracy(6)
    none = topn_accuracy(np.empty((0, 3), np.float32), [])
    assert none.count == 0
    assert np.isnan(none.accuracy(5))


@pytest.mark.parametrize("wrong", ["5", 2.0, True, (1, 5), None])
def test_ranks_that_are_no_whole_numbers_are_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="n must be a whole number, not"):
        TopN(wrong)
    with pytest.raises(TypeError, match="rank must be a whole number, not"):
        TopN().accuracy(wrong)
    with pytest.raises(TypeError, match="workers must be a whole number, not"):
        TopN(workers=wrong)


@pytest.mark.parametrize(
    "labels",
    [
        [0.0, 1.0],
        [0, np.nan],
        ["0", "1"],
        [0, None],
        [0, 1 << 70],
        [[0], [1, 2]],
        [True, False],
        np.ma.masked_array([0, 1], [True, False]),
    ],
)
def test_labels_that_are_no_integers_are_refused(labels: Any) -> None:
    with pytest.raises(TypeError, match=r"^labels [^\n]+$"):
        topn_accuracy(np.eye(2, dtype=np.float32), labels)
    with pytest.raises(TypeError, match=r"^labels [^\n]+$"):
        ranks(np.eye(2, dtype=np.float32), labels)

"""What evaluators of other packages expect, against theirs: torchmetrics' calls, scikit-learn."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from regcore import ClassHits, Confusion, TopN, WeightedTopN, topn_accuracy
from regcore.scores.calibration_error import CalibrationError

CLASSES = 12


def some_scores(images: int, seed: int = 0) -> tuple[Any, Any]:
    """Without NaN and ties, of a model that is often right; the last class has no image."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(images, CLASSES)).astype(np.float32)
    labels = rng.integers(0, CLASSES - 1, images)
    scores[np.arange(images), labels] += 1
    return scores, labels


def test_compute_reset_and_a_call_are_torchmetrics() -> None:
    scores, labels = some_scores(90)
    topn = TopN(3, ignore_index=5, ties="highest")
    for rows in (slice(0, 40), slice(40, 90)):
        of_batch = topn(scores[rows], labels[rows])
        alone = topn_accuracy(scores[rows], labels[rows], 3, ignore_index=5, ties="highest")
        assert of_batch == alone.compute()
    whole = topn_accuracy(scores, labels, 3, ignore_index=5, ties="highest")
    assert topn.compute() == whole.compute()
    assert list(whole.compute()) == ["Top1", "Top2", "Top3"]
    assert whole.compute()["Top2"] == whole.accuracy(2)
    topn.reset()
    assert vars(topn).keys() == vars(whole).keys()
    assert (topn.count, topn.ignored, topn.n, topn.ties) == (0, 0, 3, "highest")
    assert np.isnan(list(topn.compute().values())).all()


@pytest.mark.parametrize("ignore_index", [-100, 3])
def test_ignored_labels_are_in_no_count(ignore_index: int) -> None:
    scores, labels = some_scores(60)
    kept = labels != 3
    labels[~kept] = ignore_index
    expected = topn_accuracy(scores[kept], labels[kept])
    found = topn_accuracy(scores, labels.tolist(), ignore_index=ignore_index)
    assert (found.count, found.ignored) == (int(kept.sum()), int((~kept).sum()))
    assert found.hits.tolist() == expected.hits.tolist()
    with pytest.raises(ValueError, match="ignore_index None and"):
        found.merge(expected)
    only = topn_accuracy(scores[:2], [ignore_index] * 2, ignore_index=ignore_index)
    assert (only.count, only.ignored) == (0, 2)
    for kind in (ClassHits, Confusion, CalibrationError):
        ours, theirs = kind(ignore_index=ignore_index), kind()
        ours.update(scores, labels)
        theirs.update(scores[kept], np.where(kept, labels, 0)[kept])
        assert ours.result() == theirs.result()
        with pytest.raises(ValueError, match="ignore_index None and"):
            ours.merge(theirs)
        ours.reset()
        assert ours.result() == kind().result()
    with pytest.raises(ValueError, match="60 images do not go with 59 labels"):
        topn_accuracy(scores, labels[:-1], ignore_index=ignore_index)


@pytest.mark.slow
def test_weights_are_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    scores, labels = some_scores(400)
    weights = np.random.default_rng(1).random(400) * 3
    counts = [WeightedTopN(), WeightedTopN()]
    for rows in np.array_split(np.random.default_rng(2).permutation(400), 7):
        counts[len(rows) % 2].update(scores[rows], labels[rows], weights[rows])
    far = pickle.loads(pickle.dumps(counts[1]))  # noqa: S301
    far.merge(counts[0])
    whole = WeightedTopN()
    whole.update(scores, labels, weights.tolist())
    assert far.compute() == whole.compute()
    for k in (1, 3, 5):
        theirs = metrics.top_k_accuracy_score(
            labels, scores, k=k, sample_weight=weights, labels=range(CLASSES)
        )
        assert whole.accuracy(k) == pytest.approx(theirs, abs=1e-11)


def test_a_call_with_weights_is_of_its_batch_alone() -> None:
    scores, labels = some_scores(60)
    weights = np.linspace(0, 2, 60)
    topn, alone = WeightedTopN(3, ignore_index=5), WeightedTopN(3, ignore_index=5)
    topn.update(scores[:20], labels[:20], weights[:20])
    alone.update(scores[20:], labels[20:], weights[20:])
    assert topn(scores[20:], labels[20:], weights[20:]) == alone.compute()
    alone.update(scores[:20], labels[:20], weights[:20])
    assert topn.compute() == alone.compute()
    assert repr(topn).startswith(f"<WeightedTopN: {topn.count} images, Top1 ")
    topn.reset()
    assert repr(topn) == "<WeightedTopN: 0 images>"


def test_equal_weights_are_no_weights() -> None:
    scores, labels = some_scores(50)
    weighted = WeightedTopN(ignore_index=2)
    weighted.update(scores, labels, np.where(labels == 4, 0, 2))
    plain = topn_accuracy(scores, np.where(labels == 4, 2, labels), ignore_index=2)
    assert weighted.compute() == plain.compute()
    before = weighted.compute(), weighted.count
    for weights in ([1.0], [-1.0] * 50, [np.nan] * 50, [2.0**21] * 50, [[1.0]] * 50):
        with pytest.raises(ValueError, match="weights"):
            weighted.update(scores, labels, weights)
    assert (weighted.compute(), weighted.count) == before
    with pytest.raises(ValueError, match="cannot merge counts with n 3 and 5"):
        weighted.merge(WeightedTopN(3))
    few = WeightedTopN(ignore_index=2)
    few.update(scores[:2, :4], [0, 2], [1, 1])
    for broken in (lambda: weighted.merge(few), lambda: few.update(scores, labels, [1] * 50)):
        with pytest.raises(ValueError, match="classes after images with"):
            broken()


def test_a_weight_stands_for_every_image_and_those_of_ignored_ones_do_not_matter() -> None:
    scores = np.float32([[3, 2, 1], [3, 2, 1], [1, 2, 3]])
    weighted = WeightedTopN(2, ignore_index=-1)
    weighted.update(scores, [0, -1, 0], [0.5, np.nan, 1.5])
    assert weighted.compute() == {"Top1": 0.25, "Top2": 0.25}
    for weights in ([0.5, 1.5], np.ma.masked_array([1, 2, 3], [True, False, False]), ["a"] * 3):
        with pytest.raises(ValueError, match="weights"):
            weighted.update(scores, [0, -1, 0], weights)
    with pytest.raises(TypeError, match="ignore_index must be a whole number"):
        WeightedTopN(ignore_index=1.5)  # type: ignore[arg-type]


def test_nan_is_no_hit_where_more_ranks_than_classes_are_counted() -> None:
    scores = np.float32([[np.nan, 1, 2], [1, 2, 3]])
    weighted, by_class = WeightedTopN(5), ClassHits(5)
    weighted.update(scores, [0, 0], [1, 3])
    by_class.update(scores, [0, 0])
    assert weighted.accuracy(5) == 0.75
    assert by_class.hits.tolist() == [[0, 0, 1, 1, 1], [0] * 5, [0] * 5]
    assert topn_accuracy(scores, [0, 0]).hits[-1] == 1


def test_scores_beyond_float32_have_a_first_choice() -> None:
    confusion = Confusion()
    with np.errstate(all="raise"):
        confusion.update([[-1e300, 2.0, 1e300, 1e-320], [1e300, 2e300, 0, 0]], [2, 1])
    assert np.diagonal(confusion.matrix).tolist() == [0, 1, 1, 0]


def test_tensors_of_any_kind_count_as_their_values() -> None:
    torch = pytest.importorskip("torch")
    scores = torch.tensor([[3.0, 2, 1], [1, 2, 3]], requires_grad=True)
    expected = topn_accuracy(scores, [0, 1])
    half = scores.detach().bfloat16()
    for given in (list(scores), list(half), tuple(half.half())):
        found = topn_accuracy(given, [torch.tensor(0), torch.tensor(1)])
        assert found.hits.tolist() == expected.hits.tolist()
    weighted = WeightedTopN()
    weighted.update(
        half, torch.tensor([0, 1], dtype=torch.uint16), torch.tensor([0.5, 1.5]).bfloat16()
    )
    assert weighted.accuracy(1) == 0.25
    for wrong, labels in (
        (scores.detach().to(torch.uint16), [0, 1]),
        (scores, torch.zeros(2).bfloat16()),
        ([scores[0], half[0]], [0, 1]),
    ):
        with pytest.raises(TypeError, match=r"tensor of uint16|must be"):
            topn_accuracy(wrong, labels)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_classes_by_themselves_are_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    scores, labels = some_scores(300)
    chosen = scores.argmax(axis=1)
    hits, confusion = ClassHits(), Confusion()
    for metric in (hits, confusion):
        metric.update(scores, labels)
    matrix = metrics.confusion_matrix(labels, chosen, labels=range(CLASSES))
    np.testing.assert_array_equal(confusion.matrix, matrix)
    np.testing.assert_array_equal(hits.images, matrix.sum(axis=1))
    np.testing.assert_array_equal(hits.hits[:, 0], np.diagonal(matrix))
    assert int(hits.hits[:, 4].sum()) == topn_accuracy(scores, labels).hits[4]
    assert np.isnan(hits.accuracy(1)[-1])
    balanced = metrics.balanced_accuracy_score(labels, chosen)
    assert hits.result()["Top1"].value == pytest.approx(100 * balanced)
    theirs = metrics.precision_recall_fscore_support(
        labels, chosen, average="macro", zero_division=0
    )
    names = ("macro_precision", "macro_recall", "macro_f1")
    ours = [confusion.result()[name].value for name in names]
    assert ours == pytest.approx([100 * value for value in theirs[:3]])
    true, other, count = confusion.most_confused(1)[0]
    assert count == matrix[true, other] == (matrix - np.diag(np.diagonal(matrix))).max()


def test_images_without_a_choice_are_told() -> None:
    confusion = Confusion()
    confusion.update(np.float32([[np.nan, np.nan], [np.nan, 0], [1, 0]]), [1, 1, 1])
    assert confusion.matrix.tolist() == [[0, 0], [1, 1]]
    assert confusion.without_choice.tolist() == [0, 1]
    assert confusion.most_confused() == [(1, 0, 1)]
    with pytest.raises(ValueError, match="3 classes after images with 2"):
        confusion.update(np.eye(3), [0, 1, 2])

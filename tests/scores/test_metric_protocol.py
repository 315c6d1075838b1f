"""What every metric keeps to: the same images give the same result, however they are counted."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regcore import DatasetError, UsageError
from regcore.scores.registry import extra_metrics, metric_names, new_metric

CLASSES = 7
METRICS = st.sampled_from(metric_names())


def some_scores(seed: int, images: int) -> tuple[Any, Any]:
    """Values that are logits and probabilities at once, with ties and NaN among them."""
    rng = np.random.default_rng(seed)
    scores = rng.random((images, CLASSES)).astype(rng.choice([np.float32, np.float16]))
    scores[rng.random(images) < 0.1] = 0.5
    scores[rng.random(images) < 0.1, 2] = np.nan
    return scores, rng.integers(0, CLASSES, images)


def counted(name: str, scores: Any, labels: Any) -> Any:
    metric = new_metric(name)
    metric.update(scores, labels)
    return metric


@pytest.mark.slow
@given(METRICS, st.integers(0, 2**32 - 1), st.lists(st.integers(0, 90), max_size=5), st.data())
def test_order_batches_and_merges_do_not_matter(
    name: str, seed: int, sizes: list[int], data: st.DataObject
) -> None:
    scores, labels = some_scores(seed, sum(sizes))
    whole = counted(name, scores, labels).result()
    order = np.random.default_rng(seed + 1).permutation(len(labels))
    parts = [new_metric(name) for _ in range(3)]
    for rows in np.split(order, np.cumsum(sizes)):
        data.draw(st.sampled_from(parts)).update(scores[rows], labels[rows])
    first, second, third = map(pickle.loads, map(pickle.dumps, parts))
    second.merge(third)
    first.merge(second)
    assert first.result() == whole
    assert list(first.result()) == list(whole)


@pytest.mark.slow
@pytest.mark.parametrize("name", metric_names())
def test_processes_count_for_each_other(name: str) -> None:
    scores, labels = some_scores(3, 60)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        far = pool.submit(counted, name, scores[:25], labels[:25]).result()
    far.merge(counted(name, scores[25:], labels[25:]))
    assert far.result() == counted(name, scores, labels).result()


@pytest.mark.parametrize("name", metric_names())
def test_memory_layout_does_not_matter(name: str) -> None:
    scores, labels = some_scores(4, 700)
    expected = counted(name, scores, labels).result()
    for other in (np.asfortranarray(scores), np.repeat(scores, 2, axis=1)[:, ::2]):
        assert counted(name, other, labels).result() == expected


@pytest.mark.parametrize("name", metric_names())
def test_a_new_metric_has_its_names_and_no_numbers(name: str) -> None:
    metric = new_metric(name)
    assert metric.name == name
    of_none = metric.result()
    of_some = counted(name, *some_scores(5, 9)).result()
    assert list(of_none) == list(of_some)
    assert {key: one.unit for key, one in of_none.items()} == {
        key: one.unit for key, one in of_some.items()
    }
    for one in of_none.values():
        assert one.value == (0 if one.unit == "images" else None)
    assert all(isinstance(one.value, (int, float)) for one in of_some.values())


@pytest.mark.parametrize("name", metric_names())
def test_a_call_a_reset_and_what_is_computed_are_those_of_torchmetrics(name: str) -> None:
    scores, labels = some_scores(8, 90)
    metric: Any = new_metric(name)
    of_none = metric.compute()
    assert np.isnan(list(of_none.values())).all()
    for rows in (slice(0, 40), slice(40, 90)):
        assert (
            metric(scores[rows], labels[rows])
            == counted(name, scores[rows], labels[rows]).compute()
        )
    whole = counted(name, scores, labels)
    assert metric.compute() == whole.compute()
    assert list(metric.compute()) == list(of_none)
    shown = metric.result()
    for key, share in metric.compute().items():
        assert 0 <= share <= 1
        assert key not in shown or shown[key].value == pytest.approx(100 * share, abs=1e-12)
    with pytest.raises(DatasetError, match="label 7 does not fit"):
        metric(scores, np.full(90, CLASSES))
    assert metric.result() == whole.result()
    metric.reset()
    assert metric.result() == new_metric(name).result()
    assert vars(metric).keys() == vars(whole).keys()
    metric.update(scores, labels)
    assert metric.result() == whole.result()


@pytest.mark.parametrize("name", metric_names())
def test_a_background_moves_the_labels(name: str) -> None:
    scores, labels = some_scores(6, 50)
    labels = np.minimum(labels, CLASSES - 2)
    moved = new_metric(name)
    moved.background = True
    moved.update(scores, labels)
    assert moved.result() == counted(name, scores, labels + 1).result()
    with pytest.raises(ValueError, match="background"):
        moved.merge(new_metric(name))


@pytest.mark.parametrize("name", metric_names())
def test_what_is_refused_is_not_counted(name: str) -> None:
    scores, labels = some_scores(7, 300)
    metric = counted(name, scores, labels)
    before = metric.result()
    with pytest.raises(ValueError, match="300 images do not go with 299 labels"):
        metric.update(scores, labels[:-1])
    with pytest.raises(DatasetError, match="label 7 does not fit"):
        metric.update(scores, np.where(np.arange(300) == 299, CLASSES, labels))
    with pytest.raises(ValueError, match=r"\[images, classes\]"):
        metric.update(scores[0], labels)
    with pytest.raises(TypeError, match="merged"):
        metric.merge(object())  # type: ignore[arg-type]
    assert metric.result() == before


def test_metrics_are_found_by_name_once_each() -> None:
    own = new_metric("ece-probabilities")
    assert [one.name for one in extra_metrics(["topn", "ece", "ece"])] == ["ece"]
    assert extra_metrics([own, "ece-probabilities"]) == (own,)
    for wanted in (["ece-probabilities", own], [new_metric("topn")]):
        with pytest.raises(UsageError, match=r"there is a metric '[a-z-]+' already"):
            extra_metrics(wanted)
    with pytest.raises(UsageError, match="no metric 'top'; there are topn, ece"):
        new_metric("top")

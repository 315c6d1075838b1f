"""The sentence on labels in another order: said where predictions give it away, and only there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from regcore.evaluation.label_order import label_order_hint

Labels = NDArray[np.int64]


def predictions(truth: Labels, accuracy: float, classes: int, seed: int = 0) -> Labels:
    """First choices of a model that is right on a share of the images, else anywhere."""
    random = np.random.default_rng(seed)
    right = random.random(len(truth)) < accuracy
    return np.where(right, truth, random.integers(0, classes, len(truth)))


def images(count: int, classes: int = 1000, seed: int = 1) -> Labels:
    return np.random.default_rng(seed).integers(0, classes, count)


AS_TEXT = np.argsort(np.array(sorted(range(1000), key=str)))


@pytest.mark.parametrize(
    ("labels_of", "classes", "background", "said"),
    [
        (lambda truth: truth + 1, 1001, False, "one less: the labels seem to count from 1"),
        (lambda truth: truth - 1, 1001, False, "--background says that it is the background"),
        (lambda truth: truth + 1, 1001, True, "one less: --no-background takes class 0"),
        (lambda truth: AS_TEXT[truth], 1000, False, "sorted as text"),
    ],
)
@pytest.mark.parametrize("count", [200, 5000])
def test_a_numbering_that_people_mix_up(
    labels_of: Callable[[Labels], Labels], classes: int, said: str, count: int, *, background: bool
) -> None:
    truth = images(count, 998) + 1
    predicted = predictions(truth, 0.7, classes)
    found = label_order_hint(labels_of(truth), predicted, classes, background=background)
    assert found is not None
    assert said in found


def test_an_unknown_order() -> None:
    truth = images(10_000)
    order = np.random.default_rng(7).permutation(1000)
    found = label_order_hint(order[truth], predictions(truth, 0.8, 1000), 1000)
    assert found is not None
    assert "by another order of the classes than the model's" in found
    assert "--labels wordnet" not in found


@pytest.mark.parametrize("each", [1, 5])
def test_the_sorted_folders_of_a_part(each: int) -> None:
    part = np.sort(np.random.default_rng(3).choice(1000, 200, replace=False))
    labels = np.repeat(np.arange(200), each)
    found = label_order_hint(labels, predictions(part[labels], 0.8, 1000), 1000)
    assert found is not None
    assert "the sorted folders of a part" in found


@pytest.mark.parametrize("accuracy", [0.0, 0.02, 0.2, 0.8, 1.0])
@pytest.mark.parametrize("count", [10, 200, 20_000])
def test_nothing_is_said_of_labels_that_are_right(accuracy: float, count: int) -> None:
    truth = images(count)
    assert label_order_hint(truth, predictions(truth, accuracy, 1000), 1000) is None


@pytest.mark.parametrize("constant", [0, 1, 500])
@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_nothing_is_said_of_a_model_that_is_broken(constant: int, classes: int) -> None:
    truth = images(5000, classes)
    assert label_order_hint(truth, np.full(5000, constant % classes), classes) is None
    assert label_order_hint(truth, np.full(5000, -1), classes) is None
    neighbours = predictions(truth ^ 1, 0.5, classes)  # each takes its like for itself
    if classes < 10:
        assert label_order_hint(truth, neighbours, classes) is None


def test_a_few_images_give_nothing_away() -> None:
    truth = images(49)
    assert label_order_hint(truth + 1, truth, 1001) is None
    one_class = np.full(500, 3)
    assert label_order_hint(one_class + 1, one_class, 1000) is None

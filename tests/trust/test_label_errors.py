"""Labels that are probably wrong: against cleanlab, and planted ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from regcore.trust.labels.errors import LabelErrors, find_label_errors


def photos(
    seed: int, images: int, classes: int, sharpness: float
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Logits, labels of which a tenth are wrong, and the true classes; each class has a label."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, images)
    labels = np.where(rng.random(images) < 0.1, rng.integers(0, classes, images), true)
    labels[:classes] = np.arange(classes)
    logits = rng.normal(size=(images, classes))
    logits[np.arange(images), true] += sharpness
    return logits, labels, true


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def found(scores: NDArray[np.float64], labels: NDArray[np.int64], batch: int = 7) -> LabelErrors:
    places = range(0, len(labels), batch)
    return find_label_errors(
        lambda: ((scores[at : at + batch], labels[at : at + batch]) for at in places),
        scores.shape[1],
    )


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 30),
    classes=st.integers(2, 12),
    images=st.integers(12, 150),
    sharpness=st.floats(0, 6),
)
@example(seed=0, classes=8, images=62, sharpness=1.0)  # Some reach two thresholds below their best.
def test_those_that_cleanlab_finds(seed: int, classes: int, images: int, sharpness: float) -> None:
    filters = pytest.importorskip("cleanlab.filter")
    logits, labels, _ = photos(seed, images, classes, sharpness)
    expected = filters.find_label_issues(
        labels, softmax(logits), filter_by="confident_learning", n_jobs=1
    )
    assert sorted(found(logits, labels).images) == np.flatnonzero(expected).tolist()


def test_planted_errors_come_first_with_their_true_class() -> None:
    logits, labels, true = photos(1, 2000, 20, 8)
    errors = found(logits, labels)
    wrong = np.flatnonzero(labels != true)
    assert set(wrong) <= set(errors.images)
    assert set(errors.images[: len(wrong) // 2]) <= set(wrong)
    assert (errors.classes == true[errors.images]).mean() > 0.95
    margins = errors.label_probability - errors.class_probability
    assert (np.diff(margins) >= 0).all()


def test_the_same_of_logits_and_probabilities_in_any_batches() -> None:
    logits, labels, _ = photos(2, 300, 5, 3)
    of_logits, of_probabilities = found(logits, labels, 300), found(softmax(logits), labels, 11)
    assert of_logits.softmax
    assert not of_probabilities.softmax
    np.testing.assert_array_equal(of_logits.images, of_probabilities.images)
    np.testing.assert_array_equal(of_logits.classes, of_probabilities.classes)


def test_images_without_finite_scores_are_left_out_and_counted() -> None:
    logits, labels, _ = photos(3, 200, 4, 3)
    broken = logits.copy()
    broken[5], broken[100, 1] = np.nan, np.inf
    errors = found(broken, labels)
    assert (errors.without, errors.compared) == (2, 198)
    assert not {5, 100} & set(errors.images)


def test_a_class_without_labels_is_nobodys() -> None:
    logits, labels, _ = photos(4, 200, 4, 3)
    labels[labels == 3] = 0
    assert 3 not in found(logits, labels).classes


def test_nothing_of_nothing() -> None:
    errors = find_label_errors(lambda: (), 3)
    assert len(errors.images) == errors.compared == 0

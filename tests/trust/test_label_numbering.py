"""How labels are numbered, told by likelihoods: against the plain integrals, and known faults."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from regcore.trust.labels.numbering import Numbering, is_decided, is_sound, weigh_numberings

IMAGES, CLASSES = 300, 1000


def plain_known(hits: int, misses: int, classes: int) -> Fraction:
    """The integral of a**hits * ((1 - a) / (K - 1))**misses, term by term."""
    total = Fraction(0)
    for power in range(misses + 1):
        sign = -1 if power % 2 else 1
        total += sign * Fraction(math.comb(misses, power), hits + power + 1)
    return total / (classes - 1) ** misses


def plain_any(labels: list[int], predicted: list[int], classes: int, accuracy: float) -> float:
    """The product over labels of the mean over the classes that each may mean."""
    product = 1.0
    for label in set(labels):
        chosen = [p for given, p in zip(labels, predicted, strict=True) if given == label]
        mean = 0.0
        for meant in range(classes):
            ways = [accuracy if p == meant else (1 - accuracy) / (classes - 1) for p in chosen]
            mean += math.prod(ways) / classes
        product *= mean
    return product


def evidence(ways: list[Numbering], kind: str) -> float:
    return next(way.log10_evidence for way in ways if way.kind == kind)


@given(
    classes=st.integers(2, 5),
    pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12),
)
def test_equal_to_the_plain_integrals(classes: int, pairs: list[tuple[int, int]]) -> None:
    labels = [label % classes for label, _ in pairs]
    predicted = [chosen % classes for _, chosen in pairs]
    ways = weigh_numberings(np.array(labels), np.array(predicted), classes)
    hits = sum(label == chosen for label, chosen in zip(labels, predicted, strict=True))
    known = plain_known(hits, len(labels) - hits, classes)
    assert evidence(ways, "as given") == pytest.approx(math.log10(known), abs=1e-9)
    assert evidence(ways, "unrelated") == pytest.approx(-len(labels) * math.log10(classes))
    middles = (np.arange(256) + 0.5) / 256
    mean = np.mean([plain_any(labels, predicted, classes, a) for a in middles])
    assert evidence(ways, "another order") == pytest.approx(math.log10(mean), abs=1e-9)
    assert all(a.log10_evidence >= b.log10_evidence for a, b in pairwise(ways))


def model(seed: int, accuracy: float = 0.75) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """True classes, and first choices of a model that is right so often."""
    rng = np.random.default_rng(seed)
    true = rng.integers(1, CLASSES - 1, IMAGES)
    right = rng.random(IMAGES) < accuracy
    return true, np.where(right, true, rng.integers(0, CLASSES, IMAGES))


@pytest.mark.parametrize("accuracy", [0.75, 0.3, 0.05])
@pytest.mark.parametrize("seed", range(3))
def test_sound_labels_are_decided_even_of_a_bad_model(seed: int, accuracy: float) -> None:
    true, predicted = model(seed, accuracy)
    assert is_sound(weigh_numberings(true, predicted, CLASSES))


@pytest.mark.parametrize(("shift", "words"), [(1, "one less"), (-1, "one more")])
def test_one_off(shift: int, words: str) -> None:
    true, predicted = model(1)
    best, *_ = ways = weigh_numberings(true + shift, predicted, CLASSES)
    assert best.kind == "renumbered"
    assert words in best.sentence
    assert is_decided(ways)
    assert not is_sound(ways)


def test_numbers_sorted_as_text() -> None:
    true, predicted = model(2)
    place = {number: at for at, number in enumerate(sorted(range(CLASSES), key=str))}
    labels = np.array([place[int(number)] for number in true])
    best, *_ = ways = weigh_numberings(labels, predicted, CLASSES)
    assert "sorted as text" in best.sentence
    assert is_decided(ways)


def test_a_permutation_of_the_classes_needs_images_of_the_same_class() -> None:
    rng = np.random.default_rng(3)
    true = rng.integers(0, 100, 500)
    predicted = np.where(rng.random(500) < 0.7, true, rng.integers(0, 100, 500))
    ways = weigh_numberings(rng.permutation(100)[true], predicted, 100)
    assert ways[0].kind == "another order"
    assert is_decided(ways)


def test_files_in_another_order_are_never_called_sound() -> None:
    for seed in range(20):
        true, predicted = model(seed)
        ways = weigh_numberings(np.random.default_rng(seed).permutation(true), predicted, CLASSES)
        assert not is_sound(ways)


def test_images_without_a_choice_do_not_count() -> None:
    true, predicted = model(4)
    half = np.where(np.arange(IMAGES) % 2, predicted, -2)
    ways = weigh_numberings(true, half, CLASSES)
    assert ways == weigh_numberings(true[half >= 0], half[half >= 0], CLASSES)
    with pytest.raises(ValueError, match="nothing to weigh"):
        weigh_numberings(true, np.full(IMAGES, -2), CLASSES)


def test_a_few_images_decide_nothing_by_chance() -> None:
    """Of labels that say nothing, so few are decided as sound as a factor of 1000 promises."""
    rng = np.random.default_rng(5)
    wrong = sum(
        is_sound(weigh_numberings(rng.integers(0, 10, 30), rng.integers(0, 10, 30), 10))
        for _ in range(300)
    )
    assert wrong <= 2


@pytest.mark.parametrize("classes", [6, 10, 11])
def test_few_classes_have_one_order_of_numbers(classes: int) -> None:
    """Up to 10 classes, the order of their numbers as texts is theirs, and no other numbering."""
    labels = np.arange(20 * classes) % classes
    ways = weigh_numberings(labels, labels, classes)
    assert is_sound(ways)
    assert sum("sorted as text" in way.sentence for way in ways) == (classes > 10)

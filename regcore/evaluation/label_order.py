"""What predictions give away of labels that are not numbered as the model's classes are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted

#: Fewer images, or classes, may match by chance.
_FEWEST_IMAGES = 50
_FEWEST_CLASSES = 10
#: Of the images, so many match by another numbering, and so many times as many as by the given.
_LEAST_SHARE = 0.3
_TIMES = 4
#: A class whose images are mostly taken for one other is numbered otherwise, if it has so many.
_IMAGES_OF_CLASS = 3
_MAJORITY = 0.6
_DIFFERENT = 0.9
#: Of the numbers from the first to the last, so many have to be there.
_DENSE = 0.9


def label_order_hint(
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    classes: int,
    *,
    background: bool = False,
) -> str | None:
    """A sentence on labels that seem to be numbered otherwise than the model's classes.

    labels, predicted: int64 [images], the class index of each image's label, and the model's first
    choice, -1 where there is none. background: whether label 0 is class 1. None where the accuracy
    leaves no doubt, where there are few images or classes, or where no order explains it: a model
    that is bad, or whose images are prepared wrongly, is not taken for one with wrong labels.
    """
    counted = predicted >= 0
    labels, predicted = labels[counted], predicted[counted]
    if len(labels) < _FEWEST_IMAGES:
        return None
    hits = int(np.count_nonzero(labels == predicted))
    first = int(background)
    for expected, sentence in numberings(labels, classes, first):
        hit = expected == predicted
        count = int(np.count_nonzero(hit))
        if _explains(count, hits, len(labels)) and _count(labels[hit]) >= _FEWEST_CLASSES:
            return f"{_share(hits, labels)} are right, but {_share(count, labels)} {sentence}"
    return _other_order(labels, predicted, hits, classes, first)


def numberings(
    labels: NDArray[np.int64], classes: int, first: int
) -> Iterator[tuple[NDArray[np.int64], str]]:
    """The class of each image by numberings that people mix up, and what to say of each.

    labels: int64 [images]; first: 1 where class 0 is the background, else 0. A class may be -1 or
    `classes`, which no model has.
    """
    less = (
        "--no-background takes class 0 for one that a label names"
        if first
        else "the labels seem to count from 1, and class indices count from 0"
    )
    yield labels - 1, f"would be if each label were one less: {less}"
    more = "the labels seem to lack the model's class 0"
    option = "" if first else "; --background says that it is the background"
    yield labels + 1, f"would be if each label were one more: {more}{option}"
    as_text = np.array(sorted(range(classes - first), key=str), np.int64)
    sentence = (
        "would be if the labels were the places of the classes' numbers sorted as text (0, 1, 10, "
        "100): --labels numbers takes folders by their numbers"
    )
    known = (labels >= first) & (labels < classes)
    yield np.where(known, as_text[np.where(known, labels - first, 0)] + first, -1), sentence


def _choices(
    labels: NDArray[np.int64], predicted: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The labels there are, their images, the first choice for most of these, and for how many."""
    present, of, images = np.unique(labels, return_inverse=True, return_counts=True)
    pairs, votes = np.unique(np.stack([of, predicted]), axis=1, return_counts=True)
    order = np.argsort(votes, kind="stable")  # so that the last of each label is its choice
    choice, support = np.zeros_like(present), np.zeros_like(present)
    choice[pairs[0, order]], support[pairs[0, order]] = pairs[1, order], votes[order]
    return present, images, choice, support


def _other_order(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], hits: int, classes: int, first: int
) -> str | None:
    """The same for an order that is not known."""
    present, images, choice, support = _choices(labels, predicted)
    count = len(present)
    # A part of the classes, numbered without a gap, is in the model's order but for its gaps.
    is_dense = present[-1] - first < count / _DENSE and count < _DENSE * classes
    rising = _longest_rise(choice.tolist())
    if count >= _FEWEST_IMAGES and is_dense and rising >= _MAJORITY * count:
        if rising >= _TIMES * _count(labels[labels == predicted]):
            return (
                f"{_share(hits, labels)} are right, but the classes that they are taken for rise "
                f"with {rising} of {count} labels: the labels seem to be places among the sorted "
                "folders of a part of the classes; --labels wordnet takes class folders by "
                "ImageNet's order, and a class map (a class a line) by any other"
            )
        return None
    clear = (images >= _IMAGES_OF_CLASS) & (support >= _MAJORITY * images)
    chosen = choice[clear]
    if len(chosen) < _FEWEST_CLASSES or _count(chosen) < _DIFFERENT * len(chosen):
        return None
    if not _explains(int(support[clear].sum()), hits, len(labels)):
        return None
    return (
        f"{_share(hits, labels)} are right, but the images of {len(chosen)} of {count} labels are "
        "mostly taken for one class each, another one than the label says: the labels seem to be "
        "by another order of the classes than the model's"
    )


def _longest_rise(values: list[int]) -> int:
    """How many of the values, at most, rise from each to the next when the others are left out."""
    ends: list[int] = []  # the least value on which a rise of each length ends
    for value in values:
        place = bisect_left(ends, value)
        ends[place : place + 1] = [value]
    return len(ends)


def _explains(count: int, hits: int, images: int) -> bool:
    return count >= _LEAST_SHARE * images and count >= _TIMES * hits


def _share(count: int, labels: NDArray[np.int64]) -> str:
    return f"{count} of {counted(len(labels), 'image')}"


def _count(values: NDArray[np.int64]) -> int:
    return len(np.unique(values))

"""How labels may be numbered, and how likely each way makes what a model predicts.

A way says which class each label means. With K classes and an accuracy `a` that is not known, a
first choice is the meant class with probability a, and each other class with (1 - a) / (K - 1). Of
n images with h hits, all accuracies from 0 to 1 being as likely before, the evidence is

    B(h + 1, n - h + 1) * (K - 1) ** -(n - h)

with Euler's beta function. Where it is only known that each label means one class, any of K, the
evidence is the mean over a of the product over the labels of

    1 / K * sum over the classes c of a ** hits(c) * ((1 - a) / (K - 1)) ** (images - hits(c)),

and where labels say nothing of the predictions, K ** -n. The ratio of two such numbers is a Bayes
factor (Kass and Raftery, "Bayes Factors", JASA 90, 1995): how many times as likely the one way
makes the predictions as the other. Whatever has more freedom pays for it within its mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from regcore.evaluation.label_order import numberings

#: One of the numberings that are known by name, any other order of the classes, or none at all.
Kind = Literal["as given", "renumbered", "another order", "unrelated"]

#: Decades by which the best way must lead: 1000 to 1.
DECISIVE = 3.0
#: Accuracies of the mean, the middles of so many equal parts of 0 to 1.
_ACCURACIES = 256


@dataclass(frozen=True)
class Numbering:
    """A way in which labels may be numbered.

    sentence: what that means, and what to do about it. hits: images whose first choice is the class
    that the label means; None where no class is said. log10_evidence: of the probability of all
    first choices.
    """

    kind: Kind
    sentence: str
    hits: int | None
    log10_evidence: float


def weigh_numberings(
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    classes: int,
    *,
    background: bool = False,
) -> list[Numbering]:
    """All ways, the likeliest first.

    labels, predicted: int64 [images], the class index of each image's label as it is given, and the
    model's first choice; images without one (negative) are left out. background: whether label 0
    is class 1. Raises ValueError where there is no image, or only one class.
    """
    counted = predicted >= 0
    labels, predicted = labels[counted], predicted[counted]
    if not len(labels) or classes == 1:
        raise ValueError("nothing to weigh: no image has a first choice, or there is one class")
    ways = [*_known(labels, predicted, classes, int(background))]
    ways.append(
        Numbering(
            "another order",
            "the classes are in an order that none of these is: a class map (a class a line) says "
            "it, and --labels folders or wordnet takes the word of class folders",
            None,
            _log_any_map(labels, predicted, classes) / math.log(10),
        )
    )
    ways.append(
        Numbering(
            "unrelated",
            "the labels say nothing of the predictions: they are of other images or in another "
            "order of images, or the images are prepared wrongly for the model",
            None,
            -len(labels) * math.log10(classes),
        )
    )
    return sorted(ways, key=lambda way: -way.log10_evidence)


def is_decided(ways: Sequence[Numbering]) -> bool:
    """Whether the first of `ways`, which weigh_numberings gave, leads the others decisively."""
    return ways[0].log10_evidence - ways[1].log10_evidence >= DECISIVE


def is_sound(ways: Sequence[Numbering]) -> bool:
    """Whether that is so, and it is the labels as they are given."""
    return ways[0].kind == "as given" and is_decided(ways)


def _known(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, first: int
) -> Iterator[Numbering]:
    def way(kind: Kind, sentence: str, meant: NDArray[np.int64]) -> Numbering:
        hits = int(np.count_nonzero(meant == predicted))
        evidence = _log_known_map(hits, len(labels), classes) / math.log(10)
        return Numbering(kind, sentence, hits, evidence)

    yield way("as given", "the labels are the model's class indices as they are", labels)
    for meant, sentence in numberings(labels, classes, first):
        if np.array_equal(meant, labels):
            continue  # with 10 classes at most, the order of texts is that of numbers
        yield way("renumbered", sentence.removeprefix("would be "), meant)


def _log_known_map(hits: int, images: int, classes: int) -> float:
    misses = images - hits
    return (
        math.lgamma(hits + 1)
        + math.lgamma(misses + 1)
        - math.lgamma(images + 2)
        - misses * math.log(classes - 1)
    )


def _log_any_map(labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> float:
    of = np.unique(labels, return_inverse=True)[1]
    pairs, votes = np.unique(np.stack([of, predicted]), axis=1, return_counts=True)
    images = np.bincount(of)
    accuracy = (np.arange(_ACCURACIES) + 0.5) / _ACCURACIES
    hit, miss = np.log(accuracy), np.log((1 - accuracy) / (classes - 1))
    # Classes that no image of a label was taken for have no hits there, all alike.
    with np.errstate(divide="ignore"):
        unseen = np.log(classes - np.bincount(pairs[0]))
    gain = np.repeat(unseen[:, None], _ACCURACIES, axis=1)  # over no hits, in logarithms
    np.logaddexp.at(gain, pairs[0], votes[:, None] * (hit - miss))
    per_label = images[:, None] * miss + gain - math.log(classes)
    return float(_log_mean_exp(per_label.sum(axis=0)))


def _log_mean_exp(values: NDArray[np.float64]) -> float:
    largest = values.max()
    return float(largest + np.log(np.exp(values - largest).mean()))

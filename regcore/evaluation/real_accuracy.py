"""The accuracy by several classes an image, any of which is right: ReaL's, beside TopN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.scores.labels import has_background
from regcore.scores.metric import MetricValue
from regcore.scores.topk import NO_CLASS

IMAGENET_CLASSES = 1000
_RANKS = (1, 5)
#: Of so many images at least half have their first label among ReaL's; in fact nine of ten.
_ENOUGH = 20


@dataclass(frozen=True)
class RealAccuracy:
    """images: those that have classes, and scores; hits: of these, by the best 1 and 5."""

    images: int
    hits: tuple[int, int]

    name = "real"

    def result(self) -> Mapping[str, MetricValue]:
        """Top1 and Top5 in percent, and of how many images they are."""
        shares = {
            f"Top{rank}": MetricValue(100 * hits / self.images if self.images else None, "%")
            for rank, hits in zip(_RANKS, self.hits, strict=True)
        }
        return {**shares, "of": MetricValue(self.images, "images")}


def check_real_labels(classes: Sequence[Sequence[int]], labels: NDArray[np.int64]) -> None:
    """Raises DatasetError where images' labels, int64 [images] from 0, are no ImageNet classes.

    classes: of each image, as for real_accuracy.
    """
    pairs = [(true, label) for true, label in zip(classes, labels.tolist(), strict=True) if true]
    agreeing = sum(label in true for true, label in pairs)
    if len(pairs) >= _ENOUGH and 2 * agreeing < len(pairs):
        raise DatasetError(
            f"of {len(pairs)} images only {agreeing} have their label among ReaL's: one of the two "
            "is by another order of the classes, or for other images"
        )


def check_real_classes(model_classes: int) -> None:
    """Raises DatasetError where a model of so many classes has not ImageNet's."""
    if model_classes != IMAGENET_CLASSES and not has_background(model_classes):
        raise DatasetError(
            f"ReaL has labels of ImageNet's {IMAGENET_CLASSES} classes, and the model has "
            f"{model_classes}"
        )


def real_accuracy(
    classes: Sequence[Sequence[int]],
    indices: NDArray[np.int64],
    model_classes: int,
    *,
    background: bool,
) -> RealAccuracy:
    """Counts images for which one of their classes is among the best.

    classes: of each image, by ImageNet's order; an image without any does not count. indices:
    int64 [images, 5], the best classes, -1 where an image has no scores. model_classes: how many
    the model has, 0 where there are no scores at all. background: whether its class 0 is the
    background. Raises DatasetError where they are not ImageNet's.
    """
    if model_classes:
        check_real_classes(model_classes)
    images, hits = 0, [0, 0]
    for true, best in zip(classes, indices.tolist(), strict=True):
        if not true or best[0] == NO_CLASS:
            continue
        images += 1
        wanted = {index + int(background) for index in true}
        for place, rank in enumerate(_RANKS):
            hits[place] += not wanted.isdisjoint(best[:rank])
    return RealAccuracy(images, (hits[0], hits[1]))

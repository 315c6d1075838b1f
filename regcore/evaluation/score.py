"""Scores that a tool has written against labels: metrics, and which classes go wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError, ScoreFileError
from regcore.evaluation.label_order import label_order_hint
from regcore.evaluation.real_accuracy import check_real_classes, check_real_labels, real_accuracy
from regcore.evaluation.score_files.source import ScoreSet
from regcore.files.names import image_key
from regcore.images.label_files.reader import read_labels
from regcore.scores.labels import class_indices, has_background
from regcore.scores.metric import Measured, Metric
from regcore.scores.one_class import nothing_to_rank
from regcore.scores.ranks import Ties
from regcore.scores.registry import extra_metrics
from regcore.scores.topk import NO_CLASS, NO_PREDICTION, best_classes, top1
from regcore.scores.topn import TopN

#: No classifier takes smaller pictures; fewer values may well be scores.
_LEAST_SIDE = 64
_BEST = 5  # of which ReaL's accuracies are


@dataclass(frozen=True)
class Score:
    """What the scores of a set of images are worth.

    topn, and the metrics and ReaL's accuracy, where they were asked for beside it: over the images
        whose scores could be read; classes: the number of scores of each.
    labels, predicted: the true class and the model's first choice for each of them, int64, both as
        numbered in the label file; -1 is the background of a model that has it, NO_PREDICTION
        stands for NaN.
    errors: images whose scores could not be read, or that have several files.
    missing, surplus, stray: see ScoreSet.
    longer: text files that go on after the line that was read.
    seconds: for reading and comparing.
    """

    topn: TopN
    classes: int
    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    errors: tuple[ScoreFileError, ...]
    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    stray: tuple[str, ...]
    longer: tuple[str, ...]
    seconds: float
    metrics: tuple[Measured, ...] = ()

    @property
    def expected_images(self) -> int:
        """How many images were to be scored."""
        return self.topn.count + len(self.errors) + len(self.missing)

    @property
    def complete(self) -> bool:
        """Whether the set of scores is that of the labels."""
        return not (self.errors or self.missing or self.surplus)

    @property
    def hint(self) -> str | None:
        """A sentence where the labels seem to be in another order than the model's classes."""
        first = int(self.topn.background)
        chosen = np.where(self.predicted == NO_PREDICTION, NO_CLASS, self.predicted + first)
        return label_order_hint(
            self.labels + first, chosen, self.classes, background=self.topn.background
        )

    @property
    def accuracy_intervals(self) -> tuple[tuple[float, float], ...]:
        """The least and the greatest Top1, Top2, ... accuracy (0 to 1) that the whole set can have.

        Images without scores count as missed in the one, as hits in the other.
        """
        expected = self.expected_images
        unknown = expected - self.topn.count
        hits = self.topn.hits.tolist() or [0] * min(self.topn.n, self.classes)
        return tuple((hit / expected, (hit + unknown) / expected) for hit in hits)


def read_image_labels(path: str | Path) -> dict[str, int]:
    """The label of each image in a label file, by its name up to the first dot.

    That is how the outputs of all tools name it. Raises DatasetError where two images share it.
    """
    images: dict[str, str] = {}
    labels: dict[str, int] = {}
    for image, label in read_labels(path).items():
        name = image_key(image)
        if images.setdefault(name, image) != image:
            raise DatasetError(f"{path}: outputs cannot tell {images[name]} and {image} apart")
        labels[name] = label
    return labels


def score(
    predictions: ScoreSet,
    labels: Mapping[str, int],
    *,
    n: int = 5,
    ties: Ties = "lowest",
    metrics: Sequence[str | Metric] = (),
    real: Sequence[Sequence[int]] | None = None,
    background: bool | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Score:
    """Reads all scores and compares them with `labels`, by the names of the images.

    ties: which of equal scores counts as the higher one, in topn; as for `regcore.ranks`.
    metrics: what is counted beside TopN: names of `regcore.scores.registry`, or new metrics.
    real: ReaL's classes of each image, in the order of predictions.names; see real_accuracy.
    background: whether class 0 is the background, and label 0 the class 1; by default the guide's
        rule, that it is where there are 1001 classes.
    progress: called with the number of images done so far and, of these, failed.
    Raises DatasetError for labels that the model does not have, and for labels and models that are
    not by ReaL's classes, before any is counted.
    """
    start = perf_counter()
    expected = np.array([labels[name] for name in predictions.names], dtype=np.int64)
    _check_ranked(predictions.classes)
    if background is None:
        background = has_background(predictions.classes)
    class_indices(expected, predictions.classes, background=background)
    if real is not None:
        check_real_labels(real, expected)
        check_real_classes(predictions.classes)
    topn = TopN(n, ties=ties)
    others = extra_metrics(metrics)
    every: tuple[Metric, ...] = (topn, *others)
    for metric in every:
        metric.background = background
    predicted = np.empty_like(expected)
    best = np.full((0 if real is None else len(expected), _BEST), NO_CLASS, np.int64)
    scored: list[NDArray[np.intp]] = []
    errors = list(predictions.errors)
    longer: list[str] = []
    for batch in predictions.batches(workers):
        errors += batch.errors
        longer += batch.longer
        rows = batch.indices
        scored.append(rows)
        if len(rows):
            for metric in every:
                metric.update(batch.scores, expected[rows])
            chosen = top1(batch.scores)
            as_label = chosen - int(background)
            predicted[rows] = np.where(chosen == NO_PREDICTION, NO_PREDICTION, as_label)
            if real is not None:
                _, best[rows] = best_classes(batch.scores, _BEST)
        if progress is not None:
            progress(topn.count + len(errors), len(errors))
    measured: tuple[Measured, ...] = others
    if real is not None:
        measured += (real_accuracy(real, best, predictions.classes, background=background),)
    read = np.concatenate(scored) if scored else np.empty(0, dtype=np.intp)
    return Score(
        topn=topn,
        classes=predictions.classes,
        labels=expected[read],
        predicted=predicted[read],
        errors=tuple(errors),
        missing=predictions.missing,
        surplus=predictions.surplus,
        stray=predictions.stray,
        longer=tuple(longer),
        seconds=perf_counter() - start,
        metrics=measured,
    )


def _check_ranked(classes: int) -> None:
    """Raises DatasetError for scores of one class, and where files have the bytes of a picture.

    The picture is a square, of any dtype.
    """
    if classes == 1:
        raise DatasetError(nothing_to_rank("the files have"))
    for value_bytes in (4, 2, 1):
        pixels, rest = divmod(4 * classes, 3 * value_bytes)
        side = math.isqrt(pixels)
        if not rest and side >= _LEAST_SIDE and side * side == pixels:
            raise DatasetError(
                f"the files hold {4 * classes} bytes each, as preprocessed images have (3 x {side} "
                f"x {side} values), and no scores; 'regcore infer' makes scores of images"
            )

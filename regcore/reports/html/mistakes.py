"""Where a model goes wrong: the worst classes, and what it was surest of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regcore.evaluation.predictions_csv import TopPredictions
from regcore.reports.html.class_names import Names
from regcore.reports.html.mistake_images import image_files
from regcore.reports.html.thumbnails import thumbnail

_WORST_CLASSES = 10
_SHOWN_ANSWERS = 3
_SHOWN_MISTAKES = 24


@dataclass(frozen=True)
class WorstClass:
    """A class, how many of its images were missed, and what they were taken for."""

    name: str
    missed: int
    images: int
    answers: list[str]


@dataclass(frozen=True)
class Mistake:
    """An image with a wrong first choice.

    score: of the choice; lead: over the second. place: where the truth was among the choices, and
    its score. picture: a data URI, None where it could not be had.
    """

    image: str
    truth: str
    answer: str
    score: str
    lead: str
    place: str
    picture: str | None


def worst_classes(predictions: TopPredictions, names: Names) -> list[WorstClass]:
    """The classes with the most mistakes, and what was answered in their place."""
    wrong = predictions.evaluated & ~predictions.correct
    totals = Counter(predictions.labels[predictions.evaluated].tolist())
    missed = Counter(predictions.labels[wrong].tolist())
    worst = sorted(
        missed, key=lambda label: (-missed[label], -missed[label] / totals[label], label)
    )
    rows = []
    for label in worst[:_WORST_CLASSES]:
        answers = Counter(predictions.classes[wrong & (predictions.labels == label), 0].tolist())
        words = [
            f"{names(answer)} ({count})" for answer, count in answers.most_common(_SHOWN_ANSWERS)
        ]
        rows.append(WorstClass(names(label), missed[label], totals[label], words))
    return rows


def most_confident(predictions: TopPredictions, root: Path, names: Names) -> list[Mistake]:
    """Wrong answers with the largest lead over the second best, with pictures where they are."""
    wrong = np.flatnonzero(predictions.evaluated & ~predictions.correct)
    second = np.nan_to_num(predictions.scores[wrong, 1], nan=0.0)
    leads = np.nan_to_num(predictions.scores[wrong, 0] - second, nan=0.0)
    order = np.argsort(-leads, kind="stable")[:_SHOWN_MISTAKES]
    images = [predictions.images[place] for place in wrong[order].tolist()]
    return [
        Mistake(
            image=image,
            truth=names(int(predictions.labels[place])),
            answer=names(int(predictions.classes[place, 0])),
            score=f"{predictions.scores[place, 0]:.2f}",
            lead=f"{lead:.2f}",
            place=_place_of_truth(predictions, place),
            picture=thumbnail(source),
        )
        for image, source, place, lead in zip(
            images,
            image_files(root, images),
            wrong[order].tolist(),
            leads[order].tolist(),
            strict=True,
        )
    ]


def _place_of_truth(predictions: TopPredictions, place: int) -> str:
    found = np.flatnonzero(predictions.classes[place] == predictions.labels[place])
    if not len(found):
        return f"not among the best {predictions.classes.shape[1]}"
    return f"choice {found[0] + 1}, score {predictions.scores[place, found[0]]:.2f}"

"""Where a model goes wrong: the worst classes, and what it was surest of."""

from __future__ import annotations

import base64
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from regcore.errors import RegcoreError
from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.run_content import RunContent
from regcore.scores.topk import NO_PREDICTION

_IMAGENET_CLASSES = 1000

_WORST_CLASSES = 10
_SHOWN_ANSWERS = 3
_SHOWN_MISTAKES = 24
_THUMBNAIL = 160  # pixels of the longer side
_QUALITY = 70


@dataclass(frozen=True)
class Names:
    """Descriptions of the classes by number; none where they are not known."""

    descriptions: list[str]

    def __call__(self, number: int) -> str:
        """`great white shark`, or `class 2`."""
        if number == NO_PREDICTION:
            return "nothing (all scores are NaN)"
        if 0 <= number < len(self.descriptions):
            return self.descriptions[number].split(",", 1)[0]
        return f"class {number}"


def class_names(run: RunContent) -> Names:
    """ImageNet's names where the run's model is known to answer with its classes, else numbers.

    A thousand outputs alone prove nothing; the tag of timm's weights (`..._in1k`) says it. With
    1001 classes the first is the background.
    """
    tag = run.recipe.partition(" ")[0].partition(".")[2]
    background = ["background"] * (run.classes - _IMAGENET_CLASSES)
    if not tag.endswith("in1k") or not 0 <= run.classes - _IMAGENET_CLASSES <= 1:
        return Names([])
    try:
        from regcore.models.timm.architectures import imagenet_class_names

        return Names([*background, *imagenet_class_names()])
    except RegcoreError:
        return Names([])


def confusion(predictions: TopPredictions, names: Names) -> list[dict[str, Any]]:
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
        rows.append(
            {
                "name": names(label),
                "missed": missed[label],
                "images": totals[label],
                "answers": [
                    f"{names(answer)} ({count})"
                    for answer, count in answers.most_common(_SHOWN_ANSWERS)
                ],
            }
        )
    return rows


def most_confident(predictions: TopPredictions, root: Path, names: Names) -> list[dict[str, Any]]:
    """Wrong answers with the largest lead over the second best, with pictures where they are."""
    wrong = np.flatnonzero(predictions.evaluated & ~predictions.correct)
    second = np.nan_to_num(predictions.scores[wrong, 1], nan=0.0)
    lead = np.nan_to_num(predictions.scores[wrong, 0] - second, nan=0.0)
    order = wrong[np.argsort(-lead, kind="stable")][:_SHOWN_MISTAKES]
    return [
        {
            "image": predictions.images[place],
            "truth": names(int(predictions.labels[place])),
            "answer": names(int(predictions.classes[place, 0])),
            "score": f"{predictions.scores[place, 0]:.2f}",
            "rank": _rank(predictions, int(place)),
            "picture": _thumbnail(root / predictions.images[place]),
        }
        for place in order.tolist()
    ]


def _rank(predictions: TopPredictions, place: int) -> str:
    found = np.flatnonzero(predictions.classes[place] == predictions.labels[place])
    return f"that was number {found[0] + 1}" if len(found) else "not among the best five"


def _thumbnail(path: Path) -> str | None:
    """A small JPEG as a data URI; None where the picture cannot be had."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.draft("RGB", (2 * _THUMBNAIL, 2 * _THUMBNAIL))
            small = image.convert("RGB")
        small.thumbnail((_THUMBNAIL, _THUMBNAIL))
        file = io.BytesIO()
        small.save(file, "JPEG", quality=_QUALITY)
    except Exception:  # noqa: BLE001  # whatever a foreign file brings: the report does without
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"

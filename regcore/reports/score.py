"""A score as JSON and as a table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from regcore.counted import counted
from regcore.evaluation.score import Score
from regcore.formats.guide_result import percent
from regcore.reports.metrics import metric_rows, metrics_dict
from regcore.reports.score_form import ClassAccuracy, ConfusedClass, ScoreForm, WrongAnswer
from regcore.reports.topn import accuracies, doubtful_images
from regcore.schemas import json_form
from regcore.schemas.fields import as_dict
from regcore.scores.topk import NO_PREDICTION

if TYPE_CHECKING:
    from rich.table import Table

_SHOWN_ANSWERS = 5


def completeness(score: Score) -> str:
    """`200 images`, or `INCOMPLETE: 198 of 200 images, 1 surplus prediction`."""
    if score.complete:
        return counted(score.topn.count, "image")
    text = f"INCOMPLETE: {score.topn.count} of {counted(score.expected_images, 'image')}"
    count = len(score.surplus)
    return f"{text}, {counted(count, 'surplus prediction')}" if count else text


def incompleteness(score: Score) -> dict[str, Any]:
    """What keeps the score from being that of the labels, and what it can be at all."""
    return {
        "images": score.topn.count,
        "expected_images": score.expected_images,
        "failed": [{"path": e.path, "detail": e.detail} for e in score.errors],
        "missing": list(score.missing),
        "surplus": list(score.surplus),
        "accuracy_interval": intervals(score),
    }


def intervals(score: Score) -> dict[str, list[str]]:
    """`{"Top1": ["77.1%", "78.9%"], ...}`: if all images without scores are missed, or hit."""
    return {
        f"Top{rank}": [percent(least), percent(greatest)]
        for rank, (least, greatest) in enumerate(score.accuracy_intervals, start=1)
    }


def class_accuracies(score: Score) -> list[ClassAccuracy]:
    """Each class that occurs."""
    labels, of, images = np.unique(score.labels, return_inverse=True, return_counts=True)
    hits = np.bincount(of, weights=score.labels == score.predicted, minlength=len(labels))
    return [
        ClassAccuracy(label, count, int(hit), percent(hit / count))
        for label, count, hit in zip(labels.tolist(), images.tolist(), hits, strict=True)
    ]


def confusion(score: Score, classes: int) -> list[ConfusedClass]:
    """The `classes` worst classes: the answers that took their place, the most frequent first.

    An answer is numbered as the labels; -1 is a model's background, None a score that is NaN.
    """
    worst = sorted(class_accuracies(score), key=lambda c: (c.hits / c.images, c.label))
    return [
        ConfusedClass(**vars(found), confused_with=_wrong_answers(score, found.label))
        for found in worst[:classes]
        if found.hits < found.images
    ]


def _wrong_answers(score: Score, label: int) -> list[WrongAnswer]:
    answers = Counter(score.predicted[score.labels == label].tolist())
    del answers[label]
    return [
        WrongAnswer(None if answer == NO_PREDICTION else answer, count)
        for answer, count in sorted(answers.items(), key=lambda item: (-item[1], item[0]))
    ][:_SHOWN_ANSWERS]


def to_dict(score: Score, worst: int, result: str) -> dict[str, Any]:
    """The score for machines; accuracies are percentages as text, and only of complete sets.

    result: the file that was written.
    """
    content: dict[str, Any] = {**incompleteness(score), **doubtful_images(score.topn)}
    if score.complete:
        content |= {
            "hits": score.topn.hits.tolist(),
            "accuracy": accuracies(score.topn),
            **metrics_dict(score.metrics),
            "confusion": confusion(score, worst),
            "per_class": class_accuracies(score),
        }
    form = ScoreForm(
        format=json_form("score"),
        complete=score.complete,
        stray=list(score.stray),
        first_line_only=len(score.longer),
        classes=score.classes,
        seconds=round(score.seconds, 4),
        result=result,
        **content,
    )
    return as_dict(form)


def to_table(score: Score) -> Table:
    """The score for people, as a rich table of two columns."""
    from rich import box
    from rich.table import Table

    table = Table(show_header=False, box=box.SIMPLE)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    if score.complete:
        for name, value in accuracies(score.topn).items():
            table.add_row(f"{name} accuracy", value)
        for name, value in metric_rows(score.metrics).items():
            table.add_row(name, value)
    else:
        for name, (least, greatest) in intervals(score).items():
            table.add_row(f"{name} accuracy", f"between {least} and {greatest}")
    return table

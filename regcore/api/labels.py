"""Labels examined by the scores that a model gave their images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.api.messages import Advance, Log, ProgressBar, log_background, no_log, no_progress
from regcore.api.options import existing, existing_label_file, optional
from regcore.api.predict import wanted_names
from regcore.errors import DatasetError, UsageError
from regcore.evaluation.score import read_image_labels
from regcore.evaluation.score_files.source import ScoreSet, open_scores
from regcore.files.arguments import whole_within
from regcore.models.class_names import names_of_classes
from regcore.reports.labels import ExaminedLabels, LabelsForm, labels_form
from regcore.schemas.fields import as_dict
from regcore.scores.labels import has_background
from regcore.scores.topk import top1
from regcore.trust.labels.errors import PASSES, find_label_errors
from regcore.trust.labels.numbering import is_sound, weigh_numberings

#: Images by which numberings are told apart: each names its class nearly as well as all.
FIRST = 500
_MOST_IMAGES = 1 << 62


@dataclass(frozen=True)
class LabelExamination:
    """What examine_labels has found."""

    found: ExaminedLabels

    @property
    def sound(self) -> bool:
        """Whether the labels are the model's classes as they are, decisively."""
        return self.found.sound

    @property
    def form(self) -> LabelsForm:
        """As it is printed and written."""
        return labels_form(self.found)

    def to_dict(self) -> dict[str, Any]:
        """What `regcore labels --json` prints."""
        return as_dict(self.form)


def examine_labels(
    predictions: str | Path,
    labels: str | Path,
    *,
    first: int = FIRST,
    output: int | None = None,
    names: str | Path | None = None,
    class_names: str | Path | Sequence[str] | None = None,
    background: bool | None = None,
    workers: int | None = None,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
) -> LabelExamination:
    """Weighs how labels may be numbered, and finds those that are probably wrong.

    predictions, labels, output, names, background, workers: as for score_predictions. first: how
    many images, from the first on, are weighed for the numbering; see
    regcore.trust.labels.numbering. class_names: as for predict_photos. Where the labels are the
    model's classes as they are, decisively, regcore.trust.labels.errors looks for wrong ones among
    all images; else there is nothing to compare them with. Raises DatasetError for labels and
    scores that cannot be read, and where no image has both.
    """
    predictions, labels, names = existing(predictions), existing_label_file(labels), optional(names)
    first = whole_within("first", first, 1, _MOST_IMAGES)
    known, _ = wanted_names(class_names)
    by_image = read_image_labels(labels)
    opened = open_scores(predictions, tuple(by_image), output=output, names=names)
    if not opened.names:
        raise DatasetError(f"{predictions}: no scores of an image that {labels} names")
    classes = opened.classes
    if classes == 1:
        raise UsageError(f"{predictions}: one score for each image, which tells no classes apart")
    if background is None:
        background = has_background(classes)
    log_background(classes, log, background=background)
    shown = None if known is None else names_of_classes(known, classes, str(class_names))
    given = np.array([by_image[name] for name in opened.names], np.int64) + int(background)
    reader = _Reader(opened, given, workers)
    places, predicted = reader.first_choices(first)
    if not (predicted >= 0).any():
        raise DatasetError(f"{predictions}: no image's scores could be read, or all are NaN")
    ways = weigh_numberings(given[places], predicted, classes, background=background)
    errors = None
    if is_sound(ways) and ((given >= 0) & (given < classes)).all():
        with progress(PASSES * len(given)) as reader.advance:
            errors = find_label_errors(reader.batches, classes)
    wrong = reader.rows[errors.images] if errors else np.empty(0, np.intp)
    return LabelExamination(
        ExaminedLabels(
            images=len(opened.names),
            weighed=len(places),
            classes=classes,
            background=background,
            numberings=tuple(ways),
            errors=errors,
            names=tuple(opened.names[row] for row in wrong),
            labels=given[wrong],
            class_names=shown,
            left_out=len(opened.errors) + len(opened.missing),
        )
    )


class _Reader:
    """All scores with their labels, as often as they are asked for."""

    def __init__(self, opened: ScoreSet, labels: NDArray[np.int64], workers: int | None) -> None:
        self._opened = opened
        self._labels = labels
        self._workers = workers
        self._done = 0
        self.rows: NDArray[np.intp] = np.empty(0, np.intp)  # of the images of the last pass
        self.advance: Advance = lambda _done, _failed: None

    def batches(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        rows = [np.empty(0, np.intp)]
        for batch in self._opened.batches(self._workers):
            if len(batch.indices):
                rows.append(batch.indices.copy())
                yield batch.scores, self._labels[batch.indices]
            self._done += len(batch.indices)
            self.advance(self._done, 0)
        self.rows = np.concatenate(rows)

    def first_choices(self, first: int) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """The places of the first images with scores, and what each is taken for."""
        places, chosen = [np.empty(0, np.intp)], [np.empty(0, np.int64)]
        for batch in self._opened.batches(self._workers):
            room = first - sum(map(len, places))
            places.append(batch.indices[:room].copy())
            chosen.append(top1(batch.scores[:room]) if len(places[-1]) else chosen[0])
            if len(places[-1]) == room:
                break
        return np.concatenate(places), np.concatenate(chosen)

"""Examined labels in a report: how they are numbered, and pictures of those probably wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from regcore.counted import agreeing, counted
from regcore.errors import DatasetError
from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.run_folder import Run
from regcore.files.names import image_key
from regcore.reports.html.checks.documents import read_document
from regcore.reports.html.class_names import Names
from regcore.reports.html.mistake_images import image_files
from regcore.reports.html.thumbnails import thumbnail
from regcore.reports.labels import LabelErrorForm, LabelsForm, headline, odds_words
from regcore.trust.labels.numbering import DECISIVE

_SHOWN_ERRORS = 24
#: Decades of unlikeliness from which on a bar is full.
_DECADES = 2 * DECISIVE


@dataclass(frozen=True)
class NumberingRow:
    """A way of numbering. length: of its bar, 0 to 1, by how unlikely it is; odds: in words."""

    kind: str
    sentence: str
    hits: str
    odds: str
    length: float


@dataclass(frozen=True)
class LabelError:
    """An image whose label is probably wrong. picture: a data URI; None: it could not be had."""

    image: str
    label: str
    label_probability: str
    seems: str
    seems_probability: str
    picture: str | None


@dataclass(frozen=True)
class ShownLabels:
    """What a report shows. found: how many labels are probably wrong, of how many; in words."""

    outcome: str
    headline: str
    numberings: list[NumberingRow]
    found: str
    errors: list[LabelError]
    hidden: int


def read_labels(run: Run, predictions: TopPredictions, names: Names) -> ShownLabels | None:
    """The labels examined, from a run's folder; None: there are none.

    Raises DatasetError where they are other labels than the run's, or those of other images.
    """
    form = read_document(run.folder, "labels", LabelsForm)
    if form is None:
        return None
    path = run.folder / "labels.json"
    if form.classes != run.content.classes:
        raise DatasetError(
            f"{path}: is of {counted(form.classes, 'class')}, and this run of {run.content.classes}"
        )
    first = int(form.background)
    places = {image_key(image): place for place, image in enumerate(predictions.images)}
    for error in form.errors:
        place = places.get(image_key(error.image))
        if place is None:
            raise DatasetError(f"{path}: {error.image} is no image of this run")
        own = int(predictions.labels[place]) - first
        if own != error.label:
            raise DatasetError(
                f"{path}: {error.image} has the label {error.label} there, and {own} in this run"
            )
    shown = form.errors[:_SHOWN_ERRORS]
    images = [predictions.images[places[image_key(error.image)]] for error in shown]
    files = image_files(Path(run.content.root), images)
    return ShownLabels(
        outcome="PASS" if form.sound else "FAIL" if form.decided else "UNDECIDED",
        headline=headline(form),
        numberings=[
            NumberingRow(
                kind=way.kind,
                sentence=way.sentence,
                hits="" if way.hits is None else f"{way.hits:,}",
                odds=odds_words(place, way),
                length=min(1.0, way.log10_times_less_likely / _DECADES),
            )
            for place, way in enumerate(form.numberings)
        ],
        found=_found(form),
        errors=[
            _error(error, image, first, names, thumbnail(file))
            for error, image, file in zip(shown, images, files, strict=True)
        ],
        hidden=len(form.errors) - len(shown),
    )


def _found(form: LabelsForm) -> str:
    if form.compared is None:
        return "Wrong labels were not looked for: the labels are not surely the model's classes."
    count = len(form.errors)
    labels = counted(form.compared, "label", form=",")
    are = agreeing(count, "is", "are")
    return f"{count:,} of {labels} {are} probably wrong, the surest first."


def _error(
    error: LabelErrorForm, image: str, first: int, names: Names, picture: str | None
) -> LabelError:
    return LabelError(
        image=image,
        label=names(error.label + first),
        label_probability=f"{error.label_probability:.2g}",
        seems=names(error.seems + first),
        seems_probability=f"{error.seems_probability:.2g}",
        picture=picture,
    )

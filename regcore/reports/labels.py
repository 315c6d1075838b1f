"""What an examination of labels has found, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from regcore.counted import agreeing, counted
from regcore.reports.printable import printable
from regcore.schemas import Format, json_form
from regcore.schemas.fields import Count, Positive, described
from regcore.trust.labels.errors import LabelErrors
from regcore.trust.labels.numbering import DECISIVE, Kind, Numbering, is_decided, is_sound


@dataclass(frozen=True)
class ExaminedLabels:
    """What was found of labels.

    images: those with scores and a label; weighed: the first ones, by which the numbering was told;
    left_out: labels without scores that could be read. numberings: see weigh_numberings. errors:
    None where they were not looked for; names and labels (int64, class indices): of their images.
    """

    images: int
    weighed: int
    classes: int
    background: bool
    numberings: tuple[Numbering, ...]
    errors: LabelErrors | None
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    class_names: Sequence[str] | None
    left_out: int

    @property
    def sound(self) -> bool:
        """Whether the labels are the model's classes as they are, decisively."""
        return is_sound(self.numberings)


@dataclass(frozen=True)
class NumberingForm:
    """A way in which the labels may be numbered."""

    kind: Annotated[Kind, described("What it is.")]
    sentence: Annotated[str, described("What that means, and what to do about it.")]
    hits: Annotated[
        Count | None,
        described("Images whose first choice is the class so meant; null where none is said."),
    ]
    log10_times_less_likely: Annotated[
        float, described("By how many decades the predictions are less likely than by the first.")
    ]


@dataclass(frozen=True)
class LabelErrorForm:
    """An image whose label is probably wrong."""

    image: Annotated[str, described("Its name.")]
    label: Annotated[int, described("As numbered in the label file.")]
    seems: Annotated[int, described("The label that its scores speak for; -1 is the background.")]
    label_probability: Annotated[float, described("That the model gives the label.")]
    seems_probability: Annotated[float, described("That it gives the other.")]


@dataclass(frozen=True, kw_only=True)
class LabelsForm:
    """How labels are numbered by the scores of a model, and which are probably wrong."""

    format: Format
    sound: Annotated[
        bool, described("Whether they are the model's class indices as they are, decisively.")
    ]
    decided: Annotated[
        bool, described(f"Whether the first numbering leads by {DECISIVE:g} decades.")
    ]
    images: Annotated[Positive, described("With a label and scores.")]
    weighed: Annotated[Positive, described("Of them, the first, by which numberings are told.")]
    left_out: Annotated[Count, described("Labels without scores that could be read.")]
    classes: Annotated[Positive, described("Scores of each image.")]
    background: Annotated[bool, described("Whether label 0 is class 1.")]
    numberings: Annotated[list[NumberingForm], described("The likeliest first.")]
    compared: Annotated[
        Count | None,
        described("Images that were looked at for wrong labels; null where that has no sense."),
    ]
    softmax: Annotated[
        bool | None, described("Whether the scores were taken for logits; null as above.")
    ]
    errors: Annotated[list[LabelErrorForm], described("Probably wrong, the surest first.")]


def labels_form(found: ExaminedLabels) -> LabelsForm:
    """As it is printed and written."""
    best = found.numberings[0].log10_evidence
    return LabelsForm(
        format=json_form("labels"),
        sound=found.sound,
        decided=is_decided(found.numberings),
        images=found.images,
        weighed=found.weighed,
        left_out=found.left_out,
        classes=found.classes,
        background=found.background,
        numberings=[
            NumberingForm(way.kind, way.sentence, way.hits, best - way.log10_evidence)
            for way in found.numberings
        ],
        compared=None if found.errors is None else found.errors.compared,
        softmax=None if found.errors is None else found.errors.softmax,
        errors=_errors(found),
    )


def _errors(found: ExaminedLabels) -> list[LabelErrorForm]:
    errors, first = found.errors, int(found.background)
    if errors is None:
        return []
    return [
        LabelErrorForm(name, int(label) - first, int(seems) - first, float(own), float(other))
        for name, label, seems, own, other in zip(
            found.names,
            found.labels,
            errors.classes,
            errors.label_probability,
            errors.class_probability,
            strict=True,
        )
    ]


def headline(form: LabelsForm) -> str:
    """How the labels are numbered, in a line."""
    verdict = "" if form.decided else "UNDECIDED: "
    return (
        f"{verdict}{form.numberings[0].kind}, by the first choices of "
        f"{counted(form.weighed, 'image')}, {counted(form.classes, 'class')}"
    )


def to_text(form: LabelsForm, class_names: Sequence[str] | None, shown: int) -> str:
    """As lines.

    class_names: by class index; None: numbers alone. shown: how many of the labels that are
    probably wrong are listed.
    """
    return "\n".join(
        [headline(form), *_numbering_lines(form), *_error_lines(form, class_names, shown)]
    )


def odds_words(place: int, way: NumberingForm) -> str:
    """How much less likely the numbering at this place of the list is than the first."""
    return f"1 : 10^{way.log10_times_less_likely:.1f}" if place else "likeliest"


def _numbering_lines(form: LabelsForm) -> Iterator[str]:
    for place, way in enumerate(form.numberings):
        odds = odds_words(place, way)
        hits = "" if way.hits is None else f"{way.hits} right: "
        yield f"  {odds:>12}  {way.kind}: {hits}{way.sentence}"


def _error_lines(form: LabelsForm, class_names: Sequence[str] | None, shown: int) -> Iterator[str]:
    if form.compared is None:
        yield "wrong labels were not looked for: the labels are not surely the model's classes"
        return

    def described_label(label: int) -> str:
        if class_names is None:
            return str(label)
        return f"{label} {printable(class_names[label + form.background])}"

    count = len(form.errors)
    share = 100 * count / form.compared if form.compared else 0.0
    kind = "logits, by softmax" if form.softmax else "probabilities"
    labels, are = counted(form.compared, "label"), agreeing(count, "is", "are")
    yield f"{count} of {labels} ({share:.2g} %) {are} probably wrong (scores: {kind})"
    for error in form.errors[:shown]:
        yield (
            f"  {printable(error.image)}: {described_label(error.label)} "
            f"({error.label_probability:.2g}), seems {described_label(error.seems)} "
            f"({error.seems_probability:.2g})"
        )
    if count > shown:
        yield f"  and {count - shown} more"

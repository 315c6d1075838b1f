"""The form of what `regcore score --json` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from regcore.reports.image_fields import (
    Accuracies,
    FailedImages,
    Metrics,
    NanImages,
    TiedImages,
    TieRule,
)
from regcore.schemas import Format
from regcore.schemas.fields import Amount, Count, Positive, TopName, described

_Share = Annotated[str, Meta(pattern="^[0-9.]+%$")]


@dataclass(frozen=True)
class ClassAccuracy:
    """A class that occurs."""

    label: Annotated[int, described("As numbered in the label file.")]
    images: Annotated[Positive, described("Of this class.")]
    hits: Annotated[Count, described("Of them, by the first choice.")]
    accuracy: Annotated[str, described("hits / images in percent, as text.")]


@dataclass(frozen=True)
class WrongAnswer:
    """What images of a class were taken for."""

    label: Annotated[
        int | None,
        described("The answer; -1 is a model's background, null a score that is NaN."),
    ]
    images: Annotated[Positive, described("How often.")]


@dataclass(frozen=True)
class ConfusedClass(ClassAccuracy):
    """A class, and what took its place."""

    confused_with: Annotated[list[WrongAnswer], described("The most frequent wrong answers.")]


@dataclass(frozen=True, kw_only=True)
class ScoreForm:
    """The outputs of another tool against labels.

    Of a set that is not complete there is no accuracy, only the interval in which it lies.
    """

    format: Format
    complete: Annotated[
        bool,
        described("Whether each image that should have scores has them, once, and no other has."),
    ]
    images: Annotated[Count, described("How many were counted.")]
    expected_images: Annotated[Count, described("How many should have been.")]
    failed: FailedImages
    missing: Annotated[list[str], described("Images without scores.")]
    surplus: Annotated[list[str], described("Scores without a label.")]
    accuracy_interval: Annotated[
        dict[TopName, Annotated[list[_Share], Meta(min_length=2, max_length=2)]],
        described(
            "If all images without scores are missed, or hit: the least and the greatest accuracy."
        ),
    ]
    stray: Annotated[list[str], described("Files that are no scores by their names.")]
    first_line_only: Annotated[
        Count, described("Text files that go on after the line that was read.")
    ]
    ties: TieRule
    tied_images: TiedImages
    nan_images: NanImages
    classes: Annotated[Count, described("Scores of each image.")]
    seconds: Annotated[Amount, described("For reading and comparing.")]
    hits: Annotated[
        list[Count] | UnsetType,
        described("Images whose label is among the best 1, 2, ...; only of a complete set."),
    ] = UNSET
    accuracy: Accuracies | UnsetType = UNSET
    metrics: Metrics | UnsetType = UNSET
    confusion: Annotated[
        list[ConfusedClass] | UnsetType,
        described("The worst classes (--worst); only of a complete set."),
    ] = UNSET
    per_class: Annotated[
        list[ClassAccuracy] | UnsetType,
        described("Each class that occurs; only of a complete set."),
    ] = UNSET
    result: Annotated[str, described("The file that was written.")]

"""Labels by two witnesses, a file and class folders, which may contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import DatasetError, LabelError
from regcore.images.class_folders import IMAGENET_CLASSES
from regcore.images.label_matching import NO_LABEL

if TYPE_CHECKING:
    from regcore.images.labels import LabelledImages

_WITH_BACKGROUND = IMAGENET_CLASSES + 1


def check_class_order(
    labelled: LabelledImages, classes: int, *, background: bool | None = None
) -> None:
    """Raises DatasetError where a model's classes are not those that the labels are of.

    That is so where a class map lists more of them (LabelError), where the only class folder is to
    be one of several classes, where folders say ImageNet's classes and the model has others, or
    where folders and labels contradict each other. background: as it was asked for; with False a
    model of 1001 classes may have labels that count its background.
    """
    if labelled.listed is not None:
        _check_length(labelled.listed, classes, background=background)
    if labelled.only_folder is not None and classes > 1:
        raise DatasetError(
            f"{labelled.only_folder!r} is the only class folder, and the model has {classes} "
            "classes: its place among the sorted names says nothing; --labels takes a class map "
            "(the folder of a class a line), or a file with the labels"
        )
    if labelled.folders is None:
        return
    if classes not in {IMAGENET_CLASSES, _WITH_BACKGROUND}:
        if labelled.by_folders:
            raise DatasetError(
                f"the model has {classes} classes, and the folders are called by ImageNet's 1,000; "
                "--labels folders takes their sorted names, and a class map (a class a line) any "
                "other order"
            )
        return
    numbered = labelled.folders + int(classes == _WITH_BACKGROUND and background is False)
    if not labelled.by_folders and not np.array_equal(labelled.labels, numbered):
        check_agreement(
            labelled.names, labelled.labels, labelled.folders, labelled.origin, "the class folders"
        )


def _check_length(listed: int, classes: int, *, background: bool | None) -> None:
    assumed = background is None and classes == _WITH_BACKGROUND
    named = classes - int(assumed or bool(background))
    if listed > named:
        beside = "" if named == classes else f" beside the background, class 0 of {classes}"
        advice = "; --no-background says that the map has it, too" if listed == classes else ""
        raise LabelError(
            f"the class map lists {counted(listed, 'class')}, and the model has {named}{beside}: a "
            f"map of another model numbers the classes otherwise{advice}"
        )


def check_agreement(
    names: Sequence[str],
    labels: NDArray[np.int64],
    others: NDArray[np.int64],
    origin: str,
    other: str,
) -> None:
    """Raises DatasetError, with both and the first image, where two labels of an image differ.

    labels, others: int64 [names], NO_LABEL where there is none; origin, other: who says them.
    """
    both = (labels != NO_LABEL) & (others != NO_LABEL)
    different = np.flatnonzero(both & (labels != others))
    if len(different):
        first = different[0]
        raise DatasetError(
            f"{origin} and {other} contradict each other on {len(different)} of {both.sum()} "
            f"images: {names[first]} is class {labels[first]} by the one, and {others[first]} by "
            "the other; --labels wordnet takes the folders' word, and a class map (the folder of a "
            "class a line) is for a model with an order of classes of its own"
        )

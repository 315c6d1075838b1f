"""True classes: arrays of labels, and the class index of a label in models with a background."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regcore.counted import counted
from regcore.errors import LabelError
from regcore.scores.arrays import has_mask, host_array, score_array, whole_number

# A model with one class more than ImageNet keeps index 0 for the background.
_CLASSES_WITH_BACKGROUND = 1001


def label_array(labels: Any) -> NDArray[np.integer[Any]]:  # noqa: ANN401
    """Labels as an array of integers; raises TypeError for anything else, and for masked arrays."""
    if has_mask(labels):
        raise TypeError("labels cannot be a masked array; leave out the images without a label")
    given = host_array("labels", labels)
    try:
        array = np.asarray(given)
    except (TypeError, ValueError) as error:
        raise TypeError(f"labels must be integers, one for each image: {error}") from None
    if array.dtype == object:
        raise TypeError("labels must be integers of at most 64 bits")
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"labels must be integers, not {array.dtype}")
    return array if array.size else array.astype(np.int64)


def has_background(classes: int) -> bool:
    """Whether the guide takes a model of so many classes for one with a background class."""
    return classes == _CLASSES_WITH_BACKGROUND


def class_indices(
    labels: ArrayLike, classes: int, *, background: bool = False
) -> NDArray[np.int64]:
    """The model's class index, int64 [images], of each label.

    It is the label itself, or with `background` label + 1: the model's class 0 is then none that a
    label names. Raises LabelError for a label that the model does not have.
    """
    given = label_array(labels)
    if given.ndim != 1:
        raise ValueError(f"labels must be a list with one label an image, not {given.ndim}-D")
    first = int(background)
    wrong = given[(given < 0) | (given >= classes - first)]
    if wrong.size:
        raise LabelError(
            f"label {wrong[0]} does not fit a model with {counted(classes, 'class')}: "
            f"labels lie between 0 and {classes - first - 1}"
        )
    return given.astype(np.int64) + first


def one_row(
    scores: NDArray[Any], labels: NDArray[np.integer[Any]]
) -> tuple[NDArray[Any], NDArray[np.integer[Any]]]:
    """[classes] of one image, with its one label, as [1, classes] and [1]; all else as it is."""
    if scores.ndim == 1 and labels.size == 1:
        return scores[np.newaxis], labels.reshape(1)
    return scores, labels


def ignored_label(ignore_index: object) -> int | None:
    """The label of images that are left out, or None; raises TypeError for no whole number."""
    return None if ignore_index is None else whole_number("ignore_index", ignore_index)


def without_ignored(
    scores: Any,  # noqa: ANN401
    labels: Any,  # noqa: ANN401
    ignore_index: int,
) -> tuple[Any, Any, NDArray[np.bool_]]:
    """Scores and labels of the images whose label is not `ignore_index`; which of all these are."""
    array, given = one_row(score_array(scores), label_array(labels))
    kept: NDArray[np.bool_] = np.not_equal(given, ignore_index)
    if array.shape[:1] != given.shape:
        raise ValueError(_lengths(len(array), given.size))
    return (array, given, kept) if kept.all() else (array[kept], given[kept], kept)


def _lengths(images: int, labels: int) -> str:
    return f"scores of {counted(images, 'image')} do not go with {counted(labels, 'label')}"


def labelled_scores(
    scores: Any,  # noqa: ANN401
    labels: ArrayLike,
    *,
    background: bool = False,
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Scores as an array [images, classes], and the class index of each image, int64 [images].

    Scores of one image, [classes], go with one label. Raises ValueError where they do not go
    together, otherwise as score_array and class_indices.
    """
    array, given = one_row(score_array(scores), label_array(labels))
    if array.ndim != 2:  # noqa: PLR2004
        raise ValueError(f"scores must be [images, classes], not {array.ndim}-D")
    expected = class_indices(given, array.shape[1], background=background)
    if len(array) != len(expected):
        raise ValueError(_lengths(len(array), len(expected)))
    return array, expected

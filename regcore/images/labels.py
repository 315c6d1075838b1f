"""The label of each image, from wherever it is kept: a file, class folders, or the source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regcore.counted import agreeing, counted
from regcore.errors import DatasetError, LabelError, UsageError
from regcore.images.class_folders import (
    FolderLabels,
    assumed_labels,
    mapped_labels,
    number_labels,
    sorted_labels,
    wordnet_labels,
)
from regcore.images.folder_orders import FOLDER_ORDERS
from regcore.images.label_files.reader import read_label_file
from regcore.images.label_matching import NO_LABEL, match_labels, shown

_NAMED = 20


@dataclass(frozen=True)
class LabelledImages:
    """Images with one label each, in the order in which they are evaluated.

    names: of the images that have labels, as they were given. labels: int64 [images], as the file
    or the folders have them.
    missing: names in the label file for which there is no image, in the file's order.
    unlabelled: names of images that are left out, as no label is known.
    origin: where the labels come from, in words. folders: the labels by ImageNet's classes that
    the names of the folders give, int64 [images], NO_LABEL where they give none; None where no
    folder says anything, or an order of classes was given. by_folders: whether they are the labels.
    only_folder: the class folder that is the only one in an order of sorted names, or None.
    listed: how many classes the class map lists, None where the labels are by none.
    """

    names: tuple[str, ...]
    labels: NDArray[np.int64]
    missing: tuple[str, ...]
    unlabelled: tuple[str, ...]
    origin: str
    by_folders: bool
    folders: NDArray[np.int64] | None
    only_folder: str | None = None
    listed: int | None = None


@contextmanager
def errors_name(origin: str | Path) -> Iterator[None]:
    """A label of this file that no class has is an error that names the file."""
    try:
        yield
    except LabelError as error:
        raise LabelError(f"{origin}: {error}") from error


def label_images(
    names: Sequence[str],
    labels: str | Path | None = None,
    *,
    root: str | Path = "",
    folders: Iterable[str] = (),
    own: Sequence[int] | NDArray[np.int64] | None = None,
    subset: bool = False,
    needed: int | None = None,
) -> LabelledImages:
    """Gives every image its label.

    names: paths below `root`, with `/` between folders, or SHARD::PATH. labels: a file in any form
    of `read_label_file`; "folders", "wordnet" or "numbers" for an order of class folders; None for
    the labels that the source has: `own`, one for each name, or class folders that leave no doubt.
    folders: the class folders that are there, for "folders". subset: images without a label are
    left out, instead of being an error. needed: labels are needed of the first so many only.

    Raises DatasetError where images have no label (with their count and the first), where a label
    file is damaged or fits several images, and UsageError where nothing says the labels.
    """
    found = _found(names, labels, root, folders, own)
    has_label = found.labels != NO_LABEL
    if not has_label[:needed].all() and not (subset and has_label.any()):
        lacking = _chosen(names[:needed], ~has_label[:needed])
        order = None if labels is None or labels not in FOLDER_ORDERS else str(labels)
        file = "" if labels is None or order else f"{labels}: "
        spelled = None if has_label.any() else next(filter(_is_of_windows, found.missing), None)
        raise DatasetError(f"{file}{_lacking(lacking, len(names), root, order, spelled)}")
    return LabelledImages(
        names=_chosen(names, has_label),
        labels=found.labels[has_label],
        missing=found.missing,
        unlabelled=_chosen(names, ~has_label),
        origin=found.origin,
        by_folders=found.by_folders,
        folders=None if found.folders is None else found.folders[has_label],
        only_folder=found.only_folder,
        listed=found.listed,
    )


class _Found(NamedTuple):
    """What label_images found for every name."""

    labels: NDArray[np.int64]
    origin: str
    missing: tuple[str, ...] = ()
    by_folders: bool = False
    folders: NDArray[np.int64] | None = None
    only_folder: str | None = None
    listed: int | None = None


def _found(
    names: Sequence[str],
    labels: str | Path | None,
    root: str | Path,
    folders: Iterable[str],
    own: Sequence[int] | NDArray[np.int64] | None,
) -> _Found:
    others = None if own is None else np.asarray(own, np.int64)
    if others is not None and others.shape != (len(names),):
        raise ValueError(f"labels of {others.shape} do not go with {counted(len(names), 'image')}")
    if labels is None and others is not None:
        return _Found(others, "the source's own", folders=_imagenet_folders(names))
    if labels is None or labels in FOLDER_ORDERS:
        order = _folder_labels(names, labels, folders)
        said = order.labels if order.imagenet else _imagenet_folders(names)
        return _Found(
            order.labels,
            order.form,
            by_folders=order.imagenet,
            folders=said,
            only_folder=order.only,
        )
    file = read_label_file(labels)
    if file.by_class:
        order = mapped_labels(names, file.by_class)
        return _Found(order.labels, f"{labels}: {order.form}", listed=len(file.by_class))
    try:
        found, missing = match_labels(names, file.by_name, root)
    except DatasetError as error:
        raise DatasetError(f"{labels}: {error}") from None
    origin = f"{labels}: {file.form}" if file.form else str(labels)
    return _Found(found, origin, missing, folders=_imagenet_folders(names))


def _folder_labels(
    names: Sequence[str], order: str | Path | None, folders: Iterable[str]
) -> FolderLabels:
    if order == "folders":
        return sorted_labels(names, folders)
    if order == "wordnet":
        return wordnet_labels(names)
    if order == "numbers":
        return number_labels(names)
    assumed = assumed_labels(names)
    if assumed is None:
        raise UsageError(
            "nothing says the labels: --labels FILE is needed, or --labels folders for the sorted "
            "names of class folders, or --labels numbers for folders called by the class's number"
        )
    return assumed


def _imagenet_folders(names: Sequence[str]) -> NDArray[np.int64] | None:
    try:
        assumed = assumed_labels(names)
    except DatasetError:  # WordNet ids of other classes say nothing of these
        return None
    return assumed.labels if assumed is not None and assumed.imagenet else None


def _chosen(names: Sequence[str], wanted: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(compress(names, wanted.tolist()))


def _is_of_windows(name: str) -> bool:
    return "\\" in name


def _lacking(
    unlabelled: Sequence[str],
    count: int,
    root: str | Path,
    order: str | None,
    spelled: str | None,
) -> str:
    """What is said of images without a label.

    spelled: a name of the label file with the backslashes of Windows, if none fits an image.
    """
    named = ", ".join(shown(root, name) for name in unlabelled[:_NAMED])
    more = f" and {len(unlabelled) - _NAMED} more" if len(unlabelled) > _NAMED else ""
    if spelled is not None:
        advice = (
            f"the names in the label file have backslashes, as on Windows ({spelled}): write them "
            f"with /, below {root or 'the folder of the images'}, or without their folders"
        )
    elif len(unlabelled) < count:
        advice = "--subset leaves them out"
    elif order is not None:
        advice = f"none lies in a class folder of --labels {order}; --labels takes a file, too"
    else:
        advice = "the labels are of other images, or their folders are named otherwise"
    have = agreeing(len(unlabelled), "has", "have")
    images = counted(count, "image")
    return f"{len(unlabelled)} of {images} {have} no label: {named}{more}; {advice}"

"""Labels from the folders that images lie in, by each of the orders that people sort classes in.

torchvision's ImageFolder, and timm's, number the sorted names of the folders that are there. That
is the model's order only where the same folders were there in training: of a part of ImageNet, and
of numbers without leading zeros, it is another. So that order is never assumed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import DatasetError
from regcore.files.names import ARCHIVE_MARK, split_member
from regcore.images.label_files.imagenet import WORDNET_ID, class_indices
from regcore.images.label_matching import NO_LABEL

IMAGENET_CLASSES = 1000

#: Numbers of one digit sort the same as text; of longer ones only ImageNetV2's are well known.
_KNOWN_COUNTS = {*range(2, 11), IMAGENET_CLASSES}
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_NAMED = 3


@dataclass(frozen=True)
class FolderLabels:
    """labels: int64 [images], NO_LABEL for an image that lies in no class folder.

    form: how they were numbered, in words. imagenet: whether by ImageNet's 1,000 classes, so that
    only a model of these can be evaluated by them. only: the class folder beside which there is no
    other, of those that were numbered in the order of their names.
    """

    labels: NDArray[np.int64]
    form: str
    imagenet: bool = False
    only: str | None = None


def assumed_labels(names: Sequence[str]) -> FolderLabels | None:
    """The labels that folders give without a doubt; None where they leave one.

    Folders that are called by WordNet ids, or 0 to 999 (as ImageNetV2's), are ImageNet's classes;
    0 to 9, or fewer, are numbered the same in every order. Raises DatasetError for a WordNet id
    that is not ImageNet's.
    """
    paths = _paths(names)
    if any(map(_wordnet_folder, paths)):
        return wordnet_labels(names)
    folders = set(map(_innermost, paths))
    count = len(folders)
    is_known = folders == set(map(str, range(count))) and count in _KNOWN_COUNTS
    return number_labels(names) if is_known else None


def wordnet_labels(names: Sequence[str]) -> FolderLabels:
    """By ImageNet's order, of the innermost folder that is called by a WordNet id.

    Raises DatasetError for an id that is not among the 1,000.
    """
    known = class_indices()

    def label(wordnet_id: str) -> int:
        if wordnet_id not in known:
            raise DatasetError(
                f"the folder {wordnet_id} is none of ImageNet's {IMAGENET_CLASSES} classes; "
                "--labels takes a class map (a class a line), or folders, for their sorted names"
            )
        return known[wordnet_id]

    labels = _labels(names, _wordnet_folder, label)
    form = f"{_count(labels)} of ImageNet's 1,000 classes, by folders with WordNet ids"
    return FolderLabels(labels, form, imagenet=True)


def number_labels(names: Sequence[str]) -> FolderLabels:
    """The number that the folder of each image is called by.

    Raises DatasetError for another name, or one with leading zeros, whose meaning is open.
    """

    def label(folder: str) -> int:
        if not _NUMBER.fullmatch(folder):
            raise DatasetError(f"the folder {folder[:80]!r} is not called by the number of a class")
        return int(folder)

    labels = _labels(names, _innermost, label)
    count = _count(labels)
    form = f"{counted(count, 'class')}, by folders called by their numbers"
    return FolderLabels(labels, form, imagenet=count == IMAGENET_CLASSES)


def sorted_labels(names: Sequence[str], folders: Iterable[str] = ()) -> FolderLabels:
    """The place of each image's outermost folder among the sorted names, as ImageFolder has it.

    folders: those that are there, whether or not one of `names` lies in them. Raises DatasetError
    where all images lie in folders of one folder, which encloses the class folders: all of them
    would have one label.
    """
    folders = set(folders)
    _check_no_enclosing_folder(names, folders)
    there = folders | outermost_folders(names)
    place = {folder: index for index, folder in enumerate(sorted(there))}
    labels = _labels(names, _outermost, lambda folder: place[folder])
    form = f"{counted(len(place), 'class folder')}, in the order of their sorted names"
    return FolderLabels(labels, form, only=next(iter(there)) if len(there) == 1 else None)


def _check_no_enclosing_folder(names: Sequence[str], folders: set[str]) -> None:
    paths = [_within(path).split("/") for path in _paths(names)]
    depth = 0
    while len({tuple(path[: depth + 1]) for path in paths}) == 1 and len(paths[0]) > depth + 1:
        if min(map(len, paths)) == depth + 1:  # images beside the folders
            break
        depth += 1
    inner = sorted({path[depth] for path in paths}) if depth else []
    # A list of images may name some of one class alone, which lie in a folder of its folder.
    if not inner or (len(inner) == 1 and len(folders) > 1):
        return
    named = ", ".join(map(repr, inner[:_NAMED])) + (", ..." if len(inner) > _NAMED else "")
    raise DatasetError(
        f"all images lie in the one folder {'/'.join(paths[0][:depth])!r}, and the class folders "
        f"({named}) in that: give this folder itself for the images, or, for an archive or a "
        "store, a class map for --labels (the folder of a class a line)"
    )


def outermost_folders(names: Iterable[str]) -> set[str]:
    """The outermost folder of each image that lies in one, within its archive."""
    return {folder for folder in map(_outermost, _paths(names)) if folder}


def mapped_labels(names: Sequence[str], classes: Mapping[str, int]) -> FolderLabels:
    """The place of each image's folder in an order of classes, such as timm's class map.

    Where the classes are WordNet ids, it is that of the folder that is called by one.
    """
    folder = _wordnet_folder if any(map(WORDNET_ID.fullmatch, classes)) else _innermost
    labels = _labels(names, folder, lambda found: classes.get(found, NO_LABEL))
    return FolderLabels(labels, f"{_count(labels)} of {counted(len(classes), 'class')}")


def _labels(
    names: Sequence[str], folder_of: Callable[[str], str | None], label: Callable[[str], int]
) -> NDArray[np.int64]:
    # A million images lie in few folders.
    known = {"": NO_LABEL}
    found = np.empty(len(names), np.int64)
    for place, name in enumerate(names):
        path = _path(name)
        if path not in known:
            folder = folder_of(path)
            known[path] = NO_LABEL if folder is None else label(folder)
        found[place] = known[path]
    return found


def _count(labels: NDArray[np.int64]) -> int:
    return len(np.unique(labels[labels != NO_LABEL]))


def _paths(names: Iterable[str]) -> set[str]:
    """The paths of all folders that images lie in, and "" where one lies in none."""
    return set(map(_path, names))


def _path(name: str) -> str:
    """The path of the folder that an image lies in; what lies in an archive itself ends in ::."""
    path = name.rpartition("/")[0]
    if ARCHIVE_MARK in name and ARCHIVE_MARK not in path and (split := split_member(name)):
        return f"{split[0]}{ARCHIVE_MARK}"
    return path


def _within(path: str) -> str:
    """A path within its archive, if there is one."""
    split = split_member(path) if ARCHIVE_MARK in path else None
    return path if split is None else split[1]


def _innermost(path: str) -> str | None:
    """The folder that an image lies in, of its path."""
    return _within(path).rpartition("/")[2] or None


def _outermost(path: str) -> str | None:
    """The first folder on the way to an image, within its archive."""
    return _within(path).partition("/")[0] or None


def _wordnet_folder(path: str) -> str | None:
    """The last folder, or .tar, on the way to an image that is called by a WordNet id."""
    folders = path.replace(f".tar{ARCHIVE_MARK}", "/").replace(ARCHIVE_MARK, "/").split("/")
    return next((folder for folder in folders[::-1] if WORDNET_ID.fullmatch(folder)), None)

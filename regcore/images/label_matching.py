"""Which label of a file belongs to which image: by its path, by its name, or by its stem."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.files.names import ARCHIVE_MARK, image_key, split_member

#: In place of the label of an image that has none.
NO_LABEL = -1


def match_labels(
    names: Sequence[str], labels: Mapping[str, int], root: str | Path
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The label of each image, int64 [names], or NO_LABEL; and the labels without an image.

    names: paths below `root` with `/` between folders, or SHARD::PATH. Each is looked up as a path,
    then as a name without its folders, then up to its first dot; a label with folders fits only
    images in those. A label belongs to one image at most: DatasetError where names leave open which
    label or which image is meant.
    """
    by_path = _paths(labels)
    by_stem: Mapping[str, list[str]] = {}
    above = Path(root).absolute().parts
    found = np.full(len(names), NO_LABEL, np.int64)
    owners: dict[str, str] = {}
    for place, image in enumerate(names):
        member = split_member(image) if ARCHIVE_MARK in image else None
        path = image if member is None else "/".join(member)  # an archive is a folder
        owned = by_path.get(image) or by_path.get(path)
        if owned is None and member is not None:
            owned = by_path.get(member[1])
        if owned is None:
            owned = by_path.get(path.rpartition("/")[2])
        if owned is None:
            by_stem = by_stem or _stems(labels)  # which many need not
            owned = _by_stem(image, path, by_stem.get(image_key(path), ()), above)
        if owned is None:
            continue
        if owned in owners:
            raise DatasetError(
                f"the label {owned} fits two images: {shown(root, owners[owned])} and "
                f"{shown(root, image)}"
            )
        owners[owned] = image
        found[place] = labels[owned]
    return found, tuple(name for name in by_path.values() if name not in owners)


def _paths(labels: Mapping[str, int]) -> Mapping[str, str]:
    """The name of each label by the path that it spells: ./x.JPEG is x.JPEG."""
    by_path: dict[str, str] = {}
    for name, label in labels.items():
        first = by_path.setdefault(_plain(name), name)
        if labels[first] != label:
            raise DatasetError(f"{first} and {name} are one image with two labels")
    return by_path


def _stems(labels: Iterable[str]) -> Mapping[str, list[str]]:
    stems: defaultdict[str, list[str]] = defaultdict(list)
    for name in labels:
        stems[image_key(name)].append(name)
    return stems


def _plain(name: str) -> str:
    # PurePosixPath takes ten times as long, and few names need it.
    if "./" in name or "//" in name or name.endswith("/"):
        return PurePosixPath(name).as_posix()
    return name


def _by_stem(image: str, path: str, same: Sequence[str], above: tuple[str, ...]) -> str | None:
    fitting = [name for name in same if _same_folder(path, name, above)]
    if len(fitting) > 1:
        raise DatasetError(f"{image}: several labels fit this image: {' and '.join(fitting[:2])}")
    return fitting[0] if fitting else None


def _same_folder(path: str, name: str, above: tuple[str, ...]) -> bool:
    # A label without a folder fits everywhere, `val/x.JPEG` only images in a folder `val`.
    folders = PurePosixPath(name).parent.parts
    if not folders:
        return True
    return (above + PurePosixPath(path).parent.parts)[-len(folders) :] == folders


def shown(root: str | Path, name: str) -> str:
    """What errors call an image below a folder or URL."""
    return f"{root}/{name}" if "://" in str(root) else str(Path(root) / name)

"""Image files and the labels that belong to them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError, LabelError
from regcore.files.input_file import read_input_text
from regcore.files.names import image_key

_MAX_LABEL = 2**31 - 1
_FIELDS = 2
_NAMED = 20
_SHOWN = 8000  # characters of a line that is no label
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")


@dataclass(frozen=True)
class LabelledImages:
    """Images with one label each, in the order in which they are evaluated.

    labels: int64 [images], as written in the label file.
    missing: names in the label file for which there is no image, in the file's order.
    """

    paths: tuple[Path, ...]
    labels: NDArray[np.int64]
    missing: tuple[str, ...]


@contextmanager
def errors_name(path: str | Path) -> Iterator[None]:
    """A label of this file that no class has is an error that names the file."""
    try:
        yield
    except LabelError as error:
        raise LabelError(f"{path}: {error}") from error


def read_labels(path: str | Path) -> dict[str, int]:
    """The label of each name in a `val_label.txt`: one `NAME INDEX` a line.

    White space separates; a name with white space in it stands in double quotes or before a tab.
    Blank lines and a UTF-8 byte order mark are skipped, and a name may come again with the same
    label. Raises DatasetError with file, line number and line otherwise.
    """
    text = read_input_text(path)
    labels: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            _add_label(labels, line)
        except DatasetError as error:
            shown = line.strip()[:_SHOWN]
            raise DatasetError(f"{path}, line {number}: {shown!r}: {error}") from None
    if not labels:
        raise DatasetError(f"{path}: no labels in this file")
    return labels


def _add_label(labels: dict[str, int], line: str) -> None:
    fields = line.split()
    if len(fields) != _FIELDS:
        fields = _spaced_name(line.strip())
    if len(fields) != _FIELDS or not _INTEGER.fullmatch(fields[1]):
        raise DatasetError(
            "expected NAME INDEX, as in 'photo_1.JPEG 65'; a NAME with white space stands in "
            "double quotes or before a tab"
        )
    name, label = fields[0], int(fields[1])
    if "\0" in name:
        raise DatasetError("a name cannot hold a NUL character")
    if not 0 <= label <= _MAX_LABEL:
        raise DatasetError(f"a label lies between 0 and {_MAX_LABEL}")
    if labels.setdefault(name, label) != label:
        raise DatasetError(f"{name} was given the label {labels[name]} before")


def _spaced_name(line: str) -> list[str]:
    """NAME and INDEX where white space stands in the name; else nothing."""
    name, mark, label = line[1:].partition('"') if line[:1] == '"' else line.rpartition("\t")
    name = name if line[:1] == '"' else name.rstrip()
    return [name, label.strip()] if name and mark and "\t" not in name else []


def label_images(
    paths: Sequence[Path], root: str | Path, labels: Mapping[str, int]
) -> LabelledImages:
    """Gives every image its label: by its path below `root`, by its name, or by its stem.

    A label belongs to one image at most. Raises DatasetError where images have no label (with
    their count and the first), or where names leave open which label or which image is meant.
    """
    by_path = {PurePosixPath(name).as_posix(): name for name in labels}
    by_stem: defaultdict[str, list[str]] = defaultdict(list)
    for label_name in labels:
        by_stem[image_key(label_name)].append(label_name)

    owners: dict[str, Path] = {}
    unlabelled: list[Path] = []
    for path in paths:
        name = by_path.get(_path_below(path, root)) or by_path.get(path.name)
        if name is None:
            fitting = [n for n in by_stem.get(image_key(path), []) if _same_folder(path, n)]
            if len(fitting) > 1:
                pair = " and ".join(fitting[:2])
                raise DatasetError(f"{path}: several labels fit this image: {pair}")
            name = fitting[0] if fitting else None
        if name is None:
            unlabelled.append(path)
        elif name in owners:
            raise DatasetError(f"the label {name} fits two images: {owners[name]} and {path}")
        else:
            owners[name] = path
    if unlabelled:
        named = ", ".join(map(str, unlabelled[:_NAMED]))
        more = f" and {len(unlabelled) - _NAMED} more" if len(unlabelled) > _NAMED else ""
        raise DatasetError(f"{len(unlabelled)} of {len(paths)} images have no label: {named}{more}")
    return LabelledImages(
        paths=tuple(paths),
        labels=np.array([labels[name] for name in owners], dtype=np.int64),
        missing=tuple(name for name in labels if name not in owners),
    )


def _same_folder(path: Path, name: str) -> bool:
    # A label without a folder fits everywhere, `val/x.JPEG` only images in a folder `val`.
    folders = PurePosixPath(name).parent.parts
    return not folders or path.absolute().parent.parts[-len(folders) :] == folders


def _path_below(path: Path, root: str | Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name

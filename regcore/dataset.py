"""Image files in a stable order, and the labels that belong to them."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm"}
)

_MAX_LABEL = 2**31 - 1
_FIELDS = 2
_NAMED = 20
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


def stem(path: str | Path) -> str:
    """The file name up to its first dot, as the guide names its outputs: `a/b.c.JPEG` -> `b`."""
    # Not Path.name, which takes eight times as long: there are as many as images.
    return os.fspath(path).rpartition("/")[2].split(".", 1)[0]


def natural_key(path: str | Path) -> tuple[tuple[tuple[str | int, ...], str], ...]:
    """Sort key that compares digit runs as numbers, folder by folder: `a2` before `a10`.

    The order is total: names that differ only in leading zeros are told apart by their text.
    """
    return tuple((_digit_runs(part), part) for part in Path(path).parts)


def _digit_runs(text: str) -> tuple[str | int, ...]:
    # Splitting on a group puts text at even and digits at odd places, so like meets like.
    pieces = re.split(r"([0-9]+)", text)
    return tuple(int(piece) if i % 2 else piece for i, piece in enumerate(pieces))


def list_images(source: str | Path) -> tuple[Path, ...]:
    """All images of a folder and its sub-folders in natural order, or the one file `source`.

    A folder's images are known by their suffix (`IMAGE_SUFFIXES`, any case); hidden files and
    folders are left out. Links to folders are followed, save those that lead back up.
    Raises DatasetError where `source` cannot be read or holds no image.
    """
    root, names = image_names(source)
    return tuple(root / name for name in names)


def image_names(source: str | Path) -> tuple[Path, list[str]]:
    """The folder of `list_images`, and its images as paths below it with `/` between the folders.

    A million names take a tenth of the memory of a million Path objects.
    """
    source = Path(source)
    if source.is_file():
        return source.parent, [source.name]
    if not source.is_dir():
        raise DatasetError(f"{source}: no such file or folder")
    names = list(_images_below(source, ""))
    if not names:
        kinds = " ".join(sorted(IMAGE_SUFFIXES))
        raise DatasetError(f"{source}: no images in this folder (looked for {kinds})")
    return source, names


def read_image_list(path: str | Path, source: str | Path) -> list[str]:
    """The images that a text file lists, as paths below `source` with `/` between the folders.

    One path a line, or NUL-separated (for names with a newline), below `source` or absolute; empty
    lines are skipped. Whether the images exist shows when they are read. Raises DatasetError where
    one lies elsewhere, or none is listed.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    separator = b"\0" if b"\0" in content else b"\n"
    names = []
    for listed in map(os.fsdecode, filter(None, content.split(separator))):
        image = Path(listed)
        if image.is_absolute():
            if not image.is_relative_to(source):
                raise DatasetError(f"{path}: {listed} does not lie below {source}")
            image = image.relative_to(source)
        if ".." in image.parts:
            raise DatasetError(f"{path}: {listed} may lead out of {source}")
        names.append(image.as_posix())
    if not names:
        raise DatasetError(f"{path}: lists no images")
    return names


def _images_below(folder: Path, prefix: str) -> Iterator[str]:
    """In the order of `natural_key`: a folder's entries are sorted before they are entered."""
    try:
        with os.scandir(folder) as scan:
            entries = [(entry.name, entry.is_dir(), entry.is_symlink()) for entry in scan]
    except OSError as error:
        raise DatasetError(f"{error.filename}: {error.strerror}") from error
    entries.sort(key=lambda entry: (_digit_runs(entry[0]), entry[0]))
    for name, is_folder, is_link in entries:
        if name.startswith("."):
            continue
        if is_folder:
            below = folder / name
            if not (is_link and folder.resolve().is_relative_to(below.resolve())):
                yield from _images_below(below, f"{prefix}{name}/")
        elif os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES:  # noqa: PTH122  (a million times)
            yield f"{prefix}{name}"


def read_labels(path: str | Path) -> dict[str, int]:
    """The label of each name in a `val_label.txt`: one `NAME INDEX` a line.

    Any white space separates, blank lines and a UTF-8 byte order mark are skipped, and a name may
    come again with the same label. Raises DatasetError with file, line number and line otherwise.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: not a UTF-8 text file ({error.reason})") from error
    labels: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        fields = line.split()
        if not fields:
            continue
        try:
            _add_label(labels, fields)
        except DatasetError as error:
            raise DatasetError(f"{path}, line {number}: {line.strip()!r}: {error}") from None
    if not labels:
        raise DatasetError(f"{path}: no labels in this file")
    return labels


def _add_label(labels: dict[str, int], fields: Sequence[str]) -> None:
    if len(fields) != _FIELDS or not _INTEGER.fullmatch(fields[1]):
        raise DatasetError("expected NAME INDEX, as in 'photo_1.JPEG 65', NAME without white space")
    name, label = fields[0], int(fields[1])
    if not 0 <= label <= _MAX_LABEL:
        raise DatasetError(f"a label lies between 0 and {_MAX_LABEL}")
    if labels.setdefault(name, label) != label:
        raise DatasetError(f"{name} was given the label {labels[name]} before")


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
        by_stem[stem(label_name)].append(label_name)

    owners: dict[str, Path] = {}
    unlabelled: list[Path] = []
    for path in paths:
        name = by_path.get(_path_below(path, root)) or by_path.get(path.name)
        if name is None:
            fitting = [n for n in by_stem.get(stem(path), []) if _same_folder(path, n)]
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

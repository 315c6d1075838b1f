"""The dataset files of Ascend's benchmark tool: one `INDEX PATH WIDTH HEIGHT` a line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from regcore.errors import DatasetError, DecodeError, UsageError
from regcore.files.atomic import check_writable, replacing
from regcore.files.natural_order import natural_key
from regcore.files.output_guard import Output, check_outputs, text_of
from regcore.images.listing import LeftOut

JPEG_SUFFIXES = (".jpg", ".jpeg")

_FIRST_LINE = rb"0 \S+ [0-9]+ [0-9]+\n"


def bin_info(folder: str | Path, width: int, height: int) -> Iterator[str]:
    """A line for every .bin file of a folder, or of the store in it, in natural order.

    The lines are those of the guide's `get_info.py bin`, which takes the files in any order.
    Raises DatasetError where there are none, or where the store lacks a file or is in the making;
    UsageError for a store of packs.
    """
    files = _stored_files(Path(folder))
    if files is None:
        files = _files_in(folder, (".bin",))
    return _lines((os.path.join(folder, file), width, height) for file in files)  # noqa: PTH118


def jpg_info(folder: str | Path) -> Iterator[str]:
    """A line for every JPEG of a folder, in natural order, with the size in its header.

    As the guide's `get_info.py jpg`, except that the index runs on from .jpg to .jpeg, and that
    EXIF orientation does not swap width and height. Raises DatasetError where there are none,
    DecodeError where one has no readable header.
    """
    paths = [os.path.join(folder, file) for file in _files_in(folder, JPEG_SUFFIXES)]  # noqa: PTH118
    return _lines((path, *_size_of(path)) for path in paths)


def left_out_of_jpg(folder: str | Path) -> LeftOut:
    """The files of a folder, but for hidden ones, that `jpg_info` does not list."""
    left = LeftOut()
    for name in sorted(os.listdir(folder), key=natural_key):  # noqa: PTH208
        listed = name.lower().endswith(JPEG_SUFFIXES) or name.startswith(".")
        if not listed and Path(folder, name).is_file():
            left.add(name)
    return left


def write_info(path: str | Path, lines: Iterator[str]) -> int:
    """Writes the lines as a file, whole or not at all; returns their number."""
    count = 0
    with replacing(path) as temporary, temporary.open("wb") as file:
        for line in lines:
            file.write(os.fsencode(line))
            count += 1
    return count


def check_target(out: Path, folder: str | Path, *, force: bool = False) -> None:
    """Refuses an info file `out` that would destroy something.

    Raises UsageError where it is a file of `folder`, or (unless with `force`) no info file;
    OutputError where it is a device, a folder or the like, or where no file can be written.
    """
    check_writable(out)
    inputs: list[str | Path] = []
    if out.exists():  # what is not there is none of them
        inputs = [Path(folder, name) for name in os.listdir(folder)]  # noqa: PTH208
    check_outputs([Output(out, text_of(_FIRST_LINE))], inputs, force=force)


def _lines(images: Iterator[tuple[str, int, int]]) -> Iterator[str]:
    for index, (path, width, height) in enumerate(images):
        if path.split() != [path]:
            raise DatasetError(f"{path!r}: a path with white space makes an ambiguous line")
        yield f"{index} {path} {width} {height}\n"


def _files_in(folder: str | Path, suffixes: tuple[str, ...]) -> list[str]:
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}") from error
    files = [name for name in names if name.lower().endswith(suffixes) and not name.startswith(".")]
    if not files:
        raise DatasetError(f"{folder}: no {' or '.join(suffixes)} files in this folder")
    return sorted(files, key=natural_key)


def _stored_files(folder: Path) -> list[str] | None:
    """The files of the store in the folder, None where there is no store."""
    from regcore.store.ledger import place_of
    from regcore.store.reader import holds_store, open_store

    if not holds_store(folder):
        return None
    store = open_store(folder)
    if store.packs:
        raise UsageError(f"{folder}: holds packs, where this is for one file an image")
    if not len(store):
        raise DatasetError(f"{folder}: this store has no images with values")
    files = [str(store.record(index).file) for index in range(len(store))]
    for file in files:
        if not os.path.exists(place_of(folder, file)):  # noqa: PTH110  (no error, whatever it is)
            raise DatasetError(f"{folder / file}: missing, but in the manifest")
    return sorted(files, key=natural_key)


def _size_of(path: str) -> tuple[int, int]:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.width, image.height
    except Exception as error:
        raise DecodeError(path, str(error) or type(error).__name__) from error

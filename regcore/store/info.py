"""What `regcore info` lists: the .bin files of a folder or store, and the JPEGs of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from regcore.errors import DatasetError, DecodeError, UsageError
from regcore.files.arguments import as_path
from regcore.files.names import natural_key
from regcore.formats.info_file import info_lines
from regcore.images.listing import LeftOut
from regcore.store.ledger import place_of
from regcore.store.presence import holds_store
from regcore.store.reader import open_store

JPEG_SUFFIXES = (".jpg", ".jpeg")


def bin_info(folder: str | Path, width: int, height: int) -> Iterator[str]:
    """A line for every .bin file of a folder, or of the store in it, in natural order.

    The lines are those of the guide's `get_info.py bin`, which takes the files in any order.
    Raises DatasetError where there are none, or where the store lacks a file or is in the making;
    UsageError for a store of packs.
    """
    files = _stored_files(as_path("folder", folder))
    if files is None:
        files = _files_in(folder, (".bin",))
    return info_lines((os.path.join(folder, file), width, height) for file in files)  # noqa: PTH118


def jpg_info(folder: str | Path) -> Iterator[str]:
    """A line for every JPEG of a folder, in natural order, with the size in its header.

    As the guide's `get_info.py jpg`, except that the index runs on from .jpg to .jpeg, and that
    EXIF orientation does not swap width and height. Raises DatasetError where there are none,
    DecodeError where one has no readable header.
    """
    paths = [os.path.join(folder, file) for file in _files_in(folder, JPEG_SUFFIXES)]  # noqa: PTH118
    return info_lines((path, *_size_of(path)) for path in paths)


def left_out_of_jpg(folder: str | Path) -> LeftOut:
    """The files of a folder, but for hidden ones, that `jpg_info` does not list."""
    left = LeftOut()
    for name in sorted(os.listdir(folder), key=natural_key):  # noqa: PTH208
        listed = name.lower().endswith(JPEG_SUFFIXES) or name.startswith(".")
        if not listed and Path(folder, name).is_file():
            left.add(name)
    return left


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

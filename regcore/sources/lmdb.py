"""Images in an LMDB, whose values are whole image files.

LMDB maps its file, so that one that is cut short could kill the process: its length is looked at
before each image.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import DatasetError, DecodeError, first_line
from regcore.files.names import ARCHIVE_MARK
from regcore.images.sources import Image, ImageOnDemand
from regcore.sources.archive import Archive
from regcore.sources.members import Members, check_once, image_members
from regcore.sources.packages import import_reader

#: What others keep beside the images: PyTorch's examples, and the text recognition benchmarks.
_COUNTS = {b"__len__", b"__keys__", b"length", b"num-samples", b"num_samples", b"__metadata__"}


class LmdbDatabase(Archive):
    """The images of one database, in the order of its keys.

    Keys are names of images; a key `KEY.cls` or `KEY.json` labels those of its key, and
    `label-KEY` the image `image-KEY`. Where no key ends as image files do, all values are images.
    """

    def __init__(self, root: str, name: str) -> None:
        """Raises DatasetError where it cannot be opened, or is cut short."""
        super().__init__(root, name)
        try:
            self._environment = _shared(self.path, self.state)
            keys = self._environment.keys()
        except DecodeError as error:
            raise DatasetError(str(error)) from None
        self._keys = [key for key in keys if key not in _COUNTS]
        self._members = _members(self.path, [os.fsdecode(key) for key in self._keys])
        self.names = self._members.names
        self.broken = self._members.broken
        self.unknown = self._members.unknown

    def labels(self) -> NDArray[np.int64] | None:
        """See ImageSource."""

        def read(place: int, most: int) -> bytes:
            return bytes(self._value(self._keys[place])[:most])

        return self._members.labels(self.path, read)

    def items(self, places: Sequence[int]) -> list[Image]:
        """See Archive: on demand, each in the map of the database."""
        return [_Value(self, place) for place in places]

    def identity(self, place: int) -> tuple[int, int]:
        """See Archive: the file's size stands for the image's, and its time for what it is."""
        return -1, self._members.places[place]

    def content(self, place: int) -> memoryview:
        """The bytes of an image, in the map."""
        return self._value(self._keys[self._members.places[place]])

    def _value(self, key: bytes) -> memoryview:
        return self._environment.value(key)


class _Environment:
    """An open database and a transaction that reads it; closed when nobody uses it any more."""

    def __init__(self, path: str) -> None:
        self._lmdb = lmdb = import_reader("lmdb", "lmdb", "reading an LMDB")
        self._path = path
        self._lock = Lock()
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)
        try:
            opened = lmdb.open(path, subdir=False, readonly=True, lock=False, readahead=False)
            weakref.finalize(self, opened.close)
            self._bytes = (opened.info()["last_pgno"] + 1) * opened.stat()["psize"]
            self._check_length()
            self._reading = opened.begin(buffers=True)
        except lmdb.Error as error:
            raise DatasetError(f"{path}: {first_line(error).removeprefix(f'{path}: ')}") from None

    def keys(self) -> list[bytes]:
        """All keys, in their order. Raises DatasetError where a page of theirs is damaged."""
        self._check_length()
        try:
            with self._lock, self._reading.cursor() as cursor:
                return [bytes(key) for key in cursor.iternext(keys=True, values=False)]
        except self._lmdb.Error as error:
            raise DatasetError(f"{self._path}: {first_line(error)}") from None

    def value(self, key: bytes) -> memoryview:
        """In the map; DecodeError where the file is cut short, or has no such key."""
        self._check_length()
        with self._lock:  # a transaction is for one thread at a time
            value: memoryview | None = self._reading.get(key)
        if value is None:
            raise DecodeError(self._path, "has no such key")
        return value

    def _check_length(self) -> None:
        size = os.fstat(self._file).st_size
        if size < self._bytes:
            detail = f"cut short: it has {counted(size, 'byte')}, its pages {self._bytes}"
            raise DecodeError(self._path, detail)


#: A process may open a database only once.
_open: weakref.WeakValueDictionary[object, _Environment] = weakref.WeakValueDictionary()


def _shared(path: str, state: tuple[int, int]) -> _Environment:
    status = os.stat(path)  # noqa: PTH116
    key = status.st_dev, status.st_ino, state
    environment = _open.get(key)
    if environment is None:
        environment = _open[key] = _Environment(path)
    return environment


class _Value(ImageOnDemand):
    """One image."""

    __slots__ = ("_database", "_place")

    def __init__(self, database: LmdbDatabase, place: int) -> None:
        self._database, self._place = database, place

    @property
    def name(self) -> str:
        return self._database.member(self._place)

    def read(self) -> memoryview:
        return self._database.content(self._place)


def _members(archive: str, names: list[str]) -> Members:
    found = image_members(archive, names)
    if found.names:
        return found
    found = Members()
    for place, name in enumerate(names):
        kind, dash, key = name.partition("-")
        if dash and kind == "label":
            found.add_label("cls", f"image-{key}", place)
        elif not name.endswith((".cls", ".json")):
            clean = name.strip("/").replace(ARCHIVE_MARK, "_")
            found.names.append(clean)
            found.places.append(place)
    check_once(archive, found.names)
    return found

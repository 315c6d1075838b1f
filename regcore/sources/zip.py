"""Images in a zip archive: stored ones are read as parts of its file, deflated ones ahead."""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Sequence
from functools import partial
from threading import local

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.images.sources import FilePart, Image
from regcore.sources.archive import Archive
from regcore.sources.members import image_members
from regcore.sources.prefetch import Content, FailingImage, Prefetched

#: Of a local file header: its mark, and the lengths of the name and of what else comes after it.
_LOCAL = struct.Struct("<4s22xHH")
_MARK = b"PK\x03\x04"
_ENCRYPTED = 1
_AHEAD = 64  # images


class ZipArchive(Archive):
    """The images of one archive; a member `KEY.cls` or `KEY.json` labels those of its key."""

    def __init__(self, root: str, name: str) -> None:
        """Raises DatasetError where there is no whole archive, or two images have one name."""
        super().__init__(root, name)
        try:
            with zipfile.ZipFile(self.path) as archive:
                self._entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DatasetError(f"{self.path}: {error}") from None
        self._members = image_members(self.path, [entry.filename for entry in self._entries])
        self.names = self._members.names
        self.unknown = self._members.unknown
        self.broken = self._members.broken
        self._own = local()  # each thread reads by a handle of its own

    def labels(self) -> NDArray[np.int64] | None:
        """See ImageSource."""
        with zipfile.ZipFile(self.path) as archive:

            def read(place: int, most: int) -> bytes:
                with archive.open(self._entries[place]) as member:
                    return member.read(most)

            return self._members.labels(self.path, read)

    def items(self, places: Sequence[int]) -> list[Image]:
        """See Archive."""
        deflated = Prefetched(_AHEAD, threads=2)
        with open(self.path, "rb", buffering=0) as file:  # noqa: PTH123
            return [self._image(place, file.fileno(), deflated) for place in places]

    def _image(self, place: int, file: int, deflated: Prefetched) -> Image:
        entry, name = self._entries[self._members.places[place]], self.member(place)
        if entry.flag_bits & _ENCRYPTED:
            return FailingImage(name, "is encrypted")
        if entry.compress_type != zipfile.ZIP_STORED:
            return deflated.add([name], partial(self._inflated, entry))[0]
        header = os.pread(file, _LOCAL.size, entry.header_offset)
        if len(header) < _LOCAL.size or header[:4] != _MARK:
            return FailingImage(name, f"no header of a member at byte {entry.header_offset}")
        _, name_bytes, extra_bytes = _LOCAL.unpack(header)
        offset = entry.header_offset + _LOCAL.size + name_bytes + extra_bytes
        return FilePart(self.path, offset, entry.file_size, name)

    def _inflated(self, entry: zipfile.ZipInfo) -> Sequence[Content]:
        if not hasattr(self._own, "archive"):
            self._own.archive = zipfile.ZipFile(self.path)
        content: bytes = self._own.archive.read(entry)  # which checks its CRC
        return [content]

    def identity(self, place: int) -> tuple[int, int]:
        """See Archive."""
        entry = self._entries[self._members.places[place]]
        return entry.file_size, entry.header_offset

"""Archives and tables behind a URL: listed by few large reads, read by ranges."""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError, DecodeError, UsageError, first_line
from regcore.images.sources import Image
from regcore.sources.archive import Archive
from regcore.sources.members import image_members
from regcore.sources.prefetch import Content, Prefetched

if TYPE_CHECKING:
    from regcore.sources.remote import RemoteFiles

_IN_FLIGHT = 16
_AHEAD = 64  # images
_INDEX_BYTES = 8 << 20  # of one read of an archive that is listed
_LOCAL_BYTES = 30
_LENGTHS = struct.Struct("<26xHH")


class RemoteArchive(Archive):
    """The images of a tar or zip archive; the tar is read through once to list it."""

    def __init__(self, root: str, name: str, files: RemoteFiles) -> None:
        """Raises DatasetError where it cannot be read, or has two images of one name."""
        self._files = files
        super().__init__(root, name)
        is_tar = name.lower().endswith(".tar")
        damage = ""
        file = files.call(partial(files.system.open, block_size=_INDEX_BYTES), files.path, "rb")
        with file:
            try:
                if is_tar:
                    names, self._ranges, damage = _tar_members(file)
                else:
                    names, self._ranges = _zip_members(file)
            except (tarfile.TarError, zipfile.BadZipFile, OSError, ValueError) as error:
                raise DatasetError(f"{self.path}: {first_line(error)}") from None
        self._content = _plain if is_tar else _unzipped
        self._members = image_members(self.path, names)
        self.names = self._members.names
        self.unknown = self._members.unknown
        self.broken = list(self._members.broken)
        if damage:
            self.broken.append(DecodeError(self.path, f"damaged, it may have had more: {damage}"))

    def labels(self) -> NDArray[np.int64] | None:
        """See ImageSource."""

        def read(place: int, most: int) -> bytes:
            content = self._load(place)[0]
            if isinstance(content, Exception):
                raise DatasetError(f"{self.path}: {first_line(content)}")
            return bytes(content[:most])

        return self._members.labels(self.path, read)

    def items(self, places: Sequence[int]) -> list[Image]:
        """See Archive: on demand."""
        source = Prefetched(_AHEAD, threads=_IN_FLIGHT)
        items: list[Image] = []
        for place in places:
            load = partial(self._load, self._members.places[place])
            items += source.add([self.member(place)], load)
        return items

    def identity(self, place: int) -> tuple[int, int]:
        """See Archive."""
        start, _, size = self._ranges[self._members.places[place]]
        return size, start

    def state_now(self) -> tuple[int, int]:
        """See Archive."""
        return self._files.state(self._files.path)

    def file(self) -> None:
        """See Archive: it is not local."""
        return

    def _load(self, member: int) -> Sequence[Content]:
        start, end, size = self._ranges[member]
        content: bytes = self._files.system.cat_file(self._files.path, start=start, end=end)
        return [self._content(content, end - start, size)]


def open_remote_archive(root: str, name: str, files: RemoteFiles) -> Archive:
    """The reader of its suffix. Raises UsageError for a kind that needs a local file."""
    lower = name.lower()
    if lower.endswith((".tar", ".zip")):
        return RemoteArchive(root, name, files)
    if lower.endswith(".parquet"):
        from regcore.sources.parquet import ParquetTable

        return ParquetTable(root, name, files)
    raise UsageError(f"{root}/{name}: is read from a local disk only; .tar, .zip, .parquet are not")


#: From, to (in the file), and the bytes of the image.
_Range = tuple[int, int, int]


def _tar_members(file: Any) -> tuple[list[str], list[_Range], str]:  # noqa: ANN401
    names: list[str] = []
    ranges: list[_Range] = []
    damage = ""
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                if member.isreg():
                    names.append(member.name)
                    start = member.offset_data
                    ranges.append((start, start + member.size, member.size))
                archive.members = []  # type: ignore[attr-defined]  # they would all be kept
    except tarfile.TarError as error:
        if not names:
            raise
        damage = first_line(error)
    return names, ranges, damage


def _zip_members(file: Any) -> tuple[list[str], list[_Range]]:  # noqa: ANN401
    with zipfile.ZipFile(file) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        end = archive.start_dir
    starts = sorted(entry.header_offset for entry in entries)
    after = dict(zip(starts, [*starts[1:], end], strict=True))
    ranges = [(e.header_offset, after[e.header_offset], e.file_size) for e in entries]
    return [entry.filename for entry in entries], ranges


def _plain(content: bytes, wanted: int, size: int) -> bytes:
    del size
    if len(content) != wanted:
        raise ValueError(f"cut short: {len(content)} bytes of {wanted} came")
    return content


def _unzipped(content: bytes, wanted: int, size: int) -> bytes:
    """Of what lies from a member's header to the next one."""
    _plain(content, wanted, size)
    if content[:4] != b"PK\x03\x04":
        raise ValueError("has no header in its archive")
    flags, method = struct.unpack_from("<HH", content, 6)
    name_bytes, extra_bytes = _LENGTHS.unpack_from(content)
    data = content[_LOCAL_BYTES + name_bytes + extra_bytes :]
    if flags & 1:
        raise ValueError("is encrypted")
    if method == zipfile.ZIP_STORED:
        return data[:size]
    if method != zipfile.ZIP_DEFLATED:
        raise ValueError(f"is compressed by method {method}, which is not read from a URL")
    found = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size)
    if len(found) != size:
        raise ValueError(f"cut short: {len(found)} bytes of {size}")
    return found

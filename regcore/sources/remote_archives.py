"""Archives and tables behind a URL: listed by few large reads, read by ranges."""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import DatasetError, DecodeError, UsageError, first_line
from regcore.images.sources import Image
from regcore.sources.archive import Archive
from regcore.sources.members import image_members
from regcore.sources.prefetch import Content, FailingImage, Prefetched
from regcore.sources.remote_tar import TarMember, tar_members

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
                    members, damage = tar_members(file)
                    names = [member.name for member in members]
                    self._ranges = [_tar_range(member) for member in members]
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
            member = self._members.places[place]
            if why := self._ranges[member].unread:
                items.append(FailingImage(self.member(place), why))
                continue
            items += source.add([self.member(place)], partial(self._load, member))
        return items

    def identity(self, place: int) -> tuple[int, int]:
        """See Archive."""
        found = self._ranges[self._members.places[place]]
        return found.size, found.start

    def state_now(self) -> tuple[int, int]:
        """See Archive."""
        return self._files.state(self._files.path)

    def file(self) -> None:
        """See Archive: it is not local."""
        return

    def _load(self, member: int) -> Sequence[Content]:
        part = self._ranges[member]
        content: bytes = self._files.system.cat_file(
            self._files.path, start=part.start, end=part.end
        )
        return [self._content(content, part)]


def open_remote_archive(root: str, name: str, files: RemoteFiles) -> Archive:
    """The reader of its suffix. Raises UsageError for a kind that needs a local file."""
    lower = name.lower()
    if lower.endswith((".tar", ".zip")):
        return RemoteArchive(root, name, files)
    if lower.endswith(".parquet"):
        from regcore.sources.parquet import ParquetTable

        return ParquetTable(root, name, files)
    raise UsageError(f"{root}/{name}: is read from a local disk only; .tar, .zip, .parquet are not")


class _Range(NamedTuple):
    """From, to (in the file), and the bytes of the member; its CRC, where the archive has one."""

    start: int
    end: int
    size: int
    crc: int | None = None
    unread: str = ""


def _tar_range(member: TarMember) -> _Range:
    return _Range(member.offset, member.offset + member.size, member.size, unread=member.unread)


def _zip_members(file: Any) -> tuple[list[str], list[_Range]]:  # noqa: ANN401
    with zipfile.ZipFile(file) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        end = archive.start_dir
    starts = sorted(entry.header_offset for entry in entries)
    after = dict(zip(starts, [*starts[1:], end], strict=True))
    ranges = [_Range(e.header_offset, after[e.header_offset], e.file_size, e.CRC) for e in entries]
    return [entry.filename for entry in entries], ranges


def _plain(content: bytes, part: _Range) -> bytes:
    wanted = part.end - part.start
    if len(content) != wanted:
        raise ValueError(f"cut short: {counted(len(content), 'byte')} of {wanted} came")
    return content


def _unzipped(content: bytes, part: _Range) -> bytes:
    """Of what lies from a member's header to the next one."""
    _plain(content, part)
    if content[:4] != b"PK\x03\x04":
        raise ValueError("has no header in its archive")
    flags, method = struct.unpack_from("<HH", content, 6)
    name_bytes, extra_bytes = _LENGTHS.unpack_from(content)
    data = content[_LOCAL_BYTES + name_bytes + extra_bytes :]
    if flags & 1:
        raise ValueError("is encrypted")
    if method == zipfile.ZIP_STORED:
        found = data[: part.size]
    elif method == zipfile.ZIP_DEFLATED:
        found = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, part.size)
    else:
        raise ValueError(f"is compressed by method {method}, which is not read from a URL")
    if len(found) != part.size:
        raise ValueError(f"cut short: {counted(len(found), 'byte')} of {part.size}")
    if zlib.crc32(found) != part.crc:
        raise ValueError("is damaged: its CRC is another")
    return found

"""Where the values of a parquet column lie in their file, if they lie there as they are.

Hugging Face writes images neither compressed nor in a dictionary, so that they can be read one by
one as from a tar archive. pyarrow reads all else.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from regcore.counted import counted
from regcore.errors import DecodeError
from regcore.sources.page_header import PageHeader, read_page_header

if TYPE_CHECKING:
    import pyarrow.parquet as pq

#: A header has the least and the greatest value where each has at most 4 KiB.
_HEADER_BYTES = 1 << 14
_LENGTH = struct.Struct("<I")


class PlainPages:
    """The values of one column in one row group of a local file."""

    def __init__(self, path: str, start: int, end: int, *, has_levels: bool) -> None:
        """start, end: of the column's pages, in bytes. has_levels: whether levels come first."""
        self._path = path
        self._end = end
        self._has_levels = has_levels
        self._lock = Lock()
        self._places: list[tuple[int, int]] = []
        self._at = self._page_end = start  # where the walk through the file is
        self._left = 0  # values of the page

    @classmethod
    def of(cls, path: str, file: pq.FileMetaData, group: int, column: int) -> PlainPages | None:
        """None where the values do not lie in the file as they are, or pages have checksums."""
        chunk, form = file.row_group(group).column(column), file.schema.column(column)
        if (
            chunk.compression != "UNCOMPRESSED"
            or chunk.has_dictionary_page
            or not has_all_values(chunk, form)
        ):
            return None
        start: int = chunk.data_page_offset
        with opened_file(path) as opened:
            first = page_header_at(opened, start)
        if first is None or not first.is_plain or first.has_checksum:
            return None
        end = start + chunk.total_compressed_size
        return cls(path, start, end, has_levels=form.max_definition_level > 0)

    def read(self, row: int) -> bytes:
        """A value; raises DecodeError where it, or the way to it, is damaged."""
        with opened_file(self._path) as file:
            with self._lock:
                while len(self._places) <= row:
                    self._advance(file)
                offset, size = self._places[row]
            content = os.pread(file, size, offset)
        if len(content) < size:
            raise DecodeError(self._path, f"cut short: {counted(len(content), 'byte')} of {size}")
        return content

    def _advance(self, file: int) -> None:
        """Notes the place of one more value; an error stays where it is."""
        while not self._left:
            self._begin_page(file)
        size = self._length(file, self._at)
        self._places.append((self._at + _LENGTH.size, size))
        self._at += _LENGTH.size + size
        self._left -= 1

    def _begin_page(self, file: int) -> None:
        if self._at != self._page_end:
            raise DecodeError(self._path, f"its table is damaged: a page ends at byte {self._at}")
        if self._at >= self._end:
            raise DecodeError(self._path, "its table is damaged: it ends before this row")
        header = page_header_at(file, self._at)
        if header is None or not header.is_plain:
            raise DecodeError(self._path, f"its table is damaged: no page at byte {self._at}")
        begin = self._at + header.header_bytes
        self._page_end = begin + header.size
        self._at = begin + header.level_bytes
        if self._has_levels and not header.is_second_version:
            self._at += _LENGTH.size + self._length(file, self._at)
        self._left = header.values

    def _length(self, file: int, at: int) -> int:
        """That of what comes next, which lies before the end of its page."""
        content = os.pread(file, _LENGTH.size, at)
        if len(content) == _LENGTH.size:
            (size,) = _LENGTH.unpack(content)
            if at + _LENGTH.size + size <= min(self._page_end, self._end):
                return int(size)
        raise DecodeError(self._path, f"its table is damaged: no length of a value at byte {at}")


def has_all_values(chunk: pq.ColumnChunkMetaData, form: pq.ColumnSchema) -> bool:
    """Whether the footer tells that these are byte arrays, one for each row."""
    known = chunk.statistics
    is_known = known is not None and known.null_count == 0
    return is_known and chunk.physical_type == "BYTE_ARRAY" and not form.max_repetition_level


@contextmanager
def opened_file(path: str) -> Iterator[int]:
    """Its descriptor, for a while: a process may have fewer files open than row groups."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)


def page_header_at(file: int, at: int) -> PageHeader | None:
    """That of the page which begins there; None where none does."""
    return read_page_header(os.pread(file, _HEADER_BYTES, at))

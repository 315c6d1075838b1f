"""The values of a parquet column whose pages are compressed, or have a dictionary.

A page is decompressed at once, and its values are slices of it. pyarrow does the same, but copies
each value on the way. It also reads what is none of the common forms here.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from regcore.sources.packages import import_arrow
from regcore.sources.plain_pages import has_all_values, opened_file, page_header_at
from regcore.sources.rle import decode_rle
from regcore.sources.varint import read_varint

if TYPE_CHECKING:
    import pyarrow.parquet as pq

#: pyarrow's other codecs do not tell where a page has less than its header says.
_CODECS = {"UNCOMPRESSED": None, "SNAPPY": "snappy", "ZSTD": "zstd"}
_ENCODINGS = {"PLAIN", "RLE", "BIT_PACKED", "RLE_DICTIONARY", "PLAIN_DICTIONARY"}
_LENGTH = struct.Struct("<I")


class _Page(NamedTuple):
    """first: its first row. offset, size: where its content lies. whole_size: decompressed."""

    first: int
    values: int
    offset: int
    size: int
    whole_size: int
    is_plain: bool


class _Pages(NamedTuple):
    """firsts: the first row of each, int64 [pages]."""

    data: list[_Page]
    firsts: NDArray[np.int64]
    dictionary: _Page | None


class CompressedPages:
    """The values of one column in one row group of a local file, for one thread."""

    def __init__(self, path: str, chunk: pq.ColumnChunkMetaData, levels: int) -> None:
        """levels: the definition level of every value."""
        self._path, self._levels = path, levels
        start: int = chunk.data_page_offset
        if chunk.has_dictionary_page and 0 < (chunk.dictionary_page_offset or 0) < start:
            start = chunk.dictionary_page_offset
        self._start, self._end = start, start + chunk.total_compressed_size
        self._rows: int = chunk.num_values
        self._codec_name = _CODECS[chunk.compression]
        self._pages: _Pages | None = None
        # By place, as long as somebody holds a slice of them.
        self._buffers: WeakValueDictionary[int, Any] = WeakValueDictionary()

    @classmethod
    def of(
        cls, path: str, file: pq.FileMetaData, group: int, column: int
    ) -> CompressedPages | None:
        """None where the footer tells that pyarrow has to read them."""
        chunk, form = file.row_group(group).column(column), file.schema.column(column)
        if (
            chunk.compression not in _CODECS
            or not _ENCODINGS.issuperset(chunk.encodings)
            or not has_all_values(chunk, form)
            or chunk.num_values != file.row_group(group).num_rows
        ):
            return None
        return cls(path, chunk, form.max_definition_level)

    def contents(self, rows: Sequence[int]) -> list[memoryview]:
        """Slices of the pages of these rows, which alone are decompressed.

        Raises ValueError, OSError or pyarrow's errors where pyarrow has to be asked.
        """
        with opened_file(self._path) as file:
            pages = self._pages = self._pages or self._walk(file)
            numbers = (np.searchsorted(pages.firsts, rows, side="right") - 1).tolist()
            wanted = {number: pages.data[number] for number in sorted(set(numbers))}
            dictionary: list[memoryview] = []
            if pages.dictionary and not all(page.is_plain for page in wanted.values()):
                content = self._content(file, pages.dictionary)
                dictionary = _plain_values(content, pages.dictionary.values)
            found = {
                number: self._values(self._content(file, page), page, dictionary)
                for number, page in wanted.items()
            }
        return [
            found[number][row - pages.data[number].first]
            for number, row in zip(numbers, rows, strict=True)
        ]

    def _walk(self, file: int) -> _Pages:
        """From header to header."""
        data: list[_Page] = []
        dictionary = None
        at, first = self._start, 0
        while at < self._end:
            header = page_header_at(file, at)
            if header is None or header.has_checksum:
                raise ValueError(f"no page of a known form at byte {at}")
            page = _Page(
                first,
                header.values,
                at + header.header_bytes,
                header.size,
                header.whole_size,
                header.is_plain,
            )
            at = page.offset + page.size
            if header.is_dictionary and dictionary is None and not data:
                dictionary = page
            elif header.has_rle_levels and (header.is_plain or (header.has_indices and dictionary)):
                data.append(page)
                first += page.values
            else:
                raise ValueError(f"no page of a known form at byte {page.offset}")
        if at != self._end or first != self._rows:
            raise ValueError("its pages do not have its rows")
        return _Pages(data, np.array([page.first for page in data], np.int64), dictionary)

    def _content(self, file: int, page: _Page) -> memoryview:
        """Decompressed."""
        buffer = self._buffers.get(page.offset)
        if buffer is None:
            content = os.pread(file, page.size, page.offset)
            if len(content) < page.size:
                raise ValueError("cut short")
            buffer = self._buffers[page.offset] = self._decompressed(content, page.whole_size)
        return memoryview(buffer).cast("B")

    def _decompressed(self, content: bytes, size: int) -> Any:  # noqa: ANN401
        arrow = import_arrow()
        if self._codec_name is None:
            found = arrow.py_buffer(content)
        else:
            if self._codec_name == "snappy" and read_varint(content, 0)[0] != size:
                raise ValueError("a page has another size than its header says")
            found = arrow.Codec(self._codec_name).decompress(content, size)
        if found.size != size:
            raise ValueError("a page has another size than its header says")
        return found

    def _values(
        self, content: memoryview, page: _Page, dictionary: list[memoryview]
    ) -> list[memoryview]:
        if self._levels:
            size = _length(content, 0)
            end = _LENGTH.size + size
            runs = content[_LENGTH.size : end]
            levels = decode_rle(runs, self._levels.bit_length(), page.values)
            if len(runs) < size or (levels != self._levels).any():
                raise ValueError("a value is missing")
            content = content[end:]
        if page.is_plain:
            return _plain_values(content, page.values)
        if not content:
            raise ValueError("a page ends before its values")
        places = decode_rle(content[1:], content[0], page.values)
        if places.size and places.max() >= len(dictionary):
            raise ValueError("its dictionary ends before a value")
        return [dictionary[place] for place in places.tolist()]


def _plain_values(content: memoryview, count: int) -> list[memoryview]:
    """Slices: each value has its length before it, and the last ends the content."""
    values = []
    at, end = 0, len(content)
    for _ in range(count):
        start = at + _LENGTH.size
        at = start + _length(content, at)
        if at > end:
            raise ValueError("a page ends before its values")
        values.append(content[start:at])
    if at != end:
        raise ValueError("a page goes on after its values")
    return values


def _length(content: memoryview, at: int) -> int:
    if at + _LENGTH.size > len(content):
        raise ValueError("a page ends before its values")
    (size,) = _LENGTH.unpack_from(content, at)
    return int(size)

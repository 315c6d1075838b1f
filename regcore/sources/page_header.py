"""The header of a page in a parquet file: a struct of Thrift's compact protocol."""

from __future__ import annotations

from typing import NamedTuple

from regcore.sources.varint import read_varint

#: By parquet.thrift: PageType, Encoding, and the fields of PageHeader and of the three others.
_DATA_PAGE, _DICTIONARY_PAGE, _DATA_PAGE_V2 = 0, 2, 3
_PLAIN, _RLE, _INDICES, _PLAIN_IN_DICTIONARIES = 0, 3, {2, 8}, {0, 2}
_TYPE, _WHOLE_SIZE, _SIZE, _CHECKSUM = 1, 2, 3, 4
_CONTENTS = {_DATA_PAGE: 5, _DICTIONARY_PAGE: 7, _DATA_PAGE_V2: 8}
_VALUES, _ENCODING, _LEVEL_ENCODING = 1, 2, 3
_V2_NULLS, _V2_ENCODING, _V2_DEFINITION_BYTES, _V2_REPETITION_BYTES = 2, 4, 5, 6
#: By Thrift's compact protocol.
_TRUE, _FALSE, _BYTE, _INTEGERS, _DOUBLE, _BINARY, _STRUCT = 1, 2, 3, (4, 5, 6), 7, 8, 12
_DEEPEST = 8

_Field = int | None | dict[int, "_Field"]


class PageHeader(NamedTuple):
    """What is to be known of a page with values.

    header_bytes, size: of the header, and of what comes after it. whole_size: of that without
    compression. level_bytes: of the levels before the values in a page of the second version.
    is_plain: whether it has values as they are; has_indices: or their places in the dictionary.
    has_rle_levels: of a data page of the first version. is_dictionary: it is none of data.
    """

    header_bytes: int
    size: int
    whole_size: int
    values: int
    level_bytes: int
    is_plain: bool
    has_indices: bool
    has_rle_levels: bool
    is_dictionary: bool
    is_second_version: bool
    has_checksum: bool


def read_page_header(content: bytes) -> PageHeader | None:
    """None where there is no header of a page with values at the beginning of these bytes."""
    reader = _Reader(content)
    try:
        fields = reader.struct()
        kind = _amount(fields[_TYPE])
        data = fields[_CONTENTS[kind]]
        if not isinstance(data, dict):
            return None
        second = kind == _DATA_PAGE_V2
        levels = 0
        if second:
            levels = _amount(data[_V2_DEFINITION_BYTES]) + _amount(data[_V2_REPETITION_BYTES])
        encoding = data[_V2_ENCODING if second else _ENCODING]
        is_data = kind != _DICTIONARY_PAGE
        return PageHeader(
            header_bytes=reader.position,
            size=_amount(fields[_SIZE]),
            whole_size=_amount(fields[_WHOLE_SIZE]),
            values=_amount(data[_VALUES]),
            level_bytes=levels,
            is_plain=is_data and encoding == _PLAIN and not (second and data[_V2_NULLS]),
            has_indices=is_data and encoding in _INDICES,
            has_rle_levels=kind == _DATA_PAGE and data[_LEVEL_ENCODING] == _RLE,
            is_dictionary=not is_data and encoding in _PLAIN_IN_DICTIONARIES,
            is_second_version=second,
            has_checksum=_CHECKSUM in fields,
        )
    except (IndexError, KeyError, ValueError):
        return None


def _amount(field: _Field) -> int:
    if not isinstance(field, int) or field < 0:
        raise ValueError("no amount")
    return field


class _Reader:
    """Reads structs; IndexError or ValueError where the bytes are none."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.position = 0

    def struct(self, depth: int = 0) -> dict[int, _Field]:
        """Its fields by number; those that no page header needs are None."""
        if depth > _DEEPEST:
            raise ValueError("too deep")
        fields: dict[int, _Field] = {}
        number = 0
        while (head := self._byte()) != 0:
            step, kind = divmod(head, 16)
            number = number + step if step else self._integer()
            fields[number] = self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> _Field:
        if kind in _INTEGERS:
            return self._integer()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind == _BINARY:
            self._skip(self._varint())
        elif kind in {_BYTE, _DOUBLE}:
            self._skip(1 if kind == _BYTE else 8)
        elif kind not in {_TRUE, _FALSE}:
            raise ValueError(f"no field of a page header has the type {kind}")
        return None

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _varint(self) -> int:
        value, self.position = read_varint(self._content, self.position)
        return value

    def _byte(self) -> int:
        byte = self._content[self.position]
        self.position += 1
        return byte

    def _skip(self, count: int) -> None:
        self.position += count
        if self.position > len(self._content):
            raise IndexError("cut short")

"""The fields of a protobuf message, whose form somebody else knows."""

from __future__ import annotations

from collections.abc import Iterator

#: The size of an integer, as `fields` gives it, little-endian.
INTEGER_BYTES = 8
#: No message is longer.
MAX_MESSAGE_BYTES = 1 << 31

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED32_BYTES = 4
_MAX_VARINT_BITS = 70


def fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The number and the bytes of each field of a protobuf message; an integer has 8 bytes.

    Raises ValueError where it is cut short or no message.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            number, at = _varint(message, at)
            yield key >> 3, memoryview((number & (1 << 64) - 1).to_bytes(INTEGER_BYTES, "little"))
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = INTEGER_BYTES if kind == _FIXED64 else _FIXED32_BYTES
        else:
            raise ValueError("no protobuf message")
        if at + size > len(message):
            raise ValueError("cut short")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    number = shift = 0
    while at < len(message) and shift < _MAX_VARINT_BITS:
        byte = message[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004
            return number, at
    raise ValueError("cut short")

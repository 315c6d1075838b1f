"""Unsigned integers of as many bytes as they need, as in parquet, Thrift and snappy."""

from __future__ import annotations

_LONGEST = 10  # bytes, of 64 bits


def read_varint(content: bytes | memoryview, at: int) -> tuple[int, int]:
    """The integer that begins there, and where it ends; ValueError where none does."""
    value = 0
    for place, byte in enumerate(content[at : at + _LONGEST]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:  # noqa: PLR2004  (the last one)
            return value, at + place + 1
    raise ValueError("no integer")

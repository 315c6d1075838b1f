"""Numbers that somebody else wrote: one way of reading them, bounded in digits and size.

Python's own readers take `1e800000000` (which a Decimal keeps, and spends gigabytes on where it is
written out), `nan`, `1_000` and digits of other scripts; none of these is a measurement.
"""

from __future__ import annotations

import re
from decimal import Decimal

#: A pattern for a number in a foreign line; what it finds still has to go through a reader here.
#: It has one way of matching any text, so that a long line takes linear time.
NUMBER = r"[+-]?[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?"

_MAX_CHARACTERS = 64
#: Nothing that is measured here has more places before its point, or begins further after it.
_MAX_PLACES = 30
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
#: What a signed integer of 64 bits holds.
_MAX_COUNT = (1 << 63) - 1
_SHOWN = 40


def parse_decimal(text: str, *, negative: bool = False, thousands: bool = False) -> Decimal:
    """The number that a foreign text is, exactly as it is written.

    negative: whether it may be below 0. thousands: whether `1,164.16` is a number, too.
    Raises ValueError, with a text that can follow a file's name, where it is no number, not
    finite, negative, or has more digits than any measurement.
    """
    text = text.strip()
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"{_shown(text)} has {len(text)} characters, which is no number")
    if thousands and _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError(f"{_shown(text)} is no number")
    value = Decimal(text)
    if value and not -_MAX_PLACES <= value.adjusted() < _MAX_PLACES:
        raise ValueError(f"{_shown(text)} is no size that anything has")
    if value < 0 and not negative:
        raise ValueError(f"{_shown(text)} is negative")
    # A zero may carry any exponent, and would be written out with it.
    return value or Decimal(0)


def parse_float(text: str, *, negative: bool = False, thousands: bool = False) -> float:
    """The same, as the nearest float."""
    return float(parse_decimal(text, negative=negative, thousands=thousands))


def parse_count(text: str, *, least: int = 0) -> int:
    """The whole number of at least `least` that a foreign text is, in decimal digits alone.

    Raises ValueError as parse_decimal does.
    """
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_CHARACTERS):
        raise ValueError(f"{_shown(text)} is no count")
    value = int(text)
    if not least <= value <= _MAX_COUNT:
        raise ValueError(f"{_shown(text)} is no count of {least} or more")
    return value


def measured_decimal(value: float, *, negative: bool = False) -> Decimal:
    """A number of a JSON text as a Decimal, under the same bounds; see parse_decimal."""
    if isinstance(value, int):
        # Written out it may be longer than Python is willing to write.
        if abs(value) > _MAX_COUNT:
            raise ValueError("an integer beyond 64 bits is no size that anything has")
        return parse_decimal(str(value), negative=negative)
    return parse_decimal(repr(value), negative=negative)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")

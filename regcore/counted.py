"""Counted things in messages: one image, two images."""

from __future__ import annotations

_UNITS = ("KiB", "MiB", "GiB")


def counted(number: int, one: str, many: str = "", *, form: str = "") -> str:
    """`1 image`, `2 images`.

    one, many: the words for one thing and for several, as in "image has" and "images have"; by
    default several are a regular plural. form: of the number, such as ",".
    """
    return f"{number:{form}} {agreeing(number, one, many or _plural(one))}"


def agreeing(number: int, one: str, many: str) -> str:
    """The words that agree with a number: `has` of one image, `have` of any other number."""
    return one if number == 1 else many


def in_units(size: int, *, up: bool = False) -> str:
    """A number of bytes: `1 byte`, `1.5 KiB`, `12 GiB`.

    up: rounds up, for what is needed beside what there is: the two never look the same then.
    """
    power = min((max(size, 1).bit_length() - 1) // 10, len(_UNITS))
    if power == 0:
        return counted(size, "byte")
    unit = 1 << 10 * power
    tenths = -(-size * 10 // unit) if up else size * 10 // unit
    whole, rest = divmod(tenths, 10)
    return f"{whole}.{rest} {_UNITS[power - 1]}" if rest else f"{whole} {_UNITS[power - 1]}"


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"

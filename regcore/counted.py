"""Counted things in messages: one image, two images."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "", *, form: str = "") -> str:
    """`1 image`, `2 images`.

    one, many: the words for one thing and for several, as in "image has" and "images have"; by
    default several are a regular plural. form: of the number, such as ",".
    """
    return f"{number:{form}} {agreeing(number, one, many or _plural(one))}"


def agreeing(number: int, one: str, many: str) -> str:
    """The words that agree with a number: `has` of one image, `have` of any other number."""
    return one if number == 1 else many


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"

"""The value of each field of a recipe as text."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from regcore.errors import UsageError
from regcore.files.arguments import shown

#: What no spelling may leave out: each is wrong for somebody's model. dtype and layout follow the
#: model, and the rest has defaults that say what nearly all frameworks do.
REQUIRED = ("resize", "crop", "filter", "mean", "std")


def missing_fields(given: Collection[str], *, resize_is_pair: bool) -> list[str]:
    """What of REQUIRED is not given; a resize to a pair of sides is its own crop."""
    given = {*given, "crop"} if resize_is_pair else given
    return [name for name in REQUIRED if name not in given]


def parse_field(name: str, text: str) -> Any:  # noqa: ANN401
    """The value that `text` means for the field; Recipe checks it further."""
    parse, form = _FORMS.get(name, _WORD)
    try:
        return parse(text)
    except (ValueError, OverflowError):
        raise UsageError(f"recipe: {name} {shown(text)} is not {form}") from None


def show_field(name: str, value: object) -> str:
    """The text that `parse_field` takes for this value."""
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ("x" if name in ("resize", "crop") else ",").join(map(_plain, value))
    return _plain(value)


def _plain(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _side(text: str) -> int | tuple[int, ...] | None:
    if text == "none":
        return None
    sides = tuple(_whole(side) for side in text.split("x"))
    return sides[0] if len(sides) == 1 else sides


def _whole(text: str) -> int:
    if len(text) > 9:  # noqa: PLR2004  (Python converts no more than thousands of digits)
        raise ValueError
    return int(text)


def _numbers(text: str) -> tuple[float, ...] | None:
    return None if text == "none" else tuple(float(part) for part in text.split(","))


def _wholes(text: str) -> tuple[int, ...] | None:
    return None if text == "none" else tuple(_whole(part) for part in text.split(","))


def _number(text: str) -> float | None:
    return None if text == "none" else float(text)


_SIDES = (_side, "pixels, as in 224, or rows x columns, as in 224x288")
_PER_CHANNEL = (_numbers, "numbers, as in 0.485,0.456,0.406")
_ONE = (_number, "a number")
_WORD = (str, "a word")
_FORMS: dict[str, tuple[Callable[[str], Any], str]] = {
    "resize": _SIDES,
    "crop": _SIDES,
    "mean": _PER_CHANNEL,
    "std": _PER_CHANNEL,
    "second_std": _PER_CHANNEL,
    "fill": (_wholes, "red, green and blue, as in 0,0,0"),
    "divisor": _ONE,
    "quant_scale": _ONE,
    "quant_zero_point": (_whole, "a whole number"),
}

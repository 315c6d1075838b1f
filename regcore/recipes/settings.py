"""The settings of another tool's configuration, each taken by its name; the rest is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.recipes.numbers import LARGEST_SIDE

#: A configuration: the file it stands in, what the file holds, or the list of its steps alone.
Configuration = str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]]

_CHANNELS = 3


@dataclass(frozen=True)
class Unread:
    """A value that the file computes in a way that is not read: `line`, from 1."""

    line: int


class Settings:
    """One mapping of a configuration.

    place: where it stands, as errors name it, such as "config.yml: datasets[0]"; may be empty.

    Each method takes one key out, and raises UsageError, which names place and key, where the
    value is missing or of another kind. `finish` refuses the keys that nobody has taken.
    """

    def __init__(self, values: object, place: str = "") -> None:
        self.place = place
        if not isinstance(values, Mapping):
            where = f"{place.removesuffix(': ')}: " if place else ""
            raise UsageError(f"{where}{_unfit(values, 'keys with values')}")
        self._left: dict[object, Any] = dict(values)

    def at(self, key: str) -> str:
        """Where the value of a key stands."""
        return f"{self.place}{key}" if self.place[-2:] in {"", ": "} else f"{self.place}.{key}"

    def refusal(self, key: str, why: str) -> UsageError:
        """The error for a key that cannot be expressed."""
        return UsageError(f"{self.at(key)}: {why}")

    def __contains__(self, key: str) -> bool:
        return self._left.get(key) is not None

    def take(self, key: str) -> Any:  # noqa: ANN401
        """The value, or None where there is none."""
        value = self._left.pop(key, None)
        if isinstance(value, Unread):
            raise self.refusal(key, _unfit(value, ""))
        return value

    def inner(self, key: str) -> Settings:
        """The mapping within a key."""
        return Settings(self._required(key), self.at(key))

    def listed(self, key: str) -> list[tuple[str, Any]]:
        """The items of a list, each with its place."""
        return items(self._required(key), self.at(key))

    def flag(self, key: str, *, default: bool) -> bool:
        """True or False."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refusal(key, f"must be true or false, not {shown(value)}")
        return value

    def word(self, key: str, default: str | None = None) -> str:
        """A text; without a default it must be there."""
        value = default if key not in self and default is not None else self._required(key)
        if not isinstance(value, str):
            raise self.refusal(key, f"must be a text, not {shown(value)}")
        return value

    def choice(self, key: str, known: Mapping[str, str], default: str | None = None) -> str:
        """What a word stands for, in whatever case it is written."""
        word = self.word(key, default)
        if word.lower() not in known:
            raise self.refusal(key, f"{shown(word)} is none of {', '.join(known)}")
        return known[word.lower()]

    def side(self, key: str) -> int:
        """A number of pixels."""
        return self._pixels(key, self._required(key))

    def sides(self, key: str) -> tuple[int, int]:
        """(rows, columns) of a number, or of a pair of (columns, rows)."""
        value = self._required(key)
        if isinstance(value, (list, tuple)) and len(value) == 2:  # noqa: PLR2004
            columns, rows = (self._pixels(key, each) for each in value)
            return rows, columns
        side = self._pixels(key, value)
        return side, side

    def per_channel(self, key: str) -> tuple[float, ...]:
        """Three numbers, or one for all channels."""
        value = self._required(key)
        given = list(value) if isinstance(value, (list, tuple)) else [value]
        if len(given) not in {1, _CHANNELS} or not all(map(_is_number, given)):
            raise self.refusal(key, f"must be one number or three, not {shown(value)}")
        return tuple(map(float, given * (_CHANNELS // len(given))))

    def finish(self, *ignored: str) -> None:
        """Raises UsageError for a key that was not taken, but for those that change no image."""
        for key in self._left:
            if key not in ignored:
                name = key if isinstance(key, str) else shown(key)
                raise self.refusal(name, "is not understood, and may change the images")

    def _required(self, key: str) -> Any:  # noqa: ANN401
        value = self.take(key)
        if value is None:
            raise self.refusal(key, "is missing")
        return value

    def _pixels(self, key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST_SIDE:
            raise self.refusal(key, f"must be 1 to {LARGEST_SIDE} pixels, not {shown(value)}")
        return value


def items(values: object, place: str) -> list[tuple[str, Any]]:
    """The items of a list, each with its place. Raises UsageError for what is no list."""
    if not isinstance(values, (list, tuple)):
        raise UsageError(f"{place}: {_unfit(values, 'a list')}")
    return [(f"{place}[{index}]", value) for index, value in enumerate(values)]


def _unfit(value: object, needed: str) -> str:
    if isinstance(value, Unread):
        return f"line {value.line} computes it; only values that are written out are read"
    return f"needs {needed}, not {shown(value)}"


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False

"""A bound on values from a file, whose parts may be the same ones over and over."""

from __future__ import annotations

from collections.abc import Mapping

from regcore.errors import DatasetError

_MOST_VALUES = 200_000


def check_extent(values: object, name: str) -> None:
    """Raises DatasetError where there are too many values, each counted as often as it is used.

    A few lines of YAML, or of Python, can make a list that would fill the memory once it is
    written out, or that contains itself.
    """
    left = _MOST_VALUES
    waiting = [values]
    while waiting:
        value = waiting.pop()
        left -= 1
        if isinstance(value, Mapping):
            waiting.extend(value.values())
            waiting.extend(value)
        elif isinstance(value, (list, tuple, set, frozenset)):
            waiting.extend(value)
        if left < len(waiting):
            raise DatasetError(
                f"{name}: has more than {_MOST_VALUES} values, the most that are read of a "
                "configuration"
            )

"""Names of another tool's models in errors: the nearest ones, and the first of many."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

_SHOWN_NAMES = 8


def near(name: str, known: Sequence[str]) -> str:
    """The end of an error for an unknown name: those that are like it, or nothing."""
    nearest = difflib.get_close_matches(name, known, _SHOWN_NAMES, 0.7)
    return f"; near it are {', '.join(nearest)}" if nearest else ""


def first_names(names: Iterable[object]) -> str:
    """The first of many names, and how many more there are."""
    listed = [str(name) for name in names]
    more = f" and {len(listed) - _SHOWN_NAMES} more" if len(listed) > _SHOWN_NAMES else ""
    return ", ".join(listed[:_SHOWN_NAMES]) + more

"""Whole numbers, paths, switches and choices of any type from outside, and how errors show them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from regcore.errors import UsageError

_SHOWN = 60  # characters


def shown(value: object) -> str:
    """A value for an error of one line, shortened; whatever it is."""
    try:
        text = ascii(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits; a deep nesting
        return f"a value of type {type(value).__name__}"
    # An array has lines of its own.
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def whole_within(name: str, value: object, least: int, most: int, unit: str = "") -> int:
    """A whole number within limits; raises UsageError for another one, a bool, or a fraction."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        number = int(value)
        if least <= number <= most:
            return number
        raise UsageError(f"{name} must be {least} to {most}{unit}, not {shown(number)}")
    raise UsageError(f"{name} must be a whole number, not {shown(value)}")


def as_path(name: str, value: str | Path) -> Path:
    """The path; raises UsageError for what is none.

    An empty text is none, too: it would be the current folder.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise UsageError(f"{name} must be a text or a Path, not {shown(value)}")
    if isinstance(value, str) and not value:
        raise UsageError(f"{name} is empty, as of a variable that is not set")
    return Path(value)


def check_switch(name: str, value: object) -> None:
    """Raises UsageError for what is neither True nor False."""
    if not isinstance(value, (bool, np.bool_)):
        raise UsageError(f"{name} must be True or False, not {shown(value)}")


def check_choice(name: str, value: object, known: tuple[str, ...]) -> None:
    """Raises UsageError for what is none of the known words."""
    if not isinstance(value, str) or value not in known:
        raise UsageError(f"{name} is one of {', '.join(known)}, not {shown(value)}")


def check_several(name: str, value: object) -> None:
    """Raises UsageError for one text where several are asked for: its letters would be them."""
    if isinstance(value, (str, bytes)):
        raise UsageError(f"{name} must be a list of texts, not one: [{shown(value)}]")


def is_masked_array(value: object) -> bool:
    """Whether it is one of NumPy's masked arrays, whose mask np.asarray drops.

    There is none before numpy.ma is imported, which NumPy does when somebody first asks for it.
    """
    return "numpy.ma" in sys.modules and isinstance(value, np.ma.MaskedArray)

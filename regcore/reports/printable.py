"""Texts from outside, as what may stand on a terminal."""

from __future__ import annotations

_LONGEST_LINE = 1000  # characters


def printable(text: str) -> str:
    """A text from outside as one line: what a terminal could obey is written out.

    Of a long one the middle is left out: what is wrong stands at its ends.
    """
    if len(text) > _LONGEST_LINE:
        text = f"{text[: _LONGEST_LINE // 2]} ... {text[-_LONGEST_LINE // 4 :]}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

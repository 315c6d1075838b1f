"""Names in the order in which people count: 2 before 10."""

from __future__ import annotations

import re
from pathlib import Path

#: Longer runs of digits are no numbers that anybody counts, and slow to convert.
_LONGEST_NUMBER = 255


def natural_key(path: str | Path) -> tuple[tuple[tuple[str | int, ...], str], ...]:
    """Sort key that compares digit runs as numbers, folder by folder: `a2` before `a10`.

    The order is total: names that differ only in leading zeros are told apart by their text.
    """
    return tuple((digit_runs(part), part) for part in Path(path).parts)


def digit_runs(text: str) -> tuple[str | int, ...]:
    """A name in pieces that compare as they should, text and numbers in turn."""
    # Splitting on a group puts text at even and digits at odd places, so like meets like.
    pieces = re.split(rf"([0-9]{{1,{_LONGEST_NUMBER}}})", text)
    return tuple(int(piece) if i % 2 else piece for i, piece in enumerate(pieces))

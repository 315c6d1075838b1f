"""Names of many shards in one word, as shells and WebDataset spell them."""

from __future__ import annotations

import re
from itertools import product

from regcore.errors import UsageError

_GROUP = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"([0-9]+)\.\.([0-9]+)")
_MOST = 1_000_000


def has_braces(text: str) -> bool:
    """Whether there is a group such as {000..063} or {train,val}."""
    return any(_choices(group) is not None for group in _GROUP.findall(text))


def expand_braces(text: str) -> list[str]:
    """Every name that the groups stand for; `s-{08..10}` is s-08, s-09 and s-10.

    Raises UsageError where a range runs backwards, or for more than a million names.
    """
    pieces = []
    count = 1
    for number, piece in enumerate(_GROUP.split(text)):
        choices = _choices(piece) if number % 2 else None
        pieces.append([f"{{{piece}}}" if number % 2 else piece] if choices is None else choices)
        count *= len(pieces[-1])
        if count > _MOST:
            raise UsageError(f"{text}: stands for more than {_MOST} names")
    return ["".join(chosen) for chosen in product(*pieces)]


def _choices(group: str) -> list[str] | None:
    """None where the braces are part of a name."""
    found = _RANGE.fullmatch(group)
    if found is None:
        return group.split(",") if "," in group else None
    first, last = int(found[1]), int(found[2])
    if first > last or last - first >= _MOST:
        raise UsageError(f"{{{group}}}: a range goes from the smaller number to the larger")
    width = len(found[1])
    return [f"{number:0{width}}" for number in range(first, last + 1)]

"""What ONNX Runtime says of a failure, in one line."""

from __future__ import annotations

import re

_LONGEST_REASON = 500
_SOURCE_LINE = re.compile(r"\S+\.(?:cc|cpp|cu|cuh|h|hpp):\d+ ")
_OWN_WORDS = "[ONNXRuntimeError]"


def one_line(error: Exception) -> str:
    """What an error says, without the line of ONNX Runtime's source that some begin with.

    Which input it was stands in a further line of it.
    """
    reason = _without_signature(" ".join(str(error).split())) or type(error).__name__
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}..."


def _without_signature(text: str) -> str:
    """Cuts `FILE.cc:LINE ` and the signature of the function there, up to what happened."""
    place = _SOURCE_LINE.match(text)
    if place is None:
        return text
    rest = text[place.end() :]
    if _OWN_WORDS in rest:
        return rest[rest.index(_OWN_WORDS) :]
    rest = _after_brackets(rest, "()").removeprefix("const ")
    return _after_brackets(rest, "[]") if rest.startswith("[with ") else rest


def _after_brackets(text: str, pair: str) -> str:
    """What follows the first bracket of this kind that closes again."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == pair[0]) - (letter == pair[1])
        if letter == pair[1] and depth == 0:
            return text[at + 1 :].lstrip()
    return text

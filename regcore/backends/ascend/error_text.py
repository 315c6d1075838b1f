"""What CANN's error texts say, whose form differs by release.

EZ9999: Inner Error!                                            (says nothing)
EZ9999: [PID: 21632] 2025-05-30-17:44:16.563.100 What happened.
[PID: 77] 2026-08-01-09:12:33.120.004 Invalid_Argument_Value(E10001): What is wrong.
Solution: What helps.
"""

from __future__ import annotations

import re

_HEAD = re.compile(r"\b(E[A-Z]?[0-9]{4,5})\)?: *(.*)")
_STAMP = re.compile(r"\[PID: *[0-9]+\] *[0-9][0-9.:-]* *")
_PLACE = re.compile(r"\[FUNC:.*")  # in Huawei's source
_SAYS_NOTHING = re.compile(r"In(ner|ternal) error!$", re.IGNORECASE)
_TRACE, _SOLUTION = "TraceBack", "Solution:"


def causes(text: str) -> list[str]:
    """Every error of a text or a log, each as `E10001: What is wrong. Solution: What helps`."""
    lines = [_PLACE.sub("", _STAMP.sub("", line)).strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    found: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        match = _HEAD.search(line)
        if match is not None:
            code, words = match.groups()
            if _SAYS_NOTHING.search(words):
                if _HEAD.search(following):
                    continue
                if following and not following.startswith(_TRACE):
                    words = following
            found.append(f"{code}: {words}")
        elif found and line.startswith(_SOLUTION) and _SOLUTION not in found[-1]:
            found[-1] += f" {line}"
    return found

"""How CANN words an error, as acl.get_recent_err_msg and atc print it, by its release."""

from __future__ import annotations

import os
import time

_TRACE = "        TraceBack (most recent call last):\n        (x) == 0 failed[FUNC:F][LINE:1]"
_TITLED, _STAMPED = (9, 0), (8, 0)


def _stamp() -> str:
    return f"[PID: {os.getpid()}] {time.strftime('%Y-%m-%d-%H:%M:%S')}.563.100 "


def user_error(release: tuple[int, ...], code: str, title: str, text: str, solution: str) -> str:
    """What the user has done wrong. title: of its kind, as in Invalid_Argument_Value."""
    if release >= _TITLED:
        head = f"{_stamp()}{title}({code}): {text}"
    else:
        head = f"{code}: {_stamp() if release >= _STAMPED else ''}{text}"
    cause = "        Possible Cause: it is not told here."
    return f"{head}\n{cause}\n        Solution: {solution}\n{_TRACE}"


def inner_error(release: tuple[int, ...], text: str) -> str:
    """What has gone wrong inside: its first line says nothing."""
    if release >= _TITLED:
        return f"EZ9999: Internal error!\nEZ9999: {_stamp()}{text}\n{_TRACE}"
    if release >= _STAMPED:
        return f"EZ9999: Inner Error!\nEZ9999: {_stamp()}{text}\n{_TRACE}"
    where = "[FUNC:GetError][FILE:stream.cc][LINE:1044]"
    return f"EZ9999: Inner Error!\n        {text}{where}\n{_TRACE}"

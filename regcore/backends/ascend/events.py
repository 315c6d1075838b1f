"""Events, by what the installed release of CANN has and allows.

From CANN 9 on an event of create_event must not be reset, one of create_event_ex_with_flag never
may; before CANN 8 there is none of the latter, and others have to be reset before they are used
again.
"""

from __future__ import annotations

from dataclasses import dataclass

from regcore.backends.ascend.error_codes import FEATURE_NOT_SUPPORTED, INVALID_PARAM, PARAM_INVALID
from regcore.backends.ascend.resources import Resources

_SYNC, _TIME_LINE = 1, 8
# What a release answers that knows the function and not the flag.
_UNKNOWN_FLAG = frozenset({FEATURE_NOT_SUPPORTED, INVALID_PARAM, PARAM_INVALID})


@dataclass(frozen=True)
class OrderingEvent:
    """An event for which other streams wait.

    resets: whether it has to be reset after a wait, before it is recorded again.
    """

    handle: int
    resets: bool


def ordering_event(resources: Resources) -> OrderingEvent:
    """One that takes a single of the device's event ids. Raises BackendError."""
    handle = _flagged(resources, "rt.create_event_ex_with_flag", _SYNC)
    if handle is not None:
        return OrderingEvent(handle, resets=False)
    handle = _flagged(resources, "rt.create_event_with_flag", _SYNC)
    return OrderingEvent(_plain(resources) if handle is None else handle, resets=True)


def timing_event(resources: Resources) -> int:
    """One that only marks a time, and takes no event id where CANN can tell. Raises BackendError.

    The ids of a device are few, and a record waits for one without letting other threads run.
    """
    handle = _flagged(resources, "rt.create_event_with_flag", _TIME_LINE)
    return _plain(resources) if handle is None else handle


def _plain(resources: Resources) -> int:
    return resources.make("rt.create_event", undo="rt.destroy_event")


def _flagged(resources: Resources, name: str, flag: int) -> int | None:
    return resources.make_where_known(name, flag, undo="rt.destroy_event", unknown=_UNKNOWN_FLAG)

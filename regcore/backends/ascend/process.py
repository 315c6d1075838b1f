"""What pyACL allows once in a process: init and finalize, and a device set and reset."""

from __future__ import annotations

import atexit
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from regcore.backends.ascend.error_codes import REPEAT_INITIALIZE, SUCCESS
from regcore.backends.ascend.pyacl import Acl
from regcore.errors import BackendError


@dataclass
class _Process:
    """ours: whether pyACL was initialised here, and not by another library.

    devices: how often each is in use. open: how to give back what still is.
    """

    acl: Acl
    ours: bool
    devices: Counter[int] = field(default_factory=Counter)
    open: list[Callable[[], object]] = field(default_factory=list)


_lock = threading.RLock()
_processes: list[_Process] = []


def use_device(acl: Acl, device: int, give_back: Callable[[], object]) -> Callable[[], None]:
    """Initialises pyACL, if nobody has yet, and sets the device until all its users are done.

    give_back: what to call at the end of the process at the latest. Returns what to call when done
    with the device. Raises BackendError.
    """
    with _lock:
        process = _initialised(acl)
        if process.devices[device] == 0:
            acl.do("rt.set_device", device)
        process.devices[device] += 1
        process.open.append(give_back)
    return partial(_leave_device, process, acl, device, give_back)


def _initialised(acl: Acl) -> _Process:
    if not _processes:
        code = acl.get("init")
        if code not in (SUCCESS, REPEAT_INITIALIZE):
            raise acl.error("init", code)
        _processes.append(_Process(Acl(acl.module, "pyACL"), ours=code == SUCCESS))
    return _processes[0]


def _leave_device(
    process: _Process, acl: Acl, device: int, give_back: Callable[[], object]
) -> None:
    with _lock:
        process.open.remove(give_back)
        process.devices[device] -= 1
        if process.devices[device] == 0 and (process.ours or _resets_are_counted(acl)):
            acl.do("rt.reset_device", device)


def _resets_are_counted(acl: Acl) -> bool:
    """Whether a reset takes back one set_device; before CANN 8 it takes the device from all."""
    return acl.has("rt.reset_device_force")


def shut_down() -> None:
    """Gives back all that is still open, and finalises pyACL, if it was initialised here.

    Raises BackendError where that fails.
    """
    with _lock:
        if not _processes:
            return
        (process,) = _processes
        for give_back in reversed(process.open.copy()):
            give_back()
        _processes.clear()
        if process.ours:
            process.acl.do("finalize")


def abandon() -> None:
    """Nothing is given back any more: a device hangs, and so would every call."""
    with _lock:
        _processes.clear()


@atexit.register
def _at_exit() -> None:
    try:
        shut_down()
    except BackendError as error:
        # Nobody can act on it any more; the operating system takes the rest back.
        import sys

        sys.stderr.write(f"regcore: {error}\n")

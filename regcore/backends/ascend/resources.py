"""What is given back, in the reverse of the order in which it was had."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.ascend.pyacl import Acl
from regcore.errors import BackendError

_HUGE_PAGES_FIRST = 0

#: Of the process: the ends of all page-locked memory that there is, by its start.
_page_locked: dict[int, int] = {}
_registry = threading.Lock()  # held while it is read or changed


def is_page_locked(array: NDArray[Any]) -> bool:
    """Whether devices can copy from the array's memory themselves."""
    start = array.ctypes.data
    with _registry:
        ranges = list(_page_locked.items())
    return any(low <= start and start + array.nbytes <= end for low, end in ranges)


def _forget(address: int) -> None:
    with _registry:
        del _page_locked[address]


class Resources:
    """Everything of one context, from the device on."""

    def __init__(self, acl: Acl) -> None:
        self._acl = acl
        self._releases: list[Callable[[], object]] = []
        self._streams: list[int] = []
        self.context = 0

    def then(self, release: Callable[[], object]) -> None:
        """Calls `release` in its turn; it may raise BackendError."""
        self._releases.append(release)

    def make(self, name: str, *arguments: object, undo: str) -> int:
        """What the function `name` gives, with its code; `undo` takes it back."""
        return self._kept(int(self._acl.value(name, *arguments)), undo)

    def handle(self, name: str, *arguments: object, undo: str) -> int:
        """The same of a function that returns no code."""
        return self._kept(self._acl.handle(name, *arguments), undo)

    def _kept(self, thing: int, undo: str) -> int:
        self.then(lambda: self._acl.do(undo, thing))
        return thing

    def stream(self) -> int:
        """A new stream, which is waited for before anything is given back."""
        stream = self.make("rt.create_stream", undo="rt.destroy_stream")
        self._streams.append(stream)
        return stream

    def device_memory(self, size: int) -> int:
        """The address of `size` bytes on the device."""
        return self.make("rt.malloc", size, _HUGE_PAGES_FIRST, undo="rt.free")

    def host_array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An array in page-locked memory, not initialised, valid until all is given back."""
        size = math.prod(shape) * dtype.itemsize
        address = self.make("rt.malloc_host", max(1, size), undo="rt.free_host")
        with _registry:
            _page_locked[address] = address + size
        self.then(lambda: _forget(address))
        memory = (ctypes.c_uint8 * size).from_address(address)
        return np.frombuffer(memoryview(memory), dtype).reshape(shape)

    def release(self) -> BackendError | None:
        """Gives all back, whatever fails; returns the first failure. Twice is fine."""
        failures: list[BackendError] = []

        def attempt(release: Callable[[], object]) -> bool:
            try:
                release()
            except BackendError as error:
                failures.append(error)
                return False
            return True

        if self.context:
            enter = partial(self._acl.do, "rt.set_context", self.context)
            # Nothing can be given back outside of its context.
            _ = attempt(enter) or attempt(enter)
        while self._streams:
            stream = self._streams.pop()
            # The first answer may be the failure of a task, whose place is with its result.
            self._acl.get("rt.synchronize_stream", stream)
            self._acl.get("rt.synchronize_stream", stream)
        while self._releases:
            attempt(self._releases.pop())
        self.context = 0
        return failures[0] if failures else None

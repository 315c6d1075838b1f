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

from regcore.backends.tensorrt.cuda import Cuda
from regcore.errors import BackendError

_PORTABLE = 1  # cudaHostAllocPortable: page-locked for all GPUs
_NON_BLOCKING = 1  # cudaStreamNonBlocking: in no order with the default stream

#: Of the process: the ends of all page-locked memory that there is, by its start.
_page_locked: dict[int, int] = {}
_registry = threading.Lock()  # held while it is read or changed


def is_page_locked(array: NDArray[Any]) -> bool:
    """Whether GPUs can copy from the array's memory themselves."""
    start = array.ctypes.data
    with _registry:
        ranges = list(_page_locked.items())
    return any(low <= start and start + array.nbytes <= end for low, end in ranges)


def _forget(address: int) -> None:
    with _registry:
        del _page_locked[address]


class Resources:
    """Everything on one GPU. `device`: its number."""

    def __init__(self, cuda: Cuda, device: int) -> None:
        self._cuda = cuda
        self._device = device
        self._releases: list[Callable[[], object]] = []
        self._streams: list[Any] = []

    def then(self, release: Callable[[], object]) -> None:
        """Calls `release` in its turn; it may raise BackendError."""
        self._releases.append(release)

    def make(self, name: str, *arguments: object, undo: str) -> Any:  # noqa: ANN401
        """What the call `name` gives; `undo` takes it back."""
        thing = self._cuda.value(name, *arguments)
        self.then(lambda: self._cuda.do(undo, thing))
        return thing

    def stream(self) -> Any:  # noqa: ANN401
        """A new stream, which is waited for before anything is given back."""
        made = self.make("StreamCreateWithFlags", _NON_BLOCKING, undo="StreamDestroy")
        self._streams.append(made)
        return made

    def event(self) -> Any:  # noqa: ANN401
        """A new event that takes the time."""
        return self.make("EventCreate", undo="EventDestroy")

    def device_memory(self, size: int) -> int:
        """The address of `size` bytes on the GPU."""
        return int(self.make("Malloc", size, undo="Free"))

    def host_array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An array in page-locked memory, not initialised, valid until all is given back."""
        size = math.prod(shape) * dtype.itemsize
        address = int(self.make("HostAlloc", max(1, size), _PORTABLE, undo="FreeHost"))
        with _registry:
            _page_locked[address] = address + size
        self.then(lambda: _forget(address))
        memory = (ctypes.c_uint8 * size).from_address(address)
        return np.frombuffer(memoryview(memory), dtype).reshape(shape)

    def release(self) -> BackendError | None:
        """Gives all back, whatever fails; returns the first failure. Twice is fine."""
        failures: list[BackendError] = []

        def attempt(release: Callable[[], object]) -> None:
            try:
                release()
            except BackendError as error:
                failures.append(error)

        if self._releases:
            attempt(partial(self._cuda.do, "SetDevice", self._device))
        while self._streams:
            stream = self._streams.pop()
            attempt(partial(self._cuda.do, "StreamSynchronize", stream))
        while self._releases:
            attempt(self._releases.pop())
        return failures[0] if failures else None

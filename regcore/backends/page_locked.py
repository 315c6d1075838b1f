"""Memory from which a device copies directly, and the stack of what is given back to a driver."""

from __future__ import annotations

import ctypes
import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import BackendError


class PageLockedRanges:
    """All page-locked memory of one vendor's driver in this process: where it starts and ends."""

    def __init__(self) -> None:
        self._ends: dict[int, int] = {}
        self._lock = threading.Lock()  # held while they are read or changed

    def hold(self, array: NDArray[Any]) -> bool:
        """Whether devices can copy from the array's memory themselves."""
        start = array.ctypes.data
        with self._lock:
            ranges = list(self._ends.items())
        return any(low <= start and start + array.nbytes <= end for low, end in ranges)

    def add(self, address: int, size: int) -> None:
        """Notes that `size` bytes from `address` on are page-locked."""
        with self._lock:
            self._ends[address] = address + size

    def remove(self, address: int) -> None:
        """Forgets the range that starts at `address`."""
        with self._lock:
            del self._ends[address]


class ResourceStack(ABC):
    """What was had of a driver, and is given back in the reverse order.

    ranges: where its page-locked memory is noted.
    """

    def __init__(self, ranges: PageLockedRanges) -> None:
        self._ranges = ranges
        self._releases: list[Callable[[], object]] = []
        self._streams: list[Any] = []
        self._failures: list[BackendError] = []

    def then(self, release: Callable[[], object]) -> None:
        """Calls `release` in its turn; it may raise BackendError."""
        self._releases.append(release)

    def stream(self) -> Any:  # noqa: ANN401
        """A new stream, which is waited for before anything is given back."""
        made = self._make_stream()
        self._streams.append(made)
        return made

    def host_array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An array in page-locked memory, not initialised, valid until all is given back."""
        size = math.prod(shape) * dtype.itemsize
        address = self._lock_pages(max(1, size))
        self._ranges.add(address, size)
        self.then(lambda: self._ranges.remove(address))
        memory = (ctypes.c_uint8 * size).from_address(address)
        return np.frombuffer(memoryview(memory), dtype).reshape(shape)

    def release(self) -> BackendError | None:
        """Gives all back, whatever fails; returns the first failure. Twice is fine."""
        self._failures = []
        self._enter()
        while self._streams:
            self._wait_for(self._streams.pop())
        while self._releases:
            self._attempt(self._releases.pop())
        return self._failures[0] if self._failures else None

    def _attempt(self, release: Callable[[], object]) -> bool:
        try:
            release()
        except BackendError as error:
            self._failures.append(error)
            return False
        return True

    @abstractmethod
    def _make_stream(self) -> Any:  # noqa: ANN401
        """A stream, whose end is on the stack."""

    @abstractmethod
    def _lock_pages(self, size: int) -> int:
        """The address of `size` bytes of page-locked memory, whose end is on the stack."""

    @abstractmethod
    def _enter(self) -> None:
        """Makes it possible for this thread to give things back."""

    @abstractmethod
    def _wait_for(self, stream: Any) -> None:  # noqa: ANN401
        """Waits until a stream has nothing to do; what its tasks say does not matter."""

"""One backend of several: each batch goes to the next device, and results come in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend, Result


class RoundRobinBackend(Backend):
    """A model on several devices, opened one after the other by `open_one` with their numbers.

    Rates are of all of them together, by the wall clock.
    """

    def __init__(self, devices: Sequence[int], open_one: Callable[[int], Backend]) -> None:
        with ExitStack() as stack:
            self._backends = [stack.enter_context(open_one(device)) for device in devices]
            # The memory of the first one is in use by all: it is closed last.
            self._open = stack.pop_all()
        first = self._backends[0]
        self.name, self.version = first.name, first.version
        self.provider = ", ".join(backend.provider for backend in self._backends)
        self.inputs, self.outputs = first.inputs, first.outputs
        self.metadata, self.precision = first.metadata, first.precision
        self.max_batch = first.max_batch
        self.depth = sum(backend.depth for backend in self._backends)
        self._submitted = self._taken = 0

    def host_buffers(
        self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> list[NDArray[Any]] | None:
        """Memory of the first device's backend, from which all of them copy."""
        return self._backends[0].host_buffers(count, shape, dtype)

    def submit(self, batch: NDArray[Any]) -> None:
        """Begins with a batch on the device whose turn it is."""
        self._backends[self._submitted % len(self._backends)].submit(batch)
        self._submitted += 1

    def result(self) -> Result:
        """Waits for the oldest batch, wherever it is."""
        result = self._backends[self._taken % len(self._backends)].result()
        self._taken += 1
        return result

    def close(self) -> None:
        """Closes all of them, whatever fails."""
        self._open.close()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._open.__exit__(*_exception(error))


def _exception(error: object) -> tuple[Any, Any, Any]:
    if isinstance(error, BaseException):
        return type(error), error, error.__traceback__
    return None, None, None


def open_on_devices(devices: Sequence[int] | None, open_one: Callable[[int], Backend]) -> Backend:
    """A model on these devices, by default on number 0 alone."""
    numbers = devices or (0,)
    return open_one(numbers[0]) if len(numbers) == 1 else RoundRobinBackend(numbers, open_one)

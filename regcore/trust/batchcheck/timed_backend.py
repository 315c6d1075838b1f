"""A backend whose silence is noticed."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend, Result
from regcore.errors import DeviceHungError


class TimedBackend(Backend):
    """Hands everything on, and waits for each result for so many seconds at most.

    It does not own the backend: close() does nothing. A result raises DeviceHungError where the
    device does not answer; the thread that waits for it is left alone.
    """

    def __init__(self, backend: Backend, seconds: float) -> None:
        self._backend = backend
        self._seconds = seconds
        self.name, self.version, self.provider = backend.name, backend.version, backend.provider
        self.inputs, self.outputs = backend.inputs, backend.outputs
        self.metadata, self.precision = backend.metadata, backend.precision
        self.depth, self.max_batch = backend.depth, backend.max_batch

    def submit(self, batch: NDArray[Any]) -> None:
        """See Backend."""
        self._backend.submit(np.ascontiguousarray(batch))

    def result(self) -> Result:
        """See Backend."""
        found: list[Result | BaseException] = []

        def wait() -> None:
            try:
                found.append(self._backend.result())
            except BaseException as error:  # noqa: BLE001  (raised below, where somebody waits)
                found.append(error)

        waiting = threading.Thread(target=wait, name="regcore-device", daemon=True)
        waiting.start()
        waiting.join(self._seconds)
        if not found:
            raise DeviceHungError(
                f"{self.name}: the device does not answer within {self._seconds:g} s"
            )
        if isinstance(found[0], BaseException):
            raise found[0]
        return found[0]

    def close(self) -> None:
        """Leaves the backend open."""

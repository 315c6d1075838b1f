"""A model that computes one batch over and over, whatever it is given."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from regcore.backends.protocol import Backend, Result


class FixedInputBackend(Backend):
    """Stands for a model that takes another dtype and computes as long, to measure the rest.

    It does not own the backend: close() does nothing.
    """

    def __init__(self, backend: Backend, images: NDArray[Any]) -> None:
        """images: [n, ...], what the backend computes; n is the largest batch."""
        self._backend = backend
        self._images = images
        self.name, self.version, self.provider = backend.name, backend.version, backend.provider
        self.inputs, self.outputs = backend.inputs, backend.outputs
        self.metadata, self.precision = backend.metadata, backend.precision
        self.depth = backend.depth
        self.max_batch = len(images)

    def submit(self, batch: NDArray[Any]) -> None:
        """Begins with as many images as the batch has."""
        self._backend.submit(self._images[: len(batch)])

    def result(self) -> Result:
        """Waits for the oldest batch."""
        return self._backend.result()

    def close(self) -> None:
        """Leaves the backend open."""

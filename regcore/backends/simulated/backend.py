"""A device that does not exist: a fixed rate and made-up scores, to test and measure the host."""

from __future__ import annotations

import math
import time
import zlib
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend, Result, Span
from regcore.errors import BackendError
from regcore.models.tensors import TensorSpec

_SAMPLED_VALUES = 16  # each is a cache line that has long left the cache
_DIFFERENT = 4_093  # rows of scores, in as many values of noise, which stay in a cache


class SimulatedBackend(Backend):
    """Takes n / rate seconds for n images, and gives scores that depend only on the pixels.

    rate: images/s. The scores (float32 in 0..1) are a part of one row of noise, from a place that
    a checksum over up to 16 evenly spaced values of the image gives: they cost next to nothing.
    """

    name = "simulated"
    version = "3"
    provider = "sleep"
    depth = 2

    def __init__(self, rate: float, classes: int = 1000) -> None:
        self.rate = rate
        self.inputs: tuple[TensorSpec, ...] = (TensorSpec("image", None, None),)
        self.outputs: tuple[TensorSpec, ...] = (TensorSpec("scores", (None, classes), "float32"),)
        self.metadata: Mapping[str, str] = {}
        noise = np.random.default_rng(0).random(_DIFFERENT + classes - 1, dtype=np.float32)
        self._rows = np.lib.stride_tricks.sliding_window_view(noise, classes)
        self._free_at = 0.0
        self._submitted: deque[Result] = deque()

    @classmethod
    def parse(cls, text: str) -> SimulatedBackend:
        """Opens `simulated:RATE[:CLASSES]`."""
        fields = text.split(":")[1:]
        try:
            rate_text, classes_text = fields if len(fields) > 1 else (*fields, "1000")
            rate, classes = float(rate_text), int(classes_text)
        except ValueError:
            rate, classes = 0.0, 0
        if not 0 < rate < math.inf or classes < 1:
            raise BackendError(
                f"{text}: expected simulated:RATE[:CLASSES], as in simulated:2500 (images/s)"
            )
        return cls(rate, classes)

    def submit(self, batch: NDArray[Any]) -> None:
        """Begins with a batch [n, ...] of any dtype, as soon as the one before is done."""
        scores = self._scores(batch)
        start = max(self._free_at, time.perf_counter())
        self._free_at = start + len(batch) / self.rate
        spans = (Span("compute", 0, start, self._free_at),)
        self._submitted.append(Result(scores, spans, lasting=True))

    def result(self) -> Result:
        """Sleeps until the batch is due."""
        result = self._submitted.popleft()
        remaining = result.spans[0].end - time.perf_counter()
        if remaining > 0:  # no time at all would be a switch to another thread
            time.sleep(remaining)
        return result

    def _scores(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        pixels = batch.reshape(len(batch), -1)
        step = max(1, pixels.shape[1] // _SAMPLED_VALUES)
        # All images at once: their cache lines are then fetched together.
        sampled = pixels[:, ::step].tobytes()
        size = len(sampled) // len(batch)
        starts = range(0, len(sampled), size)
        rows = [zlib.crc32(sampled[at : at + size]) % _DIFFERENT for at in starts]
        scores: NDArray[np.float32] = self._rows[rows]
        return scores

    def close(self) -> None:
        """Nothing to give back."""

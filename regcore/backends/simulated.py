"""A device that does not exist: a fixed rate and made-up scores, to test and measure the host."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.backend import Backend, Result, Span, TensorSpec
from regcore.errors import BackendError

_SAMPLED_VALUES = 16  # each is a cache line that has long left the cache
_SAMPLED_BYTES = 8 * 2 * _SAMPLED_VALUES  # at most: a step that was rounded down gives some more
_DIFFERENT = 65_521  # rows of scores


class SimulatedBackend(Backend):
    """Takes n / rate seconds for n images, and gives scores that depend only on the pixels.

    rate: images/s. The scores (float32 in 0..1) are a part of one row of noise, from a place that
    a checksum over up to 16 evenly spaced values of the image gives: they cost next to nothing.
    """

    name = "simulated"
    version = "2"
    provider = "sleep"
    depth = 2

    def __init__(self, rate: float, classes: int = 1000) -> None:
        self.rate = rate
        self.inputs: tuple[TensorSpec, ...] = (TensorSpec("image", None, None),)
        self.outputs: tuple[TensorSpec, ...] = (TensorSpec("scores", (None, classes), "float32"),)
        self.metadata: Mapping[str, str] = {}
        noise = np.random.default_rng(0).random(_DIFFERENT + classes - 1, dtype=np.float32)
        random = np.random.default_rng(1)
        self._factors = random.integers(1, _DIFFERENT, _SAMPLED_BYTES)
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
        self._submitted.append(Result(scores, (Span("compute", 0, start, self._free_at),)))

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
        # All images at once: their cache lines, all of them cold, are then fetched together.
        sampled = np.ascontiguousarray(pixels[:, ::step]).view(np.uint8)
        places = np.dot(sampled, self._factors[: sampled.shape[1]]) % _DIFFERENT
        scores: NDArray[np.float32] = self._rows[places]
        return scores

    def close(self) -> None:
        """Nothing to give back."""

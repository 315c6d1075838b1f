"""The backend: batches in and scores out, with the GPU never waiting for the host."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.device_clock import DeviceClock
from regcore.backends.double_buffered import DoubleBufferedBackend
from regcore.backends.tensorrt.execution_slot import ExecutionSlot, Streams, tensor_bytes
from regcore.backends.tensorrt.library import lower_precision
from regcore.backends.tensorrt.session import Session
from regcore.models.tensors import score_output

#: Memory for so many batches on the GPU: one is computed while another comes in.
SLOTS = 2


class TensorRTBackend(DoubleBufferedBackend[Session, ExecutionSlot]):
    """An engine on one GPU.

    A batch below the smallest of the engine's is filled up with zeros, whose scores never leave
    the GPU. From memory of host_buffers() the GPU copies itself; any other goes through a
    page-locked buffer.
    """

    name = "tensorrt"
    depth = SLOTS
    stages = (
        ("h2d", "start", "loaded"),
        ("compute", "began", "computed"),
        ("d2h", "left", "done"),
    )

    def __init__(self, path: Path, *, device: int = 0, output: str | None = None) -> None:
        """Opens `path` on GPU `device`; see `open_backend`."""
        super().__init__(Session, path, device, output)

    def _prepare(self, path: Path, output: str | None) -> None:
        session, description = self._session, self._session.description
        resources = session.resources
        self.version: str = session.version
        self.provider: str = f"{session.gpu} GPU {self._device}"
        scores = score_output(path, description.outputs, output)
        self._say_what_it_takes(description.image, scores)
        self.metadata: Mapping[str, str] = session.record.properties if session.record else {}
        self.precision: str = lower_precision(session.record.precision) if session.record else ""
        self.max_batch = description.profiles[-1].largest
        others = {
            spec.name: resources.device_memory(max(1, tensor_bytes(spec, self.max_batch)))
            for spec in description.outputs
            if spec != scores
        }
        streams = Streams(resources.stream(), resources.stream(), resources.stream())
        self._slots = [ExecutionSlot(session, streams, scores, others) for _ in range(SLOTS)]
        sides = (dim or 0 for dim in (scores.shape or ())[1:])
        self._keep_scores((self.max_batch, *sides), np.dtype(scores.dtype))
        origin = resources.event()
        session.cuda.do("EventRecord", origin, streams.into)
        session.cuda.do("EventSynchronize", origin)
        self._clock = DeviceClock(
            origin,
            perf_counter(),
            lambda first, last: float(session.cuda.value("EventElapsedTime", first, last)),
        )

    def _begin(self, slot: ExecutionSlot, batch: NDArray[Any], scores: NDArray[Any]) -> None:
        profiles = self._session.description.profiles
        profile = next(profile for profile in profiles if len(batch) <= profile.largest)
        slot.submit(batch, profile, scores)

    def _wait(self, slot: ExecutionSlot) -> Mapping[str, float]:
        self._session.cuda.do("EventSynchronize", slot.marks["done"])
        return self._clock.passed(slot.marks)

"""The backend: batches in and scores out, with the GPU never waiting for the host."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.deferred_interrupt import uninterrupted
from regcore.backends.protocol import SCORES_KEPT, Backend, DeviceStage, Result, Span
from regcore.backends.tensorrt.execution_slot import Slot, Streams, tensor_bytes
from regcore.backends.tensorrt.session import Session
from regcore.errors import BackendError, DeviceHungError
from regcore.models.tensors import TensorSpec, as_scores, describe, score_output, scores_spec

#: Memory for so many batches on the GPU: one is computed while another comes in.
SLOTS = 2

_STAGES: tuple[tuple[DeviceStage, str, str], ...] = (
    ("h2d", "start", "loaded"),
    ("compute", "began", "computed"),
    ("d2h", "left", "done"),
)


_abandoned: list[Session] = []


class TensorRTBackend(Backend):
    """An engine on one GPU.

    A batch below the smallest of the engine's is filled up with zeros, whose scores never leave
    the GPU. From memory of host_buffers() the GPU copies itself; any other goes through a
    page-locked buffer.
    """

    name = "tensorrt"

    def __init__(self, path: Path, *, device: int = 0, output: str | None = None) -> None:
        """Opens `path` on GPU `device`; see `open_backend`."""
        self._device = device
        self._in_work: deque[tuple[Slot, NDArray[Any]]] = deque()
        self._submitted = 0
        opened: list[Session] = []
        try:
            with uninterrupted():
                opened.append(Session(path, device))
                self._session = opened[0]
                self._prepare(path, output)
        except BaseException:
            with uninterrupted():
                for session in opened:
                    session.close()
            raise

    def _prepare(self, path: Path, output: str | None) -> None:
        session, description = self._session, self._session.description
        resources = session.resources
        self.version: str = session.version
        self.provider: str = f"{session.gpu} GPU {self._device}"
        self.inputs: tuple[TensorSpec, ...] = (description.image,)
        scores = score_output(path, description.outputs, output)
        self.outputs: tuple[TensorSpec, ...] = (scores_spec(scores),)
        self.metadata: Mapping[str, str] = session.record.properties if session.record else {}
        self.depth = SLOTS
        self.max_batch = description.profiles[-1].largest
        others = {
            spec.name: resources.device_memory(max(1, tensor_bytes(spec, self.max_batch)))
            for spec in description.outputs
            if spec != scores
        }
        streams = Streams(resources.stream(), resources.stream(), resources.stream())
        self._slots = [Slot(session, streams, scores, others) for _ in range(SLOTS)]
        # Those in work besides those that were given out.
        self._scores = [
            resources.host_array(
                (self.max_batch, *(dim or 0 for dim in (scores.shape or ())[1:])),
                np.dtype(scores.dtype),
            )
            for _ in range(SCORES_KEPT + SLOTS)
        ]
        # The GPU's clock beside the host's, once: they drift apart by little in a run.
        self._origin = resources.event()
        session.cuda.do("EventRecord", self._origin, streams.into)
        session.cuda.do("EventSynchronize", self._origin)
        self._origin_time = perf_counter()

    def host_buffers(
        self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> list[NDArray[Any]]:
        """Arrays in page-locked memory. Raises BackendError where there is not so much."""
        with uninterrupted():
            self._session.enter()
            return [self._session.resources.host_array(shape, dtype) for _ in range(count)]

    def submit(self, batch: NDArray[Any]) -> None:
        """Begins with a batch [n, ...], n at most max_batch, in the dtype of the input."""
        self._check(batch)
        profiles = self._session.description.profiles
        profile = next(profile for profile in profiles if len(batch) <= profile.largest)
        slot = self._slots[self._submitted % SLOTS]
        scores = self._scores[self._submitted % len(self._scores)][: len(batch)]
        with uninterrupted():
            self._session.enter()
            slot.submit(batch, profile, scores)
        self._submitted += 1
        self._in_work.append((slot, scores))

    def _check(self, batch: NDArray[Any]) -> None:
        spec = self.inputs[0]
        if (batch.dtype, batch.shape[1:]) != (np.dtype(spec.dtype), (spec.shape or ())[1:]) or (
            not batch.flags.c_contiguous
        ):
            given = describe(batch.dtype.name, batch.shape)
            raise BackendError(f"{self._session.subject}: takes {spec}, not {given}")
        if not 1 <= len(batch) <= (self.max_batch or 0):
            raise BackendError(
                f"{self._session.subject}: takes 1 to {self.max_batch} images at a time, "
                f"not {len(batch)}"
            )
        if len(self._in_work) == SLOTS:
            raise BackendError(f"{self._session.subject}: {SLOTS} results wait to be taken")

    def result(self) -> Result:
        """Waits for the scores of the oldest batch."""
        slot, scores = self._in_work.popleft()
        cuda = self._session.enter()
        cuda.do("EventSynchronize", slot.marks["done"])
        passed = slot.milliseconds(self._origin)
        at = {name: self._origin_time + ms / 1000 for name, ms in passed.items()}
        spans = tuple(Span(stage, self._device, at[a], at[b]) for stage, a, b in _STAGES)
        return Result(as_scores(scores), spans)

    def close(self) -> None:
        """Gives all back. Raises BackendError where the GPU refuses."""
        with uninterrupted():
            failure = self._session.close()
        if failure is not None:
            raise failure

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, DeviceHungError):
            # All that gives something back would wait for the GPU.
            _abandoned.append(self._session)
            return
        with uninterrupted():
            failure = self._session.close()
        # What went wrong before matters more.
        if failure is not None and error is None:
            raise failure

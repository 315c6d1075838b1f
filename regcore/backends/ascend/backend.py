"""The backend: batches in and scores out, with the device never waiting for the host."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.ascend.execution_slot import Slot
from regcore.backends.ascend.pyacl import interface_version
from regcore.backends.ascend.session import Session
from regcore.backends.deferred_interrupt import uninterrupted
from regcore.backends.protocol import SCORES_KEPT, Backend, DeviceStage, Result, Span
from regcore.errors import BackendError, DeviceHungError
from regcore.models.tensors import TensorSpec, as_scores, describe, score_output, scores_spec

#: One copy of the model computes while the other is fed; bench/ascend_overlap.py tries others.
SLOTS = 2

_STAGES: tuple[tuple[DeviceStage, str, str], ...] = (
    ("h2d", "start", "loaded"),
    ("compute", "began", "computed"),
    ("d2h", "computed", "done"),
)


class AscendBackend(Backend):
    """An .om on one device, through pyACL.

    A batch is computed by the smallest of the model's batch sizes that holds it, filled up with
    zeros whose scores never leave the device. From memory of host_buffers() the device copies
    itself; any other goes through a page-locked buffer.
    """

    name = "ascendcl"

    def __init__(
        self, path: Path, *, device: int = 0, output: str | None = None, slots: int = SLOTS
    ) -> None:
        """Opens `path` on `device`, in as many copies as it has slots; see `open_backend`."""
        self._device = device
        self.depth = slots
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
        self.version: str = interface_version(session.acl.module)
        self.provider: str = f"{session.soc} device {self._device}"
        self.inputs: tuple[TensorSpec, ...] = (description.image,)
        scores = score_output(path, description.outputs, output)
        self.outputs: tuple[TensorSpec, ...] = (scores_spec(scores),)
        self.metadata: Mapping[str, str] = session.record.properties if session.record else {}
        self.max_batch = description.gears[-1]
        index = description.outputs.index(scores)
        models = [*session.models, *(session.load() for _ in range(self.depth - 1))]
        self._slots = [Slot(session, model, index) for model in models]
        dtype = np.dtype(scores.dtype)
        classes = description.output_bytes[index] // (self.max_batch * dtype.itemsize)
        # Those in work besides those that were given out.
        self._scores = [
            session.resources.host_array((self.max_batch, classes), dtype)
            for _ in range(SCORES_KEPT + self.depth)
        ]
        # The device's clock beside the host's, once: they drift apart by little in a run.
        self._origin = session.resources.make("rt.create_event", undo="rt.destroy_event")
        session.acl.do("rt.record_event", self._origin, self._slots[0].stream)
        session.acl.do("rt.synchronize_stream", self._slots[0].stream)
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
        self._session.check_open()
        self._check(batch)
        gears = self._session.description.gears
        gear = next(gear for gear in gears if gear >= len(batch))
        slot = self._slots[self._submitted % self.depth]
        before = self._slots[(self._submitted - 1) % self.depth] if self._submitted else None
        scores = self._scores[self._submitted % len(self._scores)][: len(batch)]
        with uninterrupted():
            self._session.enter()
            slot.submit(batch, gear, scores, before)
        self._submitted += 1
        self._in_work.append((slot, scores))

    def _check(self, batch: NDArray[Any]) -> None:
        spec = self.inputs[0]
        if (batch.dtype, batch.shape[1:]) != (np.dtype(spec.dtype), (spec.shape or ())[1:]) or (
            not batch.flags.c_contiguous
        ):
            given = describe(batch.dtype.name, batch.shape)
            raise BackendError(f"{self._session.acl.subject}: takes {spec}, not {given}")
        if not 1 <= len(batch) <= (self.max_batch or 0):
            raise BackendError(
                f"{self._session.acl.subject}: takes 1 to {self.max_batch} images at a time, "
                f"not {len(batch)}"
            )
        if len(self._in_work) == self.depth:
            waiting = f"{self.depth} results wait to be taken"
            raise BackendError(f"{self._session.acl.subject}: {waiting}")

    def result(self) -> Result:
        """Waits for the stream of the oldest batch."""
        slot, scores = self._in_work.popleft()
        with uninterrupted():
            acl = self._session.enter()
            acl.do("rt.synchronize_stream", slot.stream)
            passed = slot.milliseconds(self._origin)
        at = {name: self._origin_time + ms / 1000 for name, ms in passed.items()}
        spans = tuple(Span(stage, self._device, at[a], at[b]) for stage, a, b in _STAGES)
        return Result(as_scores(scores), spans)

    def close(self) -> None:
        """Gives all back. Raises BackendError where the device refuses."""
        with uninterrupted():
            failure = self._session.close()
        if failure is not None:
            raise failure

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, DeviceHungError):
            self._session.abandon()
            return
        with uninterrupted():
            failure = self._session.close()
        # What went wrong before matters more.
        if failure is not None and error is None:
            raise failure

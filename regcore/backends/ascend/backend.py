"""The backend: batches in and scores out, with the device never waiting for the host."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.ascend.execution_slot import ExecutionSlot
from regcore.backends.ascend.pyacl import interface_version
from regcore.backends.ascend.session import Session
from regcore.backends.double_buffered import DoubleBufferedBackend
from regcore.models.tensors import score_output

#: One copy of the model computes while the other is fed; bench/ascend_overlap.py tries others.
SLOTS = 2


class AscendBackend(DoubleBufferedBackend[Session, ExecutionSlot]):
    """An .om on one device, through pyACL.

    A batch is computed by the smallest of the model's batch sizes that holds it, filled up with
    zeros whose scores never leave the device. From memory of host_buffers() the device copies
    itself; any other goes through a page-locked buffer.
    """

    name = "ascendcl"
    stages = (
        ("h2d", "start", "loaded"),
        ("compute", "began", "computed"),
        ("d2h", "computed", "done"),
    )

    def __init__(
        self, path: Path, *, device: int = 0, output: str | None = None, slots: int = SLOTS
    ) -> None:
        """Opens `path` on `device`, in as many copies as it has slots; see `open_backend`."""
        self.depth = slots
        super().__init__(Session, path, device, output)

    def _prepare(self, path: Path, output: str | None) -> None:
        session, description = self._session, self._session.description
        self.version: str = interface_version(session.acl.module)
        self.provider: str = f"{session.soc} device {self._device}"
        scores = score_output(path, description.outputs, output)
        self._say_what_it_takes(description.image, scores)
        self.metadata: Mapping[str, str] = session.record.properties if session.record else {}
        self.max_batch = description.gears[-1]
        index = description.outputs.index(scores)
        models = [*session.models, *(session.load() for _ in range(self.depth - 1))]
        self._slots = [ExecutionSlot(session, model, index) for model in models]
        sides = (dim or 0 for dim in (scores.shape or ())[1:])
        self._keep_scores((self.max_batch, *sides), np.dtype(scores.dtype))

    def _begin(self, slot: ExecutionSlot, batch: NDArray[Any], scores: NDArray[Any]) -> None:
        gears = self._session.description.gears
        gear = next(gear for gear in gears if gear >= len(batch))
        before = self._slots[(self._submitted - 1) % self.depth] if self._submitted else None
        slot.submit(batch, gear, scores, before)

    def _wait(self, slot: ExecutionSlot) -> Mapping[str, float]:
        self._session.acl.do("rt.synchronize_stream", slot.stream)
        return slot.passed()

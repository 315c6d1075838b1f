"""torch on a GPU or NPU: copies in, computation and copies out overlap in streams of their own."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.device_clock import DeviceClock
from regcore.backends.protocol import SCORES_KEPT, DeviceStage, Result, Span
from regcore.backends.pytorch.cuda_graph import GraphedModel

if TYPE_CHECKING:
    import torch
    from torch import nn

_DEPTH = 2
_STAGES: tuple[tuple[DeviceStage, str, str], ...] = (
    ("h2d", "start", "loaded"),
    ("compute", "began", "computed"),
    ("d2h", "left", "done"),
)


@dataclass(frozen=True)
class _InWork:
    """What the device still uses: memory of the host (images, scores), and its own.

    marks: events between the steps.
    """

    images: torch.Tensor
    scores: torch.Tensor
    loaded: torch.Tensor
    found: torch.Tensor
    marks: dict[str, Any]


class AcceleratorDevice:
    """Runs `module`, which is on `device`."""

    depth = _DEPTH

    def __init__(
        self, torch: ModuleType, runtime: ModuleType, module: nn.Module, device: torch.device
    ) -> None:
        """runtime: torch.cuda, or torch.npu, whose streams and events have the same names."""
        self._torch = torch
        self._runtime = runtime
        self._model: GraphedModel | None = GraphedModel(torch, runtime, module)
        self._device = device
        self.name = f"{device} {runtime.get_device_name(device)}"
        self._in, self._compute, self._out = (runtime.Stream(device) for _ in range(3))
        # The weights were copied in the default stream.
        runtime.synchronize(device)
        self._in_work: deque[_InWork] = deque()
        # Those that were given out stay as they are for a while.
        self._scores: deque[object] = deque(maxlen=SCORES_KEPT + 1)
        origin = runtime.Event(enable_timing=True)
        origin.record(self._in)
        origin.synchronize()
        self._clock = DeviceClock(
            origin, perf_counter(), lambda first, last: float(first.elapsed_time(last))
        )

    def host_buffers(
        self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> list[NDArray[Any]] | None:
        """Page-locked arrays; they live as long as anyone uses them."""
        return [self._page_locked(shape, dtype.name).numpy() for _ in range(count)]

    def submit(self, batch: NDArray[Any]) -> None:
        """Copies the batch in, computes it and copies its scores out, as soon as each can be."""
        torch, runtime, model = self._torch, self._runtime, self._model
        if model is None:
            raise RuntimeError("the model was closed")
        images = self._as_page_locked(batch)
        marks: dict[str, Any] = {}
        with torch.inference_mode():
            with runtime.stream(self._in):
                self._mark(marks, "start", self._in)
                loaded = images.to(self._device, non_blocking=True)
                self._mark(marks, "loaded", self._in)
            with runtime.stream(self._compute):
                self._compute.wait_event(marks["loaded"])
                self._mark(marks, "began", self._compute)
                found = model(loaded, self._compute)
                self._mark(marks, "computed", self._compute)
            with runtime.stream(self._out):
                self._out.wait_event(marks["computed"])
                self._mark(marks, "left", self._out)
                scores = self._page_locked(tuple(found.shape), "float32")
                scores.copy_(found, non_blocking=True)
                self._mark(marks, "done", self._out)
        # Held until all streams have done with them. record_stream would do that, too, but after a
        # recording that failed torch gives back no memory that was given to it.
        self._in_work.append(_InWork(images, scores, loaded, found, marks))

    def _as_page_locked(self, batch: NDArray[Any]) -> torch.Tensor:
        # torch warns of memory that it may not write, such as a store's.
        if batch.flags.writeable:
            given: torch.Tensor = self._torch.from_numpy(batch)
            if given.is_pinned():
                return given
        staged = self._page_locked(batch.shape, batch.dtype.name)
        np.copyto(staged.numpy(), batch)
        return staged

    def _mark(self, marks: dict[str, Any], name: str, stream: object) -> None:
        marks[name] = self._runtime.Event(enable_timing=True)
        marks[name].record(stream)

    def _page_locked(self, shape: tuple[int, ...], dtype: str) -> torch.Tensor:
        # torch keeps such memory and gives it out again.
        made: torch.Tensor = self._torch.empty(
            shape, dtype=getattr(self._torch, dtype), device="cpu", pin_memory=True
        )
        return made

    def result(self) -> Result:
        """Waits for the scores of the oldest batch."""
        oldest = self._in_work.popleft()
        oldest.marks["done"].synchronize()
        self._scores.append(oldest.scores)
        at = self._clock.passed(oldest.marks)
        number = self._device.index or 0
        spans = tuple(Span(stage, number, at[a], at[b]) for stage, a, b in _STAGES)
        return Result(oldest.scores.numpy(), spans)

    def close(self) -> None:
        """Waits for what is in work, and frees the model."""
        try:
            self._runtime.synchronize(self._device)
        finally:
            self._model = None
            self._in_work.clear()
            self._scores.clear()

"""A place for one batch on the GPU: memory for its images and scores, and when it passed what."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.cuda.resources import PAGE_LOCKED
from regcore.backends.tensorrt.cuda_graph import Execution
from regcore.backends.tensorrt.engine_io import ShapeProfile
from regcore.backends.tensorrt.session import Session
from regcore.models.tensors import TensorSpec

_MARKS = ("start", "loaded", "began", "computed", "left", "done")


@dataclass(frozen=True)
class Streams:
    """The streams of all slots: copies in, computation and copies out go on at the same time."""

    into: Any
    compute: Any
    out: Any


class ExecutionSlot:
    """Takes one batch after the other, each after the scores of the last were waited for.

    Between the streams events keep the order: no batch is computed before it is there, and no
    scores leave before they are. others: addresses of the outputs that nobody wants.
    """

    def __init__(
        self, session: Session, streams: Streams, scores: TensorSpec, others: dict[str, int]
    ) -> None:
        self._session = session
        self._streams = streams
        description, resources = session.description, session.resources
        self._largest = description.profiles[-1].largest
        self._image, self._score_name = description.image, scores.name
        self._images = resources.device_memory(tensor_bytes(description.image, self._largest))
        self._scores = resources.device_memory(tensor_bytes(scores, self._largest))
        self._others = others
        self.marks = {name: resources.event() for name in _MARKS}
        self._staging: NDArray[Any] | None = None
        self._execution = Execution(session, streams.compute)

    def submit(self, batch: NDArray[Any], profile: ShapeProfile, scores: NDArray[Any]) -> None:
        """Begins with a batch [n, ...], n <= profile.largest.

        scores: page-locked, receives those of the n images.
        """
        count = max(len(batch), profile.smallest)
        if count != len(batch) or not PAGE_LOCKED.hold(batch):
            batch = self._staged(batch, count)
        cuda, module, streams = self._session.cuda, self._session.cuda.module, self._streams
        kinds = module.cudaMemcpyKind
        context = self._session.contexts[profile.index]
        self._session.check(context.set_input_shape(self._image.name, batch.shape))
        addresses = {
            self._image.name: self._images,
            self._score_name: self._scores,
            **self._others,
        }
        for name, address in addresses.items():
            self._session.check(context.set_tensor_address(name, address))
        # A recorded execution holds for the shapes with which it was recorded.
        built_in = bool(self._image.shape and self._image.shape[0])
        execution = self._execution if built_in else Execution(self._session, streams.compute)
        execution.prepare(context)
        self._mark("start", streams.into)
        self._copy(self._images, batch.ctypes.data, batch, kinds.cudaMemcpyHostToDevice)
        self._mark("loaded", streams.into)
        cuda.do("StreamWaitEvent", streams.compute, self.marks["loaded"], 0)
        self._mark("began", streams.compute)
        execution.launch(context)
        self._mark("computed", streams.compute)
        cuda.do("StreamWaitEvent", streams.out, self.marks["computed"], 0)
        self._mark("left", streams.out)
        self._copy(scores.ctypes.data, self._scores, scores, kinds.cudaMemcpyDeviceToHost)
        self._mark("done", streams.out)

    def _mark(self, name: str, stream: Any) -> None:  # noqa: ANN401
        self._session.cuda.do("EventRecord", self.marks[name], stream)

    def _copy(self, to: int, source: int, host: NDArray[Any], kind: Any) -> None:  # noqa: ANN401
        inward = kind == self._session.cuda.module.cudaMemcpyKind.cudaMemcpyHostToDevice
        stream = self._streams.into if inward else self._streams.out
        self._session.cuda.do("MemcpyAsync", to, source, host.nbytes, kind, stream)

    def _staged(self, batch: NDArray[Any], count: int) -> NDArray[Any]:
        """The batch in page-locked memory, filled up with zeros to `count` images."""
        if self._staging is None:
            shape = (self._largest, *batch.shape[1:])
            self._staging = self._session.resources.host_array(shape, batch.dtype)
        self._staging[: len(batch)] = batch
        self._staging[len(batch) : count] = 0
        return self._staging[:count]


def tensor_bytes(spec: TensorSpec, batch: int) -> int:
    """The size of a tensor with `batch` images."""
    rest = math.prod(dim or 0 for dim in (spec.shape or ())[1:])
    return batch * rest * np.dtype(spec.dtype).itemsize

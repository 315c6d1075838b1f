"""A place for one batch on the device: a copy of the model, its buffers, its stream."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from regcore.backends.ascend.error_codes import FEATURE_NOT_SUPPORTED
from regcore.backends.ascend.resources import PAGE_LOCKED
from regcore.backends.ascend.session import Session

_TO_DEVICE, _TO_HOST = 1, 2
_ALIGNMENT = 64
#: What is timed: the events between the steps of a batch.
_MARKS = ("start", "loaded", "began", "computed", "done")


class ExecutionSlot:
    """Takes one batch after the other.

    What is done for a batch is done in one stream of its own: copied in, computed, copied out. A
    failure anywhere then shows where its result is waited for, and nowhere else. To compute at
    once on several streams each slot needs a copy of the model, as one must not run on two.
    """

    def __init__(self, session: Session, model: int, output: int) -> None:
        self._session = session
        self._model = model
        self._description = session.description
        resources = session.resources
        self.stream = resources.stream()
        self.over = self._event()
        self.marks = {name: self._event() for name in _MARKS}
        self._inputs = resources.handle("mdl.create_dataset", undo="mdl.destroy_dataset")
        self._outputs = resources.handle("mdl.create_dataset", undo="mdl.destroy_dataset")
        images = [self._buffer(self._inputs, size) for size in self._description.input_bytes]
        scores = [self._buffer(self._outputs, size) for size in self._description.output_bytes]
        self._images = images[self._description.image_index]
        self._scores = scores[output]
        self._staging: NDArray[Any] | None = None

    def _event(self) -> int:
        return self._session.resources.make("rt.create_event", undo="rt.destroy_event")

    def _buffer(self, dataset: int, size: int) -> int:
        """The address of device memory that is part of a dataset."""
        acl, resources = self._session.acl, self._session.resources
        address = resources.device_memory(size)
        buffer = resources.handle("create_data_buffer", address, size, undo="destroy_data_buffer")
        acl.value("mdl.add_dataset_buffer", dataset, buffer)
        return address

    def submit(
        self, batch: NDArray[Any], gear: int, scores: NDArray[Any], before: ExecutionSlot | None
    ) -> None:
        """Begins with a batch [n, ...], n <= gear.

        scores: page-locked, receives those of the n images. before: where the batch before was
        submitted; the device computes one at a time.
        """
        acl, stream = self._session.acl, self.stream
        if len(batch) != gear or batch.ctypes.data % _ALIGNMENT or not PAGE_LOCKED.hold(batch):
            batch = self._staged(batch, gear)
        if self._description.gear_index is not None:
            index = self._description.gear_index
            acl.do("mdl.set_dynamic_batch_size", self._model, self._inputs, index, gear)
        self._mark("start")
        self._copy(self._images, batch.ctypes.data, batch.nbytes, _TO_DEVICE)
        self._mark("loaded")
        if before is not None:
            acl.do("rt.stream_wait_event", stream, before.over)
            # Where it is not supported it is not needed: a wait then means the last record.
            acl.do("rt.reset_event", before.over, stream, accept=FEATURE_NOT_SUPPORTED)
        self._mark("began")
        acl.do("mdl.execute_async", self._model, self._inputs, self._outputs, stream)
        acl.do("rt.record_event", self.over, stream)
        self._mark("computed")
        self._copy(scores.ctypes.data, self._scores, scores.nbytes, _TO_HOST)
        self._mark("done")

    def _mark(self, name: str) -> None:
        self._session.acl.do("rt.record_event", self.marks[name], self.stream)

    def _copy(self, to: int, source: int, size: int, kind: int) -> None:
        self._session.acl.do("rt.memcpy_async", to, size, source, size, kind, self.stream)

    def _staged(self, batch: NDArray[Any], gear: int) -> NDArray[Any]:
        """The batch in page-locked memory, filled up with zeros to `gear` images."""
        if self._staging is None:
            shape = (self._description.gears[-1], *batch.shape[1:])
            self._staging = self._session.resources.host_array(shape, batch.dtype)
        self._staging[: len(batch)] = batch
        self._staging[len(batch) : gear] = 0
        return self._staging[:gear]

    def milliseconds(self, since: int) -> dict[str, float]:
        """When the batch passed each mark, in ms after the event `since`."""
        elapsed, start = "rt.event_elapsed_time", self.marks["start"]
        # In float32: only short times are exact.
        begin = float(self._session.acl.value(elapsed, since, start))
        return {
            name: begin + float(self._session.acl.value(elapsed, start, event))
            for name, event in self.marks.items()
        }

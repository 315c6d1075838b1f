"""A place for one batch on the device: a copy of the model, its buffers, its stream."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from numpy.typing import NDArray

from regcore.backends.ascend.events import ordering_event, timing_event
from regcore.backends.ascend.resources import PAGE_LOCKED
from regcore.backends.ascend.session import Session
from regcore.backends.device_clock import DeviceClock

_TO_DEVICE, _TO_HOST = 1, 2
_ALIGNMENT = 64
_RECORDS = 3
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
        self.over = ordering_event(resources)
        self.marks = {name: timing_event(resources) for name in _MARKS}
        self._inputs = resources.handle("mdl.create_dataset", undo="mdl.destroy_dataset")
        self._outputs = resources.handle("mdl.create_dataset", undo="mdl.destroy_dataset")
        images = [self._buffer(self._inputs, size) for size in self._description.input_bytes]
        scores = [self._buffer(self._outputs, size) for size in self._description.output_bytes]
        self._images = images[self._description.image_index]
        self._scores = scores[output]
        self._staging: NDArray[Any] | None = None
        self._clock = self._synchronised()

    def _synchronised(self) -> DeviceClock:
        """The clock of this stream: only times between events of one stream are documented.

        Of several records the quickest is taken, as this thread may lose its processor in one.
        """
        acl, found = self._session.acl, []
        for _ in range(_RECORDS):
            event = timing_event(self._session.resources)
            before = perf_counter()
            acl.do("rt.record_event", event, self.stream)
            found.append((perf_counter() - before, event, before))
        acl.do("rt.synchronize_stream", self.stream)
        _, origin, at = min(found)
        return DeviceClock(
            origin, at, lambda first, last: float(acl.value("rt.event_elapsed_time", first, last))
        )

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
        parts = self._page_locked(batch, gear)
        if self._description.gear_index is not None:
            index = self._description.gear_index
            acl.do("mdl.set_dynamic_batch_size", self._model, self._inputs, index, gear)
        self._mark("start")
        to = self._images
        for part in parts:
            self._copy(to, part.ctypes.data, part.nbytes, _TO_DEVICE)
            to += part.nbytes
        self._mark("loaded")
        if before is not None:
            acl.do("rt.stream_wait_event", stream, before.over.handle)
            if before.over.resets:
                acl.do("rt.reset_event", before.over.handle, stream)
        self._mark("began")
        acl.do("mdl.execute_async", self._model, self._inputs, self._outputs, stream)
        acl.do("rt.record_event", self.over.handle, stream)
        self._mark("computed")
        self._copy(scores.ctypes.data, self._scores, scores.nbytes, _TO_HOST)
        self._mark("done")

    def _mark(self, name: str) -> None:
        self._session.acl.do("rt.record_event", self.marks[name], self.stream)

    def _copy(self, to: int, source: int, size: int, kind: int) -> None:
        self._session.acl.do("rt.memcpy_async", to, size, source, size, kind, self.stream)

    def _page_locked(self, batch: NDArray[Any], gear: int) -> list[NDArray[Any]]:
        """The batch and zeros up to `gear` images, in memory from which the device copies itself.

        A copy from other memory would hold up all threads: pyACL keeps the GIL until it is done.
        """
        missing = gear - len(batch)
        aligned = not batch.ctypes.data % _ALIGNMENT and not (missing and batch.nbytes % _ALIGNMENT)
        if not aligned or not PAGE_LOCKED.hold(batch):
            return [self._staged(batch, gear)]
        return [batch, self._session.zeros(missing * batch[0].nbytes)] if missing else [batch]

    def _staged(self, batch: NDArray[Any], gear: int) -> NDArray[Any]:
        """The batch in page-locked memory, filled up with zeros to `gear` images."""
        if self._staging is None:
            shape = (self._description.gears[-1], *batch.shape[1:])
            self._staging = self._session.resources.host_array(shape, batch.dtype)
        self._staging[: len(batch)] = batch
        self._staging[len(batch) : gear] = 0
        return self._staging[:gear]

    def passed(self) -> dict[str, float]:
        """When the last batch passed each mark, in s of time.perf_counter, once it is done."""
        return self._clock.passed(self.marks)

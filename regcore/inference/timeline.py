"""What happened when in a run: of each batch, and of each worker. Packed, so that long runs fit."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import overload

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import DeviceStage, Span
from regcore.images.batch_stream import WORKED

#: The stages of a worker, each with the field of WORKED at its beginning and at its end.
WORKER_STAGES: dict[str, tuple[str, str]] = {
    "wait": ("asked", "began"),
    "read": ("began", "read"),
    "decode": ("read", "decoded"),
    "resample": ("decoded", "done"),
}

DEVICE_STAGES: tuple[DeviceStage, ...] = ("h2d", "compute", "d2h")

_TIMES = ("asked", "got", "submitted", "awaited", "taken", "queued", "begun", "used")
#: As in BatchTimes; `span` is the number of the batch's first one.
BATCH = np.dtype([(name, np.float64) for name in ("images", "span", *_TIMES)])
_BATCH_WIDTH = 2 + len(_TIMES)
#: As in Span; `stage` is a place in DEVICE_STAGES.
SPAN = np.dtype([(name, np.float64) for name in ("stage", "device", "start", "end")])
_SPAN_WIDTH = 4

_FOLDED_AT = 64  # batches


@dataclass(slots=True)
class BatchTimes:
    """One batch's way, in s of time.perf_counter.

    images: how many were given to the device; 0 where all of the batch had failed.
    asked, got: the device's thread asked for the batch, and had it. submitted: the backend had
    taken it. awaited, taken: its result was asked for, and there. queued: it was handed on.
    begun, used: what the scores are for began, and was over.
    """

    images: int
    asked: float
    got: float
    submitted: float = 0.0
    awaited: float = 0.0
    taken: float = 0.0
    queued: float = 0.0
    begun: float = 0.0
    used: float = 0.0
    spans: tuple[Span, ...] = ()


class BatchLog(Sequence[BatchTimes]):
    """The times of all batches so far, in 80 bytes each and 32 for each span, all digits kept."""

    def __init__(self, batches: Iterable[BatchTimes] = ()) -> None:
        self._batches = array("d")
        self._spans = array("d")
        for batch in batches:
            self.append(batch)

    def append(self, b: BatchTimes) -> None:
        """Adds the next batch, whose times do not change any more."""
        span = len(self._spans) // _SPAN_WIDTH
        times = (b.asked, b.got, b.submitted, b.awaited, b.taken, b.queued, b.begun, b.used)
        self._batches.extend((b.images, span, *times))
        for s in b.spans:
            self._spans.extend((DEVICE_STAGES.index(s.stage), s.device, s.start, s.end))

    def table(self) -> NDArray[np.void]:
        """BATCH [batches], a copy."""
        return np.array(self._batches).view(BATCH)

    def spans(self) -> NDArray[np.void]:
        """SPAN [spans] of all batches in turn, a copy."""
        return np.array(self._spans).view(SPAN)

    def __len__(self) -> int:
        return len(self._batches) // _BATCH_WIDTH

    @overload
    def __getitem__(self, place: int) -> BatchTimes: ...
    @overload
    def __getitem__(self, place: slice) -> list[BatchTimes]: ...
    def __getitem__(self, place: int | slice) -> BatchTimes | list[BatchTimes]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        number = range(len(self))[place]
        images, first, *times = self._row(number)
        end = (
            self._row(number + 1)[1] if number + 1 < len(self) else len(self._spans) // _SPAN_WIDTH
        )
        spans = tuple(self._span(i) for i in range(int(first), int(end)))
        asked, got, submitted, awaited, taken, queued, begun, used = times
        return BatchTimes(
            int(images), asked, got, submitted, awaited, taken, queued, begun, used, spans
        )

    def _row(self, number: int) -> array[float]:
        return self._batches[number * _BATCH_WIDTH : (number + 1) * _BATCH_WIDTH]

    def _span(self, number: int) -> Span:
        stage, device, start, end = self._spans[number * _SPAN_WIDTH : (number + 1) * _SPAN_WIDTH]
        return Span(DEVICE_STAGES[int(stage)], int(device), start, end)


@dataclass
class Timeline:
    """When what happened, in s of time.perf_counter; complete after the run.

    start: of the timeline's life, so that it is made before a stream begins to work, and after the
        memory of its batches is there.
    worked: who prepared which image and when, see Batch; kept only where it was asked for.
    worker_seconds: what all workers together spent in each stage, and waiting for a free buffer.
    room_seconds: how long results waited for the use of earlier ones.
    tasks: of a run whose batches others ran, what each of these measured: its batches are there.
    first_scores, use_seconds: of such a run, when the first scores came, and how long they were
        used.
    """

    start: float = field(default_factory=perf_counter)
    end: float = 0.0
    batches: BatchLog = field(default_factory=BatchLog)
    worker_seconds: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(WORKER_STAGES, 0.0)
    )
    room_seconds: float = 0.0
    prepared: int = 0
    last_read: float = 0.0
    last_prepared: float = 0.0
    worked: list[NDArray[np.void]] | None = None
    tasks: list[TaskTimes] = field(default_factory=list)
    first_scores: float | None = None
    use_seconds: float = 0.0
    _noted: list[NDArray[np.void]] = field(default_factory=list, repr=False)

    @property
    def device_seconds(self) -> float:
        """How long the device's thread gave batches to the backend and waited for results."""
        b = self.batches.table()
        b = b[b["taken"] > 0]
        return float(((b["submitted"] - b["got"]) + (b["taken"] - b["awaited"])).sum())

    @property
    def wait_seconds(self) -> float:
        """How long the device's thread waited for batches."""
        b = self.batches.table()
        return float((b["got"] - b["asked"]).sum())

    def note_workers(self, worked: NDArray[np.void]) -> None:
        """Adds who prepared the images of a batch, and when; the figures have it after a fold."""
        if len(worked):
            self._noted.append(worked)
            if len(self._noted) == _FOLDED_AT:
                self.fold()

    def fold(self) -> None:
        """Adds up what was noted; many batches at once take little longer than one."""
        if not self._noted:
            return
        # np.concatenate takes 200 times as long for records.
        worked = np.frombuffer(b"".join(part.data for part in self._noted), WORKED)
        self._noted.clear()
        self.prepared += len(worked)
        columns = worked.view(np.int64).reshape(len(worked), -1)
        # Differences of sums that wrapped around are still right.
        sums = dict(zip(WORKED.names or (), columns.sum(axis=0).tolist(), strict=True))
        last = dict(zip(WORKED.names or (), columns.max(axis=0).tolist(), strict=True))
        for stage, (begin, end) in WORKER_STAGES.items():
            self.worker_seconds[stage] += (sums[end] - sums[begin]) / 1e9
        self.last_read = max(self.last_read, last["read"] / 1e9)
        self.last_prepared = max(self.last_prepared, last["done"] / 1e9)
        if self.worked is not None:
            self.worked.append(worked)


@dataclass(frozen=True)
class TaskTimes:
    """What a task measured that ran part of the batches elsewhere.

    node: its machine. slots: how many tasks ran at a time. timeline: of its part, on its own clock.
    """

    node: str
    slots: int
    timeline: Timeline

"""Batches through a backend and on to who uses their scores, each in a thread of its own.

The workers of the stream, the device and the user of the scores are three stages with bounded
queues between them. Each is timed: what it worked, and how long it waited for the one before and
for the one behind it.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from regcore.backends.backend import SCORES_KEPT, Backend, Result, Span
from regcore.backends.interrupts import uninterrupted
from regcore.errors import BackendError, DeviceHungError
from regcore.preprocess import WORKED, Batch, BatchStream

#: s without an answer after which a device counts as hung. A runtime may build its engine at the
#: first batch, for minutes.
DEVICE_TIMEOUT = 600.0

_LOOK_EVERY = 0.05
_JOIN_PATIENCE = 10.0

#: The stages of a worker, each with the field of WORKED at its beginning and at its end.
WORKER_STAGES: dict[str, tuple[str, str]] = {
    "wait": ("asked", "began"),
    "read": ("began", "read"),
    "decode": ("read", "decoded"),
    "resample": ("decoded", "done"),
}

Use = Callable[[Batch, Result | None], object]


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


@dataclass
class Timeline:
    """When what happened, in s of time.perf_counter.

    start: of the timeline's life, so that it is made before a stream begins to work.
    worked: who prepared which image and when, see Batch; kept only where it was asked for.
    worker_seconds: what all workers together spent in each stage, and waiting for a free buffer.
    """

    start: float = field(default_factory=perf_counter)
    end: float = 0.0
    batches: list[BatchTimes] = field(default_factory=list)
    worker_seconds: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(WORKER_STAGES, 0.0)
    )
    prepared: int = 0
    last_read: float = 0.0
    last_prepared: float = 0.0
    worked: list[NDArray[np.void]] | None = None

    @property
    def device_seconds(self) -> float:
        """How long the device's thread gave batches to the backend and waited for results."""
        return sum((b.submitted - b.got) + (b.taken - b.awaited) for b in self.batches if b.taken)

    @property
    def wait_seconds(self) -> float:
        """How long the device's thread waited for batches."""
        return sum(b.got - b.asked for b in self.batches)


def run_pipeline(
    batches: Iterable[Batch],
    backend: Backend,
    use: Use,
    timeline: Timeline,
    *,
    device_timeout: float = DEVICE_TIMEOUT,
) -> None:
    """Gives every batch and its result to `use`, in order; a stream must keep backend.depth.

    use: called in another thread, one call at a time, with None for a batch without images; the
        scores are valid during the call only.
    timeline: an empty one, which receives the times, also of what precedes a failure.

    Raises the first failure of the batches, the backend or `use`, after all threads have ended:
    nothing is used any more then. Raises DeviceHungError where the backend does not answer for
    `device_timeout` s; its thread is then left behind.
    """
    _Pipeline(batches, backend, use, timeline).run(device_timeout)


class _Pipeline:
    def __init__(
        self, batches: Iterable[Batch], backend: Backend, use: Use, timeline: Timeline
    ) -> None:
        self._batches = batches
        self._backend = backend
        self._use = use
        self._timeline = timeline
        # One result just taken and one in use besides those that wait.
        self._results: queue.Queue[tuple[Batch, Result | None, BatchTimes] | None] = queue.Queue(
            SCORES_KEPT - 2
        )
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._failed = threading.Lock()
        self._used_all = threading.Event()
        self._in_device_since: float | None = None

    def run(self, device_timeout: float) -> None:
        device = threading.Thread(target=self._drive_device, name="regcore-device", daemon=True)
        post = threading.Thread(target=self._use_results, name="regcore-post", daemon=True)
        try:
            post.start()
            device.start()
            # Not post.join: interrupted, some versions of Python take the thread for ended.
            while not self._used_all.wait(_LOOK_EVERY):
                self._check_device(device_timeout)
        except BaseException as error:
            # A second Ctrl-C must not leave threads behind, which would outlive the device.
            with uninterrupted():
                self._end(device, post, hung=isinstance(error, DeviceHungError))
            raise
        finally:
            self._timeline.end = perf_counter()
        with uninterrupted():
            device.join()
            post.join()
        if self._failure is not None:
            raise self._failure

    def _end(self, device: threading.Thread, post: threading.Thread, *, hung: bool) -> None:
        """Ends the threads that there are; raises DeviceHungError for one that does not."""
        self._stop()
        if device.ident is not None and not hung:
            device.join(_JOIN_PATIENCE)
        if post.ident is None:
            return
        if device.ident is None or device.is_alive():
            self._results.put(None)  # in its place
        post.join(_JOIN_PATIENCE)
        if device.is_alive() and not hung:
            raise self._hung(_JOIN_PATIENCE)

    def _check_device(self, timeout: float) -> None:
        since = self._in_device_since
        if since is not None and perf_counter() - since > timeout:
            raise self._hung(timeout)

    def _hung(self, seconds: float) -> DeviceHungError:
        number = sum(times.taken > 0 for times in self._timeline.batches)
        return DeviceHungError(
            f"{self._backend.name}: no answer to batch {number} within {seconds:g} s"
        )

    def _stop(self) -> None:
        self._stopping.set()
        if isinstance(self._batches, BatchStream):
            self._batches.close()  # who waits for its next batch waits no more

    def _fail(self, error: BaseException) -> None:
        with self._failed:
            self._failure = self._failure or error
        self._stop()

    def _drive_device(self) -> None:
        try:
            self._submit_all()
        except BaseException as error:  # noqa: BLE001
            self._fail(error)
        finally:
            self._results.put(None)

    def _submit_all(self) -> None:
        in_work: deque[tuple[Batch, BatchTimes]] = deque()
        for batch, times in self._timed_batches():
            if self._stopping.is_set():
                return
            if times.images:
                self._in_device_since = perf_counter()
                self._backend.submit(batch.images)
                self._in_device_since = None
                times.submitted = perf_counter()
            in_work.append((batch, times))
            # Batches without images count, too: the stream keeps no more of either kind.
            if len(in_work) == self._backend.depth:
                self._take(in_work)
        while in_work and not self._stopping.is_set():
            self._take(in_work)

    def _timed_batches(self) -> Iterator[tuple[Batch, BatchTimes]]:
        coming = iter(self._batches)
        while True:
            asked = perf_counter()
            batch = next(coming, None)
            if batch is None:
                return
            times = BatchTimes(len(batch.indices), asked, perf_counter())
            self._timeline.batches.append(times)
            self._note_workers(batch.worked)
            yield batch, times

    def _note_workers(self, worked: NDArray[np.void]) -> None:
        timeline = self._timeline
        if not len(worked):
            return
        timeline.prepared += len(worked)
        columns = worked.view(np.int64).reshape(len(worked), -1)
        # Differences of sums that wrapped around are still right.
        sums = dict(zip(WORKED.names or (), columns.sum(axis=0).tolist(), strict=True))
        last = dict(zip(WORKED.names or (), columns.max(axis=0).tolist(), strict=True))
        for stage, (begin, end) in WORKER_STAGES.items():
            timeline.worker_seconds[stage] += (sums[end] - sums[begin]) / 1e9
        timeline.last_read = max(timeline.last_read, last["read"] / 1e9)
        timeline.last_prepared = max(timeline.last_prepared, last["done"] / 1e9)
        if timeline.worked is not None:
            timeline.worked.append(worked)

    def _take(self, in_work: deque[tuple[Batch, BatchTimes]]) -> None:
        """Hands on the oldest batch, with its result."""
        batch, times = in_work.popleft()
        result = None
        if times.images:
            times.awaited = self._in_device_since = perf_counter()
            result = self._backend.result()
            self._in_device_since = None
            times.taken = perf_counter()
            times.spans = result.spans
            if len(result.scores) != times.images:
                raise BackendError(
                    f"{self._backend.name} gave {len(result.scores)} rows of scores for "
                    f"{times.images} images"
                )
        self._results.put((batch, result, times))
        times.queued = perf_counter()

    def _use_results(self) -> None:
        try:
            self._use_each()
        finally:
            self._used_all.set()

    def _use_each(self) -> None:
        while (item := self._results.get()) is not None:
            if self._stopping.is_set():
                continue  # so that the device's thread never waits for room
            batch, result, times = item
            times.begun = perf_counter()
            try:
                self._use(batch, result)
            except BaseException as error:  # noqa: BLE001
                self._fail(error)
            times.used = perf_counter()

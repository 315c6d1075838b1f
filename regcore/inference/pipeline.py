"""Batches through a backend and on to who uses their scores, each in a thread of its own.

The workers of the stream, the device and the user of the scores are three stages with bounded
queues between them. Each is timed: what it worked, and how long it waited for the one before it
and for the one after it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from time import perf_counter

from regcore.backends.deferred_interrupt import deferred_sigint
from regcore.backends.protocol import SCORES_KEPT, Backend, Result
from regcore.counted import counted
from regcore.errors import BackendError, DeviceHungError
from regcore.images.batch_stream import Batch, BatchStream
from regcore.inference.device_timeout import DEVICE_TIMEOUT
from regcore.inference.timeline import BatchTimes, Timeline

#: Results are handed on together until they are of so many images, or the first of them is so old
#: (s). Waking a thread between photos costs more than what it then does: its memory is cold.
_TOGETHER = 128
_AT_ONCE = 0.05

_LOOK_EVERY = 0.05
_JOIN_PATIENCE = 10.0
_INPUT_PATIENCE = 0.5

Use = Callable[[Batch, Result | None], object]
_Done = tuple[Batch, Result | None, BatchTimes]


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
    nothing is used any more then. Scores that came before the failure, or before Ctrl-C, are used.
    Raises DeviceHungError where the backend does not answer for `device_timeout` s; its thread is
    then left behind, as is, after Ctrl-C, one whose input does not come: it ends when that does,
    and leaves the backend alone.
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
        # Two of them cost a tenth of one queue.Queue with a bound.
        self._results: SimpleQueue[list[_Done] | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(SCORES_KEPT - 2):  # one just taken and one in use besides those that wait
            self._room.put(None)
        self._held: list[_Done] = []  # back until they are worth a thread's wake-up
        self._images_held = 0
        self._handing_on = threading.Lock()  # guards these two
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._failed = threading.Lock()
        self._use_failed = False
        self._used_all = threading.Event()
        self._in_device_since: float | None = None
        self._awaits_input = False
        self._taken = 0  # results
        self._under_way: deque[BatchTimes] = deque()  # not yet in the timeline

    def run(self, device_timeout: float) -> None:
        device = threading.Thread(target=self._drive_device, name="regcore-device", daemon=True)
        post = threading.Thread(target=self._use_results, name="regcore-post", daemon=True)
        try:
            post.start()
            device.start()
            # Not post.join: interrupted, some versions of Python take the thread for ended.
            while not self._used_all.wait(_LOOK_EVERY):
                self._hand_on_old()
                self._check_device(device_timeout)
        except BaseException as error:
            # A second Ctrl-C must not leave threads behind, which would outlive the device.
            with deferred_sigint():
                self._end(device, post, hung=isinstance(error, DeviceHungError))
            raise
        finally:
            self._timeline.end = perf_counter()
            self._complete_timeline()
        with deferred_sigint():
            device.join()
            post.join()
        if self._failure is not None:
            raise self._failure

    def _end(self, device: threading.Thread, post: threading.Thread, *, hung: bool) -> None:
        """Ends the threads that there are; raises DeviceHungError for one that does not."""
        self._stop()
        if device.ident is not None and not hung:
            self._join(device)
        if post.ident is None:
            return
        if device.ident is None or device.is_alive():
            self._hand_on_old()
            self._results.put(None)  # in its place
        post.join(_JOIN_PATIENCE)
        if device.is_alive() and not hung and self._in_device_since is not None:
            raise self._hung(_JOIN_PATIENCE)

    def _join(self, device: threading.Thread) -> None:
        """Not for long where it waits for its input: the device is not in its hands any more."""
        begun = perf_counter()
        while device.is_alive():
            device.join(_LOOK_EVERY)
            waited = perf_counter() - begun
            if waited > (_INPUT_PATIENCE if self._awaits_input else _JOIN_PATIENCE):
                return

    def _complete_timeline(self) -> None:
        """Also with the batches whose scores were never used."""
        while self._under_way:
            self._timeline.batches.append(self._under_way.popleft())
        self._timeline.fold()

    def _check_device(self, timeout: float) -> None:
        since = self._in_device_since
        if since is not None and perf_counter() - since > timeout:
            raise self._hung(timeout)

    def _hung(self, seconds: float) -> DeviceHungError:
        return DeviceHungError(
            f"{self._backend.name}: no answer to batch {self._taken} within {seconds:g} s"
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
            self._hand_on()
            self._results.put(None)

    def _submit_all(self) -> None:
        in_work: deque[tuple[Batch, BatchTimes]] = deque()
        for batch, times in self._timed_batches():
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
            self._awaits_input = True
            batch = next(coming, None)
            self._awaits_input = False
            # Looked at only now: who sees `_awaits_input` once it is set counts on that.
            if batch is None or self._stopping.is_set():
                return
            times = BatchTimes(len(batch.indices), asked, perf_counter())
            self._under_way.append(times)
            self._timeline.note_workers(batch.worked)
            yield batch, times

    def _take(self, in_work: deque[tuple[Batch, BatchTimes]]) -> None:
        """Takes the oldest batch's result, and hands on what is due."""
        batch, times = in_work.popleft()
        result = None
        if times.images:
            times.awaited = self._in_device_since = perf_counter()
            result = self._backend.result()
            self._in_device_since = None
            times.taken = perf_counter()
            self._taken += 1
            times.spans = result.spans
            if len(result.scores) != times.images:
                raise BackendError(
                    f"{self._backend.name} gave {counted(len(result.scores), 'row')} of scores for "
                    f"{counted(times.images, 'image')}"
                )
            if times.images < _TOGETHER and not result.lasting:
                # Its memory will be used anew before all of them are handed on.
                result = Result(result.scores.copy(), result.spans)
        with self._handing_on:
            self._held.append((batch, result, times))
            self._images_held += times.images
            oldest = self._held[0][2].taken
            due = self._images_held >= _TOGETHER or perf_counter() > oldest + _AT_ONCE
        if due:
            self._hand_on()

    def _hand_on(self, *, wait: bool = True) -> None:
        before = perf_counter()
        try:
            self._room.get(block=wait)
        except Empty:
            return
        now = perf_counter()
        with self._handing_on:
            self._timeline.room_seconds += now - before
            held, self._held, self._images_held = self._held, [], 0
            for _, _, times in held:
                times.queued = now
            self._results.put(held)

    def _hand_on_old(self) -> None:
        """For a device that is slow: what it gave must not wait for what it has not given."""
        if self._held:
            with deferred_sigint():
                self._hand_on(wait=False)

    def _use_results(self) -> None:
        try:
            self._use_each()
        finally:
            self._used_all.set()

    def _use_each(self) -> None:
        while (done := self._results.get()) is not None:
            self._room.put(None)
            for batch, result, times in done:
                if self._use_failed:
                    break
                times.begun = perf_counter()
                try:
                    self._use(batch, result)
                except BaseException as error:  # noqa: BLE001
                    self._use_failed = True
                    self._fail(error)
                times.used = perf_counter()
                self._timeline.batches.append(self._under_way.popleft())

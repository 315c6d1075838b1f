"""The pipeline of batches, device and use: order, faults, interruption, and who waits for whom."""

from __future__ import annotations

import _thread
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import jpeg, photo_like

from regcore import Batch, Preprocessor, Recipe
from regcore.backends.protocol import SCORES_KEPT, Backend, Result, Span
from regcore.errors import BackendError, DecodeError, DeviceHungError
from regcore.inference import pipeline
from regcore.inference.inputs.source import closed_after
from regcore.inference.pipeline import run_pipeline
from regcore.inference.timeline import Timeline
from regcore.models.tensors import TensorSpec

CLASSES = 3
RECIPE = Recipe(resize=16, crop=16)


class Device(Backend):
    """Gives the sums of each image's values, from memory that it uses anew as soon as it may.

    It reads a batch when its result is taken, the last moment at which it must still be whole.
    before: called with the number of each batch whose result is asked for.
    """

    name = "test device"
    version = "1"
    provider = "python"
    inputs = (TensorSpec("image", None, None),)
    outputs = (TensorSpec("scores", (None, CLASSES), "float32"),)
    metadata: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, depth: int = 1, before: Callable[[int], object] = lambda _: None) -> None:
        self.depth = depth
        self.before = before
        self.submitted: deque[np.ndarray] = deque()
        self.ring: deque[np.ndarray] = deque(maxlen=SCORES_KEPT)
        self.taken = 0
        self.closed = False

    def submit(self, batch: np.ndarray) -> None:
        assert len(batch) > 0
        self.submitted.append(batch)
        assert len(self.submitted) <= self.depth

    def result(self) -> Result:
        self.before(self.taken)
        self.taken += 1
        batch = self.submitted.popleft()
        if len(self.ring) == SCORES_KEPT:
            self.ring[0][:] = np.nan
        sums = batch.reshape(len(batch), -1).sum(axis=1, keepdims=True)
        self.ring.append(sums * np.arange(1, CLASSES + 1, dtype=np.float32))
        return Result(self.ring[-1], (Span("compute", 0, 0.0, 1.0),))

    def close(self) -> None:
        self.closed = True


def batches(sizes: list[int]) -> Iterator[Batch]:
    """Of images that are filled with their number; of size 0, a batch whose image failed."""
    first = 0
    for size in sizes:
        indices = np.arange(first, first + size)
        errors = () if size else (DecodeError("bad", "bad", first),)
        first += max(1, size)
        images = np.broadcast_to(indices[:, None], (size, 5)).astype(np.float32)
        yield Batch(images, indices, errors)


def no_threads_left() -> bool:
    return not [t for t in threading.enumerate() if t.name.startswith("regcore")]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 4), max_size=30), st.integers(1, 5))
def test_every_batch_meets_its_result_in_order(sizes: list[int], depth: int) -> None:
    seen: list[int] = []
    empty = 0

    def use(batch: Batch, result: Result | None) -> None:
        nonlocal empty
        if result is None:
            assert len(batch.indices) == 0
            empty += 1
            return
        np.testing.assert_array_equal(result.scores[:, 0], batch.indices * 5)
        seen.extend(batch.indices)

    timeline = Timeline()
    run_pipeline(batches(sizes), Device(depth), use, timeline)
    expected = [i for batch in batches(sizes) for i in batch.indices]
    assert seen == expected
    assert empty == sizes.count(0)
    assert [times.images for times in timeline.batches] == sizes
    for times in timeline.batches:
        assert timeline.start <= times.asked <= times.got <= times.begun <= times.used
        assert times.used <= timeline.end
        if times.images:
            assert times.got <= times.submitted <= times.awaited <= times.taken <= times.queued
    assert no_threads_left()


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_stream_keeps_what_the_device_still_reads(depth: int) -> None:
    photos = [jpeg(photo_like(30, 40, i)) if i % 5 else b"bad" for i in range(60)]
    preprocessor = Preprocessor(RECIPE, workers=3)
    good = [photo for photo in photos if photo != b"bad"]
    sums = iter(preprocessor(good).reshape(len(good), -1).sum(axis=1))

    def use(batch: Batch, result: Result | None) -> None:
        for score in result.scores[:, 0] if result else ():
            assert score == next(sums)

    with preprocessor.stream(photos, 2, keep=depth, on_error="report") as stream:
        timeline = Timeline(worked=[])
        run_pipeline(stream, Device(depth), use, timeline)
    assert next(sums, None) is None
    assert timeline.prepared == sum(len(part) for part in timeline.worked or []) == 60
    assert timeline.worker_seconds["decode"] > 0


def failing_at(number: int, error: Exception) -> Callable[[int], object]:
    def before(batch: int) -> None:
        if batch == number:
            raise error

    return before


@pytest.mark.parametrize("depth", [1, 3])
def test_a_device_that_fails_ends_the_run(depth: int) -> None:
    used: list[int] = []
    device = Device(depth, failing_at(17, BackendError("17 is too much")))
    with pytest.raises(BackendError, match="17 is too much"):
        run_pipeline(batches([1] * 1000), device, lambda b, _: used.extend(b.indices), Timeline())
    assert used == list(range(17))
    assert no_threads_left()


def test_too_few_rows_are_a_failure() -> None:
    class Short(Device):
        def result(self) -> Result:
            whole = super().result()
            return Result(whole.scores[: len(whole.scores) - (self.taken == 5)], whole.spans)

    with pytest.raises(BackendError, match="gave 3 rows of scores for 4 images"):
        run_pipeline(batches([4] * 50), Short(), lambda *_: None, Timeline())
    assert no_threads_left()


def test_a_failure_of_the_batches_or_of_the_use_ends_the_run() -> None:
    def broken() -> Iterator[Batch]:
        yield from batches([1] * 20)
        raise DecodeError("x.jpg", "gone")

    with pytest.raises(DecodeError, match="gone"):
        run_pipeline(broken(), Device(2), lambda *_: None, Timeline())

    def use(batch: Batch, _: Result | None) -> None:
        if batch.indices[0] == 9:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run_pipeline(batches([1] * 1000), Device(2), use, Timeline())
    assert no_threads_left()


@pytest.mark.slow
def test_a_device_that_hangs_is_left_behind() -> None:
    released = threading.Event()
    device = Device(2, lambda number: released.wait() if number == 3 else None)
    used: list[int] = []
    with (
        pytest.raises(DeviceHungError, match=r"test device: no answer to batch 3 within 0\.2 s"),
        device,
    ):
        run_pipeline(
            batches([1] * 100),
            device,
            lambda b, _: used.extend(b.indices),
            Timeline(),
            device_timeout=0.2,
        )
    assert used == [0, 1, 2]
    assert not device.closed  # that would hang, too
    released.set()
    for thread in threading.enumerate():
        if thread.name.startswith("regcore"):
            thread.join()


@pytest.mark.slow
def test_an_interruption_ends_all_threads() -> None:
    used: list[int] = []
    preprocessor = Preprocessor(RECIPE, workers=2)
    photos = [jpeg(photo_like(30, 40, i)) for i in range(8)] * 500

    def use(batch: Batch, _: Result | None) -> None:
        used.extend(batch.indices)
        if len(used) == 40:
            _thread.interrupt_main()
        if len(used) >= 40:
            time.sleep(0.001)  # it takes the main thread a moment to notice

    timeline = Timeline()
    with preprocessor.stream(photos, 4, keep=2) as stream, pytest.raises(KeyboardInterrupt):
        run_pipeline(stream, Device(2), use, timeline)
    assert used == list(range(len(used)))
    assert 40 <= len(used) < len(photos)
    assert timeline.end > timeline.start
    assert no_threads_left()


@pytest.mark.slow
def test_a_second_interruption_leaves_no_thread_behind() -> None:
    def before(number: int) -> None:
        if number == 5:
            _thread.interrupt_main()
            time.sleep(0.3)
            # By now the main thread waits for this one.
            _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt):
        run_pipeline(batches([1] * 100), Device(2, before), lambda *_: None, Timeline())
    assert no_threads_left()


def test_scores_stay_until_they_are_used() -> None:
    gate = threading.Semaphore(0)
    results: list[Any] = []

    def use(batch: Batch, result: Result | None) -> None:
        gate.acquire(timeout=0.002)  # so that the device runs ahead as far as it may
        assert result is not None
        results.append((batch.indices * 5.0, result.scores[:, 0].copy()))

    run_pipeline(batches([2] * 60), Device(3), use, Timeline())
    for expected, scores in results:
        np.testing.assert_array_equal(scores, expected)


def test_scores_do_not_wait_for_a_slow_device() -> None:
    """Those of small batches are used together, but not only when the next one is done."""
    used = threading.Event()

    def before(number: int) -> None:
        if number == 2:
            assert used.wait(10)

    run_pipeline(batches([1] * 4), Device(1, before), lambda *_: used.set(), Timeline())
    assert used.is_set()


@pytest.mark.slow
def test_an_interruption_does_not_wait_for_an_input_that_does_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "_JOIN_PATIENCE", 60.0)  # of a device that is at work
    device = Device(2)
    comes = threading.Event()
    late = threading.Timer(20, comes.set)
    late.start()
    used: list[int] = []

    def slow() -> Iterator[Batch]:
        yield from batches([2] * 3)
        _thread.interrupt_main()
        comes.wait(60)
        yield from batches([2])

    with pytest.raises(KeyboardInterrupt), device:
        run_pipeline(slow(), device, lambda batch, _: used.extend(batch.indices), Timeline())
    assert device.closed
    assert not comes.is_set()
    late.cancel()
    submitted = len(device.submitted)
    comes.set()
    for thread in threading.enumerate():
        if thread.name.startswith("regcore"):
            thread.join(10)
    assert no_threads_left()
    assert len(device.submitted) == submitted  # a device that is closed is left alone


@pytest.mark.slow
def test_a_generator_is_closed_when_its_thread_has_left_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "_JOIN_PATIENCE", 0.1)
    ended: list[bool] = []
    comes = threading.Event()

    def slow() -> Generator[Batch]:
        try:
            yield from batches([2])
            _thread.interrupt_main()
            threading.Timer(1.5, comes.set).start()
            comes.wait(60)
            yield from batches([2])
        finally:
            ended.append(comes.is_set())

    with pytest.raises(KeyboardInterrupt), closed_after(slow()) as stream:
        run_pipeline(stream, Device(2), lambda *_: None, Timeline())
    assert ended == [True]

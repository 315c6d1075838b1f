"""Timelines keep every digit in little memory; scores are counted alike however they come."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import jpeg, photo_like

from regcore import Preprocessor, Recipe
from regcore.backends.protocol import Span
from regcore.backends.simulated.backend import SimulatedBackend
from regcore.errors import DatasetError
from regcore.images.batch_stream import WORKED
from regcore.inference.evaluate import evaluate
from regcore.inference.infer import infer
from regcore.inference.inputs.photos import PhotoInputs
from regcore.inference.timeline import DEVICE_STAGES, WORKER_STAGES, BatchLog, BatchTimes, Timeline
from regcore.performance.device_batches import DeviceBatches, busy_seconds
from regcore.scores.accumulator import ScoreAccumulator
from regcore.scores.topk import best_classes
from regcore.scores.topn import TopN

SECONDS = st.floats(0, 1e9)
SPANS = st.builds(Span, st.sampled_from(DEVICE_STAGES), st.integers(0, 63), SECONDS, SECONDS)
BATCHES = st.builds(
    BatchTimes,
    st.integers(0, 2**31),
    *[SECONDS] * 8,
    spans=st.lists(SPANS, max_size=4).map(tuple),
)


@pytest.mark.slow
@given(st.lists(BATCHES, max_size=12))
def test_a_log_gives_back_what_it_was_given(batches: list[BatchTimes]) -> None:
    log = BatchLog(batches)
    assert list(log) == batches
    assert log[2:5] == batches[2:5]
    assert log[-1:] == batches[-1:]
    assert log.table()["used"].tolist() == [batch.used for batch in batches]


@pytest.mark.slow
@given(st.lists(BATCHES, max_size=12))
def test_columns_are_what_a_loop_over_the_batches_finds(batches: list[BatchTimes]) -> None:
    """The slow twin of DeviceBatches."""
    found = DeviceBatches.of(BatchLog(batches))
    given_ = [batch for batch in batches if batch.taken]
    assert found.images == sum(batch.images for batch in given_)
    assert found.device.tolist() == [b.spans[0].device if b.spans else 0 for b in given_]
    for stage in DEVICE_STAGES:
        expected = []
        for batch in given_:
            lengths = [s.end - s.start for s in batch.spans if s.stage == stage]
            expected.append(sum(lengths) if lengths else np.nan)
        np.testing.assert_array_equal(found.seconds[stage], expected)
    for device in {0, *found.device.tolist()}:
        part = [b for b in given_ if (b.spans[0].device if b.spans else 0) == device]
        assert found.of_device(device).images == sum(batch.images for batch in part)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 9)), min_size=1, max_size=20
    )
)
def test_a_device_is_busy_once_at_a_time(spans: list[tuple[int, int, int]]) -> None:
    """The slow twin counts the seconds in which any span of the device lies."""
    log = BatchLog(
        BatchTimes(1, *[1.0] * 8, spans=(Span("compute", device, start, start + length),))
        for device, start, length in spans
    )
    seconds = {
        (device, second)
        for device, start, length in spans
        for second in range(start, start + length)
    }
    assert busy_seconds(log) == len(seconds)


@pytest.mark.slow
def test_a_log_of_many_batches_is_small() -> None:
    spans = tuple(Span(stage, 0, 0.25, 0.5) for stage in DEVICE_STAGES)
    tracemalloc.start()
    try:
        timeline = Timeline()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(20_000):
            timeline.note_workers(np.zeros(1, WORKED))
            timeline.batches.append(BatchTimes(1, *[number + 0.5] * 8, spans=spans))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # 80 bytes and 32 for each of three spans; an array grows by an eighth at a time.
    assert after - before < 20_000 * 176 * 1.125 + 100_000


@pytest.mark.slow
@given(st.lists(st.integers(0, 5), max_size=200), st.booleans())
@settings(max_examples=30, deadline=None)
def test_workers_times_add_up(sizes: list[int], kept: bool) -> None:  # noqa: FBT001
    chance = np.random.default_rng(len(sizes))
    timeline = Timeline(worked=[] if kept else None)
    rows = []
    for size in sizes:
        times = chance.integers(0, 10**9, (size, 6)).cumsum(axis=1)
        rows.append(times)
        timeline.note_workers(times.reshape(-1).view(WORKED))
    timeline.fold()
    every = np.concatenate([*rows, np.empty((0, 6), np.int64)])
    fields = {name: every[:, place] for place, name in enumerate(WORKED.names or ())}
    assert timeline.prepared == len(every)
    for stage, (begin, end) in WORKER_STAGES.items():
        seconds = (fields[end] - fields[begin]).sum() / 1e9
        assert timeline.worker_seconds[stage] == pytest.approx(seconds)
    assert timeline.last_read == max(fields["read"], default=0) / 1e9
    assert timeline.last_prepared == max(fields["done"], default=0) / 1e9
    if kept:
        found = np.concatenate([*(timeline.worked or []), np.empty(0, WORKED)])
        assert found.tobytes() == every.tobytes()


@pytest.mark.slow
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=20),
    st.integers(1, 12),
    st.integers(1, 7),
    st.integers(0),
)
@settings(deadline=None)
def test_scores_count_alike_in_any_portions(
    sizes: list[int], portion: int, classes: int, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    images = sum(sizes) + 3
    # Few different scores, so that there are ties; some NaN.
    scores = chance.integers(0, 4, (images, classes)).astype(np.float32)
    scores[chance.random(scores.shape) < 0.05] = np.nan
    labels = chance.integers(0, classes, images)
    order = chance.permutation(images)[: sum(sizes)]
    counting = ScoreAccumulator(labels, portion=portion)
    for rows in np.split(order, np.cumsum(sizes)[:-1]):
        batch = scores[rows].copy()
        counting.add(rows, batch)
        batch[:] = -1  # the backend uses its memory anew
    assert counting.count == len(order)
    counting.finish()
    expected = TopN(5)
    expected.update(scores[order], labels[order])
    assert (counting.topn.count, counting.topn.tied, counting.topn.nan) == (
        expected.count,
        expected.tied,
        expected.nan,
    )
    np.testing.assert_array_equal(counting.topn.hits, expected.hits)
    values, indices = best_classes(scores[order], 5)
    np.testing.assert_array_equal(counting.indices[order], indices)
    np.testing.assert_array_equal(counting.values[order], values)
    untouched = np.setdiff1d(np.arange(images), order)
    assert (counting.indices[untouched] == -1).all()
    assert np.isnan(counting.values[untouched]).all()


def test_labels_and_classes_that_do_not_fit() -> None:
    counting = ScoreAccumulator(np.array([0, 7]))
    with pytest.raises(DatasetError, match="label 7"):
        counting.add(np.array([0]), np.zeros((1, 5), np.float32))
    assert counting.count == 0
    counting.add(np.array([0]), np.zeros((1, 9), np.float32))
    with pytest.raises(ValueError, match="after images with"):
        counting.add(np.array([1]), np.zeros((1, 8), np.float32))


class _Locking(SimulatedBackend):
    """Its memory is there at a known time."""

    locked = 0.0

    def host_buffers(
        self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> list[np.ndarray]:
        buffers = [np.empty(shape, dtype) for _ in range(count)]
        self.locked = perf_counter()
        return buffers


def test_the_clock_starts_when_the_memory_is_there(tmp_path: Path) -> None:
    """Locking pages takes a driver long, once, however many images there are."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(photo_like(40, 30, 0)))
    preprocessor = Preprocessor(Recipe(resize=16, crop=16), workers=1)
    backend = _Locking(1e6, classes=3)
    evaluated = evaluate(preprocessor, backend, [photo], np.zeros(1, np.int64), batch_size=1)
    timeline = evaluated.timeline
    assert 0 < backend.locked <= timeline.start <= timeline.batches[0].asked
    backend.locked = 0.0
    timeline = infer(PhotoInputs(preprocessor, tmp_path), backend, None, batch_size=1).timeline
    assert 0 < backend.locked <= timeline.start <= timeline.batches[0].asked

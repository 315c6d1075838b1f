"""How fast each stage is alone, with everything that it needs at hand.

Each rate is in images/s over about `seconds` of wall time, after a short warm-up. Lists of images
are gone through again and again, so that files come from the page cache, except for storage_rate.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import chain, cycle, islice, repeat
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend, Result
from regcore.counted import counted
from regcore.errors import DecodeError
from regcore.images.batch_stream import Batch
from regcore.images.preprocessor import Preprocessor
from regcore.images.result_memory import check_free
from regcore.images.sources import FilePart, Image, ImageOnDemand
from regcore.inference.inputs.photos import device_stream
from regcore.inference.inputs.source import closed_after, host_buffers
from regcore.inference.pipeline import run_pipeline
from regcore.inference.timeline import Timeline
from regcore.scores.accumulator import ScoreAccumulator

_WARM_UP = 0.1  # of the time to measure
#: Images/s that hardly any host prepares: a list of so many lasts longer than its measurement.
_ENOUGH = 20_000
_ENOUGH_OF_A_WORKER = 2_500
_READ_BYTES = 1 << 20
_ALL = 1 << 62


def rate(step: Callable[[], int | None], seconds: float) -> float:
    """Images/s of a step that says how many images it did; None ends the measurement early."""
    warm = perf_counter() + _WARM_UP * seconds
    while step() is not None and perf_counter() < warm:
        pass
    images = 0
    start = perf_counter()
    while (done := step()) is not None:
        images += done
        if perf_counter() - start >= seconds:
            break
    return images / (perf_counter() - start)


def storage_rate(photos: Sequence[Image], threads: int, seconds: float) -> float:
    """The rate of reading the images from the storage, with as many threads as there are workers.

    The system is asked to drop each file, or part of one, from its page cache just before. It need
    not: then, and in a file system that lives in memory, or where the storage has a cache of its
    own, this is what they give.
    """
    coming = cycle(photos)
    buffers = threading.local()
    chunk = 4 * threads

    def read(photo: Image) -> None:
        # Through one buffer: pages of new memory cost more than copying from the cache.
        if not hasattr(buffers, "memory"):
            buffers.memory = memoryview(bytearray(_READ_BYTES))
        with suppress(OSError, DecodeError):
            _read_through(photo, buffers.memory)

    with ThreadPoolExecutor(threads) as pool:

        def step() -> tuple[int, float]:
            wanted = list(islice(coming, chunk))
            for photo in wanted:
                _drop_from_cache(photo)
            start = perf_counter()
            for _ in pool.map(read, wanted):
                pass
            return chunk, perf_counter() - start

        step()
        images, spent, end = 0, 0.0, perf_counter() + seconds
        while not images or perf_counter() < end:
            done, took = step()
            images, spent = images + done, spent + took
        return images / spent


def _read_through(photo: Image, memory: memoryview) -> None:
    if isinstance(photo, ImageOnDemand):
        photo.read()
        return
    path, offset, left = _place_of(photo)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        file.seek(offset)
        while left > 0 and (count := file.readinto(memory[:left])):
            left -= count


def _drop_from_cache(photo: Image) -> None:
    if hasattr(os, "posix_fadvise") and not isinstance(photo, ImageOnDemand):
        path, offset, size = _place_of(photo)
        with suppress(OSError), open(path, "rb", buffering=0) as file:  # noqa: PTH123
            os.posix_fadvise(file.fileno(), offset, size, os.POSIX_FADV_DONTNEED)


def _place_of(photo: Image) -> tuple[str, int, int]:
    """File, offset and size in bytes; more than there can be for all of a file."""
    if isinstance(photo, FilePart):
        return photo.path, photo.offset, photo.size
    return os.fspath(photo), 0, _ALL  # type: ignore[arg-type]


def preprocess_rate(
    preprocessor: Preprocessor, photos: Sequence[Image], batch_size: int, seconds: float
) -> float:
    """The rate of preprocessing into a ring of batches, from which nobody computes anything."""
    ahead = preprocessor.buffers_needed(batch_size, 1)
    many = _many(photos, 2 * seconds, preprocessor.workers, batch_size * (ahead + 2))
    with preprocessor.stream(many, batch_size, on_error="report") as stream:

        def step() -> int | None:
            batch = next(stream, None)
            return None if batch is None else len(batch.indices)

        # What the workers did ahead while nobody looked must not count.
        for _ in range(ahead):
            step()
        return rate(step, seconds)


def device_rate(backend: Backend, images: NDArray[Any], seconds: float) -> float:
    """The rate of the device with a batch at hand, submitted as far ahead as it may be.

    images: [n, ...], in the memory that `cached_batch` gives.
    """
    for _ in range(backend.depth - 1):
        backend.submit(images)

    def step() -> int:
        backend.submit(images)
        return len(backend.result().scores)

    try:
        return rate(step, seconds)
    finally:
        for _ in range(backend.depth - 1):
            backend.result()


def cached_batch(
    preprocessor: Preprocessor, backend: Backend, photos: Sequence[Image], batch_size: int
) -> NDArray[Any]:
    """The first good images as one batch, in memory from which the device copies directly.

    Raises MemoryError where the machine has not so much.
    """
    check_free(
        2 * batch_size * preprocessor.recipe.image_bytes,
        f"batches of {counted(batch_size, 'image')}",
    )
    images = np.empty((0, *preprocessor.recipe.image_shape), preprocessor.recipe.numpy_dtype)
    with preprocessor.stream(photos, batch_size, on_error="report") as stream:
        for batch in stream:
            images = np.concatenate([images, batch.images])
            if len(images) >= batch_size:
                break
    if not len(images):
        raise next(iter(batch.errors))
    repeats = -(-batch_size // len(images))
    images = np.concatenate([images] * repeats)[:batch_size]
    buffers = host_buffers(backend, 1, batch_size, preprocessor.recipe)
    if buffers is None:
        return images
    buffers[0][:] = images
    return buffers[0]


def post_rate(scores: NDArray[Any], seconds: float) -> float:
    """The rate of ranking and counting scores [n, classes], as `regcore run` does it."""
    rows = np.arange(len(scores))
    counting = ScoreAccumulator(np.zeros(len(scores), np.int64))

    def step() -> int:
        counting.add(rows, scores)
        return len(scores)

    return rate(step, seconds)


def whole(
    preprocessor: Preprocessor,
    backend: Backend,
    photos: Sequence[Image],
    batch_size: int,
    seconds: float,
) -> Timeline:
    """The pipeline from files to counts, as `regcore run` has it, for about `seconds`."""
    many = _many(photos, seconds, preprocessor.workers)
    counting = ScoreAccumulator(np.zeros(len(many), np.int64))

    def use(batch: Batch, result: Result | None) -> None:
        if result is not None:
            counting.add(batch.indices, result.scores)

    opened = device_stream(preprocessor, backend, many, batch_size)
    timeline = Timeline()
    with opened as stream:
        end = perf_counter() + seconds

        def until_then() -> Generator[Batch]:
            for batch in stream:
                yield batch
                if perf_counter() >= end:
                    return

        with closed_after(until_then()) as batches:
            run_pipeline(batches, backend, use, timeline)
    return timeline


def _many(photos: Sequence[Image], seconds: float, workers: int, least: int = 1) -> list[Image]:
    enough = int(max(_ENOUGH, workers * _ENOUGH_OF_A_WORKER) * seconds)
    count = max(len(photos), enough, least)
    return list(islice(chain.from_iterable(repeat(photos)), count))

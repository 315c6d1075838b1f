"""The threads that resize and decode whole pictures, kept from call to call."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from regcore._native import pictures as native
from regcore._native.choices import MAX_FILE_BYTES, MAX_PIXELS, MAX_SCANS, MAX_WORKERS
from regcore.files.arguments import whole_within
from regcore.host import default_workers, simd_level

#: What a kind of workers is known by: the process, since threads do not outlive a fork.
_Kind = tuple[int, int, str]
#: Sets of threads that are kept idle; further ones end with the call that needed them.
_MAX_IDLE = 2

_lock = threading.Lock()
_idle: list[tuple[_Kind, native.PictureWorkers]] = []


def worker_count(workers: int | None) -> int:
    """The number of threads that was asked for; UsageError where it is none."""
    if workers is None:
        return default_workers()
    return whole_within("workers", workers, 1, MAX_WORKERS)


@contextmanager
def picture_workers(count: int) -> Iterator[native.PictureWorkers]:
    """So many threads, for this caller alone: several calls at a time have their own."""
    kind = (os.getpid(), count, simd_level())
    workers = _taken(kind) or native.PictureWorkers(
        workers=count, max_file_bytes=MAX_FILE_BYTES, max_pixels=MAX_PIXELS, max_scans=MAX_SCANS
    )
    yield workers
    # Not after an exception: what the threads are at is then not known.
    with _lock:
        _idle.append((kind, workers))
        surplus = [_idle.pop(0)] if len(_idle) > _MAX_IDLE else []
    for _, each in surplus:
        each.close()


def _begin_anew_in_child() -> None:
    """A fork may come while another thread holds the lock, which nobody would release there."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _idle.clear()


os.register_at_fork(after_in_child=_begin_anew_in_child)


def _taken(kind: _Kind) -> native.PictureWorkers | None:
    with _lock:
        for place in reversed(range(len(_idle))):
            if _idle[place][0] == kind:
                return _idle.pop(place)[1]
    return None

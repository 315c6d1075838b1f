"""Batches of one size after the other, run by a session that knows this size.

With it all that a model computes of sizes is done once, when the session is opened: nothing of
that is left to the CPU beside a device, and more operators become one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.onnxruntime.runner import Run
from regcore.backends.protocol import Span
from regcore.errors import BackendError

#: Opens a session for batches of a size, or of any for None, and gives what runs them; None where
#: the model cannot be fixed to this size.
OpenRun = Callable[[int | None], Run | None]

# A model whose batches change their size more often is run by a session that takes any.
_MOST_SIZES = 2


class _Sessions:
    """One session at a time, so that the weights are in memory once. free: takes any size."""

    def __init__(self, open_run: OpenRun, free: Run) -> None:
        self._open_run = open_run
        self._sizes_left = _MOST_SIZES
        self.size: int | None = None
        self._run: Run | None = free

    @property
    def run(self) -> Run:
        if self._run is None:
            raise BackendError("no session of ONNX Runtime is open")
        return self._run

    @property
    def may_be_fixed(self) -> bool:
        return self._sizes_left > 0

    def fix(self, size: int) -> bool:
        """Whether a session for this size took the place of the one that was open."""
        self._sizes_left -= 1
        self._run = None
        try:
            self._run, self.size = self._open_run(size), size
        finally:
            if self._run is None:
                self.free_for_good()
        return self.size == size

    def free(self) -> None:
        self._run = None
        self._run, self.size = self._open_run(None), None

    def free_for_good(self) -> None:
        self._sizes_left = 0
        self.free()


class PaddedBatches:
    """On a device: a smaller batch, as the last one is, is filled up with copies of its last image.

    So all images go through the same operators, and nothing is opened or tuned for the last few.
    """

    def __init__(self, open_run: OpenRun, free: Run) -> None:
        self._sessions = _Sessions(open_run, free)
        self._was_smaller = False

    def run_for(self, size: int) -> Run:
        """What runs the next batch, which has so many images."""
        sessions = self._sessions
        if sessions.size is None:
            if sessions.may_be_fixed:
                sessions.fix(size)
        elif size > sessions.size or (size < sessions.size and self._was_smaller):
            if sessions.may_be_fixed:
                sessions.fix(size)
            else:
                sessions.free()
        self._was_smaller = sessions.size is not None and size < sessions.size
        return _padded(sessions.run, sessions.size) if self._was_smaller else sessions.run


def _padded(run: Run, size: int | None) -> Run:
    def run_padded(images: NDArray[Any]) -> tuple[NDArray[Any], list[Span]]:
        count = len(images)
        copies = np.repeat(images[-1:], (size or count) - count, axis=0)
        scores, spans = run(np.concatenate([images, copies]))
        return scores[:count], spans

    return run_padded


class ProvenBatches:
    """On the CPU: a session for one size serves once it has given the same bits as one for any.

    That is tried on the second of two batches of one size. Batches of other sizes are run by a
    session for any, so that the scores of an image never depend on which of the two was open.
    """

    def __init__(self, open_run: OpenRun, free: Run) -> None:
        self._sessions = _Sessions(open_run, free)
        self._last_size = 0

    def run_for(self, size: int) -> Run:
        """What runs the next batch, which has so many images."""
        sessions = self._sessions
        if sessions.size not in (None, size):
            sessions.free()
        repeated = size == self._last_size
        self._last_size = size
        tried = repeated and sessions.size is None and sessions.may_be_fixed
        return self._run_and_prove if tried else sessions.run

    def _run_and_prove(self, images: NDArray[Any]) -> tuple[NDArray[Any], list[Span]]:
        sessions = self._sessions
        scores, spans = sessions.run(images)
        if sessions.fix(len(images)) and not _same_bits(sessions.run(images)[0], scores):
            sessions.free_for_good()
        return scores, spans


def _same_bits(ours: NDArray[Any], theirs: NDArray[Any]) -> bool:
    return (
        ours.dtype == theirs.dtype
        and ours.shape == theirs.shape
        and ours.tobytes() == theirs.tobytes()
    )

"""A device that copies one batch while it computes another, whoever made it."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from regcore.backends.deferred_interrupt import deferred_sigint
from regcore.backends.page_locked import ResourceStack
from regcore.backends.protocol import SCORES_KEPT, Backend, DeviceStage, Result, Span
from regcore.counted import counted
from regcore.errors import BackendError, DeviceHungError
from regcore.models.tensors import TensorSpec, as_scores, describe, scores_spec


class Session(Protocol):
    """A device opened for a model. subject: both, for errors."""

    @property
    def subject(self) -> str:
        """The model and the device."""

    @property
    def resources(self) -> ResourceStack:
        """All that is given back when it is closed."""

    def enter(self) -> object:
        """Makes the calling thread one of this session. Raises BackendError after close()."""

    def close(self) -> BackendError | None:
        """Gives everything back, also with work that nobody waited for; the first failure."""

    def abandon(self) -> None:
        """Leaves all as it is, as the device does not answer."""


S = TypeVar("S", bound=Session)
E = TypeVar("E")


class DoubleBufferedBackend(Backend, Generic[S, E]):
    """Batches go to execution slots in turn; from page-locked memory the device copies itself.

    A slot has what one batch in work needs on the device. Subclasses set, in `_prepare`, what
    Backend has and `_slots` (as many as `depth`), and call `_keep_scores`.
    """

    #: Stages of a batch, and the marks between which each lies.
    stages: ClassVar[tuple[tuple[DeviceStage, str, str], ...]]

    _slots: list[E]

    def __init__(
        self, open_session: Callable[[Path, int], S], path: Path, device: int, output: str | None
    ) -> None:
        self._device = device
        self._in_work: deque[tuple[E, NDArray[Any]]] = deque()
        self._submitted = 0
        opened: list[S] = []
        try:
            with deferred_sigint():
                opened.append(open_session(path, device))
                self._session = opened[0]
                self._prepare(path, output)
        except BaseException:
            with deferred_sigint():
                for session in opened:
                    session.close()
            raise

    @abstractmethod
    def _prepare(self, path: Path, output: str | None) -> None:
        """Has all that batches need; what fails is given back by the caller."""

    @abstractmethod
    def _begin(self, slot: E, batch: NDArray[Any], scores: NDArray[Any]) -> None:
        """Begins with a batch in a slot; its scores go to `scores`."""

    @abstractmethod
    def _wait(self, slot: E) -> Mapping[str, float]:
        """Waits for a slot's batch; when each mark was passed, in s of time.perf_counter."""

    def _keep_scores(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        """Has memory for the scores in work, and for those that were given out."""
        resources = self._session.resources
        count = SCORES_KEPT + self.depth
        self._scores = [resources.host_array(shape, dtype) for _ in range(count)]

    def _say_what_it_takes(self, image: TensorSpec, scores: TensorSpec) -> None:
        self.inputs = (image,)
        self.outputs = (scores_spec(scores),)

    def host_buffers(
        self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> list[NDArray[Any]]:
        """Arrays in page-locked memory. Raises BackendError where there is not so much."""
        with deferred_sigint():
            self._session.enter()
            return [self._session.resources.host_array(shape, dtype) for _ in range(count)]

    def submit(self, batch: NDArray[Any]) -> None:
        """Begins with a batch [n, ...], n at most max_batch, in the dtype of the input."""
        with deferred_sigint():
            self._session.enter()
            self._check(batch)
            slot = self._slots[self._submitted % self.depth]
            scores = self._scores[self._submitted % len(self._scores)][: len(batch)]
            self._begin(slot, batch, scores)
        self._submitted += 1
        self._in_work.append((slot, scores))

    def _check(self, batch: NDArray[Any]) -> None:
        spec, subject = self.inputs[0], self._session.subject
        if (batch.dtype, batch.shape[1:]) != (np.dtype(spec.dtype), (spec.shape or ())[1:]) or (
            not batch.flags.c_contiguous
        ):
            given = describe(batch.dtype.name, batch.shape)
            raise BackendError(f"{subject}: takes {spec}, not {given}")
        if not 1 <= len(batch) <= (self.max_batch or 0):
            raise BackendError(
                f"{subject}: takes 1 to {counted(self.max_batch or 0, 'image')} at a time, "
                f"not {len(batch)}"
            )
        if len(self._in_work) == self.depth:
            wait = counted(self.depth, "result waits", "results wait")
            raise BackendError(f"{subject}: {wait} to be taken")

    def result(self) -> Result:
        """Waits for the scores of the oldest batch."""
        slot, scores = self._in_work.popleft()
        with deferred_sigint():
            self._session.enter()
            at = self._wait(slot)
        spans = tuple(Span(stage, self._device, at[a], at[b]) for stage, a, b in self.stages)
        return Result(as_scores(scores), spans)

    def close(self) -> None:
        """Gives all back. Raises BackendError where the device refuses."""
        with deferred_sigint():
            failure = self._session.close()
        if failure is not None:
            raise failure

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, DeviceHungError):
            self._session.abandon()
            return
        with deferred_sigint():
            failure = self._session.close()
        # What went wrong before matters more.
        if failure is not None and error is None:
            raise failure

"""The protocol of what runs a model: batches go in, scores come out in the same order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DeviceHungError
from regcore.models.tensors import TensorSpec

if TYPE_CHECKING:
    from typing_extensions import Self

DeviceStage = Literal["h2d", "compute", "d2h"]

#: Scores stay as they are until this many later results were taken; then their memory is used anew.
SCORES_KEPT = 4


@dataclass(frozen=True)
class Span:
    """What a device did from `start` to `end`, in s of time.perf_counter."""

    stage: DeviceStage
    device: int
    start: float
    end: float


@dataclass(frozen=True)
class Result:
    """What became of a batch.

    scores: float32 or float16 [n, classes] of its n images, in memory of the backend: see
        SCORES_KEPT.
    spans: what the device did for it; one "compute" at least.
    lasting: whether the scores are an array of their own, which stays as it is.
    """

    scores: NDArray[Any]
    spans: tuple[Span, ...]
    lasting: bool = False


class Backend(ABC):
    """A model that is ready to run. Use it as a context manager, or call close().

    name, version: the runtime; provider: what really runs in it, not what was asked for.
    inputs: the one image input; outputs: the one output whose scores are read.
    metadata: what the model's maker wrote into its file, by key.
    depth: how many batches may be submitted before a result has to be taken. From 2 on the device
        copies a batch while it computes another.
    max_batch: the images of the largest batch that it takes, or None where there is no limit.
    precision: in what it computes float32, where that is less than float32: one of those in
        regcore.backends.precisions, else empty. It stands beside the provider in all results.
    doubts: what makes its scores doubtful, a sentence each, for the user.

    Calls may come from any thread, one at a time.
    """

    name: str
    version: str
    provider: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: Mapping[str, str]
    depth: int = 1
    max_batch: int | None = None
    precision: str = ""
    doubts: tuple[str, ...] = ()

    def host_buffers(
        self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> list[NDArray[Any]] | None:
        """`count` arrays in memory that the device copies from directly, valid until close().

        They are for the ring of a stream. None where ordinary memory is as good.
        """
        del count, shape, dtype
        return None

    @abstractmethod
    def submit(self, batch: NDArray[Any]) -> None:
        """Begins with the images of a batch [n, ...], n >= 1, C-contiguous.

        The batch must stay as it is until its result has been taken. Raises BackendError.
        """

    @abstractmethod
    def result(self) -> Result:
        """Waits for the batch that was submitted first of those whose result was not taken.

        Raises BackendError where the device failed on it; only close() helps then.
        """

    def run(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """Scores float32 [n, classes] of one batch; the array is the caller's to keep."""
        self.submit(batch)
        return np.array(self.result().scores, dtype=np.float32)

    @abstractmethod
    def close(self) -> None:
        """Gives the device and its memory back, also with batches in work; twice is fine."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: object, __: object) -> None:
        if not isinstance(error, DeviceHungError):
            self.close()

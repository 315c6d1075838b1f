"""What a model is run on: photos, a store, prepared .bin files, or noise."""

from __future__ import annotations

import inspect
import time
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.deferred_interrupt import deferred_sigint
from regcore.backends.protocol import Backend
from regcore.images.batch_stream import Batch
from regcore.recipes.recipe import Recipe
from regcore.sources.files import file_version

_LOOK_EVERY = 0.05  # s


class Inputs(ABC):
    """Images with a name each.

    names: of the images, in the order of Batch.indices.
    """

    names: Sequence[str]

    @abstractmethod
    def versions(self) -> NDArray[np.int64]:
        """What tells an image from one that had its name before, int64 [images, any number]."""

    @abstractmethod
    def batches(
        self, backend: Backend, batch_size: int, wanted: NDArray[np.intp] | None = None
    ) -> AbstractContextManager[Iterable[Batch]]:
        """Batches in the memory that suits the backend, kept as long as it needs them.

        The call takes the memory, which a driver may need long for; images are read from the start
        of the block on.

        wanted: places of the images that are asked for, by default all; Batch.indices and
            DecodeError.index are places in that.
        """


@contextmanager
def closed_after(batches: Generator[Batch]) -> Iterator[Generator[Batch]]:
    """Closes a generator at the end of the block, as soon as no other thread is in it.

    Its reads have then ended: the backend's memory, into which they went, may be freed.
    """
    try:
        yield batches
    finally:
        with deferred_sigint():
            while inspect.getgeneratorstate(batches) == inspect.GEN_RUNNING:
                time.sleep(_LOOK_EVERY)
            batches.close()


def file_versions(paths: Iterable[str | Path]) -> NDArray[np.int64]:
    """Sizes and times of the last change, [files, 2]."""
    states = [file_version(path) for path in paths]
    return np.array(states, np.int64).reshape(-1, 2)


def host_buffers(
    backend: Backend, count: int, batch_size: int, recipe: Recipe
) -> list[NDArray[Any]] | None:
    """Buffers for batches of a recipe; None where the backend takes ordinary memory as well."""
    return backend.host_buffers(count, (batch_size, *recipe.image_shape), recipe.numpy_dtype)

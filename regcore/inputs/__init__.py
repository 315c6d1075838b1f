"""What a model is run on: photos, a store, prepared .bin files, or noise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.backend import Backend
from regcore.preprocess import Batch
from regcore.recipe import Recipe


class Inputs(ABC):
    """Images with a name each.

    names: of the images, in the order of Batch.indices.
    """

    names: Sequence[str]

    @abstractmethod
    def batches(
        self, backend: Backend, batch_size: int, wanted: NDArray[np.intp] | None = None
    ) -> AbstractContextManager[Iterable[Batch]]:
        """Batches in the memory that suits the backend, kept as long as it needs them.

        wanted: places of the images that are asked for, by default all; Batch.indices and
            DecodeError.index are places in that.
        """


def host_buffers(
    backend: Backend, count: int, batch_size: int, recipe: Recipe
) -> list[NDArray[Any]] | None:
    """Buffers for batches of a recipe; None where the backend takes ordinary memory as well."""
    return backend.host_buffers(count, (batch_size, *recipe.image_shape), recipe.numpy_dtype)

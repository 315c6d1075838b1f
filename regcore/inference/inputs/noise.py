"""Noise in the shape of images, for a model's rate alone."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend
from regcore.images.batch_stream import Batch
from regcore.inference.inputs.source import Inputs, host_buffers
from regcore.recipes.recipe import Recipe


class NoiseInputs(Inputs):
    """The same noise again and again, for a model's rate without any preprocessing."""

    def __init__(self, recipe: Recipe, count: int, batch_size: int) -> None:
        """count: of the images, whole batches."""
        self.names = ["noise"] * count
        self._recipe = recipe
        random = np.random.default_rng(0)
        shape = (batch_size, *recipe.image_shape)
        if recipe.numpy_dtype == np.uint8:
            self._images: NDArray[Any] = random.integers(0, 256, shape, dtype=np.uint8)
        else:
            values = random.standard_normal(shape, dtype=np.float32)
            self._images = values.astype(recipe.numpy_dtype)

    def versions(self) -> NDArray[np.int64]:
        """See Inputs."""
        return np.zeros((len(self.names), 0), np.int64)

    def batches(
        self, backend: Backend, batch_size: int, wanted: NDArray[np.intp] | None = None
    ) -> AbstractContextManager[Iterable[Batch]]:
        """See Inputs; batch_size is that of the noise."""
        del wanted
        images = self._images
        buffers = host_buffers(backend, 1, batch_size, self._recipe)
        if buffers is not None:
            buffers[0][:] = images
            images = buffers[0]
        return nullcontext(
            Batch(images, np.arange(first, first + batch_size), ())
            for first in range(0, len(self.names), batch_size)
        )

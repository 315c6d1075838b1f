"""Noise in the shape of images, for a model's rate alone."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend
from regcore.counted import counted
from regcore.images.batch_stream import Batch
from regcore.images.result_memory import check_free
from regcore.inference.inputs.source import Inputs, host_buffers
from regcore.recipes.recipe import Recipe


class NoiseInputs(Inputs):
    """The same noise again and again, for a model's rate without any preprocessing."""

    def __init__(self, recipe: Recipe, count: int, batch_size: int) -> None:
        """count: of the images, whole batches."""
        self.names = ["noise"] * count
        self._recipe = recipe
        self._images = _noise(recipe, (batch_size, *recipe.image_shape))

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


def _noise(recipe: Recipe, shape: tuple[int, ...]) -> NDArray[Any]:
    random = np.random.default_rng(0)
    in_bytes = recipe.dtype in ("uint8", "int8")
    # Others are float32 first.
    noise = f"{counted(shape[0], 'image')} of noise"
    check_free(prod(shape) * (1 if in_bytes else 8), noise)
    if in_bytes:
        return random.integers(0, 256, shape, dtype=np.uint8).view(recipe.numpy_dtype)
    values = random.standard_normal(shape, dtype=np.float32)
    if recipe.dtype == "bfloat16":  # the upper half of each float32
        return (values.view(np.uint32) >> 16).astype(np.uint16)
    return values.astype(recipe.numpy_dtype)

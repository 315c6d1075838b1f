"""torch on the CPU: a batch is computed where its result is waited for."""

from __future__ import annotations

from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Result, Span

if TYPE_CHECKING:
    from torch import nn


class CpuDevice:
    """Runs `module`."""

    name = "cpu"
    depth = 1

    def __init__(self, torch: ModuleType, module: nn.Module) -> None:
        self._torch = torch
        self._module: nn.Module | None = module
        self._batch: NDArray[Any] | None = None

    def host_buffers(
        self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> list[NDArray[Any]] | None:
        """None: ordinary memory is as good."""
        del count, shape, dtype
        return None

    def submit(self, batch: NDArray[Any]) -> None:
        """Keeps the batch."""
        self._batch = batch

    def result(self) -> Result:
        """Computes it."""
        torch, module, batch = self._torch, self._module, self._batch
        if module is None or batch is None:
            raise RuntimeError("no batch was submitted")
        self._batch = None
        start = perf_counter()
        with torch.inference_mode():
            # torch warns of memory that it may not write, such as a store's.
            batch = batch if batch.flags.writeable else batch.copy()
            images = torch.from_numpy(batch).contiguous(memory_format=torch.channels_last)
            scores: NDArray[np.float32] = module(images).float().numpy()
        return Result(scores, (Span("compute", 0, start, perf_counter()),))

    def close(self) -> None:
        """Frees the model."""
        self._module = self._batch = None

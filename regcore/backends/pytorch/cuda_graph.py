"""A model recorded once as a CUDA graph, which costs the host one call to launch."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn


class GraphedModel:
    """Calls `module` on batches [n, ...] of one stream, from a graph as soon as it has one.

    Hundreds of small kernels would otherwise be launched by Python for every batch, in turn with
    the threads that count scores. The second batch of a size is recorded, once cuDNN has what it
    needs; batches of another size, and models that cannot be recorded, are computed as they are.
    """

    def __init__(self, framework: ModuleType, runtime: ModuleType, module: nn.Module) -> None:
        """framework: torch. runtime: torch.cuda, or what has its names."""
        self._torch = framework
        self._runtime = runtime
        self._module = module
        self._shapes: dict[tuple[int, ...], int] = {}
        self._graph: Any = None
        self._images: torch.Tensor | None = None
        self._scores: torch.Tensor | None = None
        self._can_record = hasattr(runtime, "CUDAGraph")

    def __call__(self, images: torch.Tensor, stream: object) -> torch.Tensor:
        """Float32 scores [n, classes] of images on the device; `stream` is the current one."""
        recorded = self._images is not None and images.shape == self._images.shape
        if not recorded and self._is_worth_it(images):
            recorded = self._record(images, stream)
        if not recorded or self._images is None or self._scores is None:
            return self._compute(images.contiguous(memory_format=self._torch.channels_last))
        self._images.copy_(images)
        self._graph.replay()
        # The next batch overwrites them.
        scores: torch.Tensor = self._scores.clone()
        return scores

    def _compute(self, images: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self._module(images).float()
        return scores

    def _is_worth_it(self, images: torch.Tensor) -> bool:
        shape = tuple(images.shape)
        self._shapes[shape] = self._shapes.get(shape, 0) + 1
        return self._can_record and self._graph is None and self._shapes[shape] > 1

    def _record(self, images: torch.Tensor, stream: object) -> bool:
        self._images = self._torch.empty_like(images, memory_format=self._torch.channels_last)
        self._images.copy_(images)
        self._graph = self._runtime.CUDAGraph()
        try:
            # Other threads may use the GPU meanwhile.
            with self._runtime.graph(self._graph, stream=stream, capture_error_mode="thread_local"):
                self._scores = self._compute(self._images)
        except RuntimeError:
            self._can_record = False
            self._graph = self._images = self._scores = None
            return False
        return True

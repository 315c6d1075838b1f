"""A model recorded as CUDA graphs, each of which costs the host one call to launch."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn

#: Batch sizes that get a graph of their own; each holds the memory of a whole execution.
_MOST_GRAPHS = 4


@dataclass(frozen=True)
class _Recorded:
    """A graph, and the memory from which it reads and to which it writes."""

    graph: Any
    images: torch.Tensor
    scores: torch.Tensor

    def compute(self, images: torch.Tensor) -> torch.Tensor:
        count = len(images)
        # What an earlier batch left in the other rows does not matter to these.
        self.images[:count].copy_(images)
        self.graph.replay()
        scores: torch.Tensor = self.scores[:count].clone()  # the next batch overwrites them
        return scores


class GraphedModel:
    """Calls `module` on batches [n, ...] of one stream, from a graph as soon as it has one.

    Hundreds of small kernels would otherwise be launched by Python for every batch, in turn with
    the threads that count scores. A size of batches is recorded when it comes a second time. One
    that comes for the first time, as the last batch of a run does, is computed within a larger
    graph where there is one: cuDNN would need seconds to find out how to compute another size.
    Models that cannot be recorded are computed as they are.
    """

    def __init__(self, framework: ModuleType, runtime: ModuleType, module: nn.Module) -> None:
        """framework: torch. runtime: torch.cuda, or what has its names."""
        self._torch = framework
        self._runtime = runtime
        self._module = module
        self._seen: set[int] = set()
        self._recorded: dict[int, _Recorded] = {}
        self._can_record = hasattr(runtime, "CUDAGraph")

    def __call__(self, images: torch.Tensor, stream: object) -> torch.Tensor:
        """Float32 scores [n, classes] of images on the device; `stream` is the current one."""
        count = len(images)
        if count in self._seen and count not in self._recorded:
            self._record(images, stream)
        self._seen.add(count)
        larger = [size for size in self._recorded if size >= count]
        if larger:
            return self._recorded[min(larger)].compute(images)
        return self._compute(images.contiguous(memory_format=self._torch.channels_last))

    def _compute(self, images: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self._module(images).float()
        return scores

    def _record(self, images: torch.Tensor, stream: object) -> None:
        if not self._can_record or len(self._recorded) == _MOST_GRAPHS:
            return
        try:
            kept = self._torch.empty_like(images, memory_format=self._torch.channels_last)
            kept.copy_(images)
            # What cuDNN and cuBLAS prepare, for each thread, cannot be prepared during a recording.
            self._compute(kept)
            graph = self._runtime.CUDAGraph()
            # Other threads may use the GPU meanwhile.
            with self._runtime.graph(graph, stream=stream, capture_error_mode="thread_local"):
                scores = self._compute(kept)
        except RuntimeError:  # among them torch.OutOfMemoryError: a graph needs memory of its own
            self._can_record = False
            return
        self._recorded[len(images)] = _Recorded(graph, kept, scores)

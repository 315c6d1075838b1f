"""torch's CUDA graphs beside a strict stand-in: recorded calls, on the memory as recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from regcore.backends.pytorch.cuda_graph import GraphedModel  # noqa: E402

STREAM = object()


class MadeUpGraph(TorchDispatchMode):  # type: ignore[misc,valid-type]
    """Replays every call that was captured, with its arguments where they were, into its results.

    As with the real ones, nothing but the recorded calls happens: memory that the caller exchanges
    is not seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any, Any]] = []
        self.replays = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        result = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, result))
        return result

    def replay(self) -> None:
        self.replays += 1
        for func, args, kwargs, result in self.calls:
            found = func(*args, **kwargs)
            if isinstance(result, torch.Tensor) and not result.is_set_to(found):
                result.copy_(found)


class Runtime(SimpleNamespace):
    """Stands for torch.cuda; `broken` graphs cannot be captured."""

    CUDAGraph = MadeUpGraph

    def __init__(self, *, broken: bool = False) -> None:
        super().__init__()
        self.broken = broken
        self.captures = 0

    @contextmanager
    def graph(
        self, graph: MadeUpGraph, *, stream: object, capture_error_mode: str
    ) -> Iterator[None]:
        assert stream is STREAM
        assert capture_error_mode == "thread_local"
        self.captures += 1
        with graph:
            yield
        # A real capture computes nothing.
        graph.calls[-1][-1].fill_(float("nan"))
        if self.broken:
            raise RuntimeError("operation not permitted when stream is capturing")


def network() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(4, 5),
    ).eval()


def batches(*counts: int) -> list[Any]:
    generator = torch.Generator().manual_seed(1)
    return [torch.rand(count, 3, 8, 8, generator=generator) for count in counts]


def computed(module: Any, images: Any) -> Any:
    return module(images.contiguous(memory_format=torch.channels_last)).numpy()


@pytest.mark.slow
def test_batches_of_any_size_have_their_scores() -> None:
    runtime, module = Runtime(), network()
    model = GraphedModel(torch, runtime, module)
    recorded = []
    with torch.inference_mode():
        for images in batches(4, 4, 4, 3, 4, 1, 3, 5, 3, 2, 5, 6, 6, 7, 7, 7):
            scores = model(images, STREAM)
            # Another size of batches may round otherwise, which shows most near 0.
            right = computed(module, images)
            np.testing.assert_allclose(scores.numpy(), right, rtol=1e-5, atol=1e-7)
            recorded.append(sorted(model._recorded))  # noqa: SLF001
    # A size is recorded when it comes a second time, up to four of them.
    assert recorded[0] == []
    assert recorded[1:6] == [[4]] * 5
    assert recorded[6:10] == [[3, 4]] * 4
    assert recorded[10:13] == [[3, 4, 5], [3, 4, 5], [3, 4, 5, 6]]
    assert recorded[13:] == [[3, 4, 5, 6]] * 3
    assert runtime.captures == 4
    # Of batches of up to three the graph of three computes most, once it is there.
    replays = {size: one.graph.replays for size, one in model._recorded.items()}  # noqa: SLF001
    assert replays == {3: 3, 4: 5, 5: 1, 6: 1}


def test_a_graph_gives_the_bits_of_its_size() -> None:
    model = GraphedModel(torch, Runtime(), module := network())
    with torch.inference_mode():
        for images in batches(4, 4, 4):
            scores = model(images, STREAM)
            np.testing.assert_array_equal(scores.numpy(), computed(module, images))
        part = batches(4)[0]
        np.testing.assert_array_equal(model(part[:2], STREAM), computed(module, part)[:2])


def test_scores_that_were_given_stay_as_they_are() -> None:
    model = GraphedModel(torch, Runtime(), network())
    with torch.inference_mode():
        first, second, third = (model(images, STREAM) for images in batches(2, 2, 2))
        kept = second.clone()
        model(batches(2)[0] + 1, STREAM)
    assert torch.equal(second, kept)
    assert not torch.equal(first, second)
    assert not torch.equal(second, third)


def test_a_model_that_cannot_be_captured_is_computed_as_it_is() -> None:
    runtime, module = Runtime(broken=True), network()
    model = GraphedModel(torch, runtime, module)
    with torch.inference_mode():
        for images in batches(4, 4, 4):
            scores = model(images, STREAM).numpy()
            np.testing.assert_array_equal(scores, computed(module, images))
    assert runtime.captures == 1


def test_where_memory_is_short_there_is_no_graph() -> None:
    runtime, module = Runtime(), network()
    tight = iter([False, True, False, False])

    def compute(images: Any) -> Any:
        if next(tight):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return module(images)

    model = GraphedModel(torch, runtime, compute)
    with torch.inference_mode():
        for images in batches(4, 4, 4):
            scores = model(images, STREAM).numpy()
            np.testing.assert_array_equal(scores, computed(module, images))
    assert runtime.captures == 0


def test_a_runtime_without_graphs_computes_as_it_is() -> None:
    module = network()
    model = GraphedModel(torch, SimpleNamespace(), module)  # type: ignore[arg-type]
    with torch.inference_mode():
        for images in batches(2, 2, 2):
            scores = model(images, STREAM).numpy()
            np.testing.assert_array_equal(scores, computed(module, images))

"""regcore's TensorRT backend on the real CUDA runtime; torch stands for the engine."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from gpu import torch_engine
from gpu.check import Check, run
from gpu.spans import check_spans

from regcore.backends.protocol import Backend
from regcore.backends.registry import open_backend
from regcore.backends.tensorrt.cuda_graph import Execution

ENGINES = {
    "built-in batch 32": {"batch": 32, "profiles": []},
    "profiles 1-8 and 9-64": {"batch": -1, "profiles": [(1, 8, 8), (9, 32, 64)]},
}
COUNTS = {32: [32, 32, 32, 5, 1, 32, 32], 64: [64, 1, 8, 9, 33, 64, 64, 3]}
BATCHES = 200


def step(check: Check) -> None:
    torch.backends.cuda.matmul.allow_tf32 = False
    sys.modules["tensorrt"] = torch_engine.module()
    launches = counted_launches()
    with tempfile.TemporaryDirectory() as folder:
        for name, facts in ENGINES.items():
            launches[0] = 0
            path = Path(folder) / "made-up.engine"
            path.write_text(json.dumps(facts))
            with open_backend(path) as backend:
                check.note(f"{name}: {backend.provider}, up to {backend.max_batch} images")
                one_by_one(check, name, backend)
                in_flight(check, name, backend)
            replayed = launches[0] > BATCHES // 2
            check.ok(
                replayed == (not facts["profiles"]),
                f"{name}: {launches[0]} launches of a graph, which a built-in batch alone has",
            )


def counted_launches() -> list[int]:
    """The number of batches that a graph computed, from now on."""
    launches = [0]
    original = Execution.launch

    def launch(self: Execution, context: Any) -> None:  # noqa: ANN401
        launches[0] += self._graph is not None
        original(self, context)

    Execution.launch = launch  # type: ignore[method-assign]
    return launches


def one_by_one(check: Check, name: str, backend: Backend) -> None:
    worst = 0.0
    for seed, count in enumerate(COUNTS[backend.max_batch or 0]):
        images = np.random.default_rng(seed).random((count, *torch_engine.SHAPE), np.float32)
        far = np.abs(backend.run(images) - torch_engine.expected_scores(images)).max()
        worst = max(worst, float(far))
    check.ok(worst < 1e-3, f"{name}: full and partial batches are right within {worst:.1e}")


def in_flight(check: Check, name: str, backend: Backend) -> None:
    shape = (backend.max_batch or 0, *torch_engine.SHAPE)
    ring = backend.host_buffers(3, shape, np.dtype(np.float32)) or []
    for seed, buffer in enumerate(ring):
        buffer[...] = np.random.default_rng(100 + seed).random(shape, np.float32)
    expected = [torch_engine.expected_scores(buffer) for buffer in ring]
    spans, wrong = [], 0
    start = perf_counter()
    backend.submit(ring[0])
    for number in range(1, BATCHES + 1):
        if number < BATCHES:
            backend.submit(ring[number % 3])
        result = backend.result()
        spans.append(result.spans)
        if number % 20 == 0:
            wrong += not np.allclose(result.scores, expected[(number - 1) % 3], atol=1e-3)
    seconds = perf_counter() - start
    check.ok(not wrong, f"{name}: the scores of batches in flight are those of their batch")
    check_spans(check, name, spans, shape[0] * BATCHES / seconds)


if __name__ == "__main__":
    run("regcore's TensorRT backend on the real CUDA runtime, the engine being torch", step)

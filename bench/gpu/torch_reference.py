"""timm's model on the GPU: scores beside the CPU's, TF32, half precision, copies that overlap."""

from __future__ import annotations

import warnings
from time import perf_counter

import numpy as np
from gpu.check import Check, run
from gpu.spans import check_spans

from regcore import Preprocessor
from regcore.backends.protocol import Backend
from regcore.backends.registry import open_backend
from regcore.models.metadata import ModelMetadata

BATCH = 64
BATCHES = 60


def step(check: Check) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        gpu = open_backend(check.model, provider="cuda")
    words = [str(warning.message)[:90] for warning in seen]
    check.ok(not seen, f"opening the model on {gpu.provider} warns of nothing {words or ''}")
    metadata = ModelMetadata.from_properties(check.model, gpu.metadata)
    images = Preprocessor(metadata.recipe)(check.photos[:BATCH])
    count = len(images)
    with gpu, open_backend(check.model, provider="cpu") as cpu:
        expected, found = cpu.run(images), gpu.run(images)
        largest = float(np.abs(expected).max())
        far = float(np.abs(expected - found).max())
        same = expected.argmax(1) == found.argmax(1)
        check.ok(
            far < 1e-4 * largest and same.all(),
            f"{count} photos: CPU and GPU differ by {far:.2e} of {largest:.1f}, "
            f"and {same.sum()} best classes are equal",
            difference=far,
        )
        overlap(check, gpu, images)
    with open_backend(check.model, provider="cuda", precision="tf32") as reduced:
        scores = reduced.run(images)
        tf32 = float(np.abs(expected - scores).max())
        same = expected.argmax(1) == scores.argmax(1)
        check.ok(
            tf32 > 3 * far and reduced.precision == "tf32",
            f"--precision tf32 differs by {tf32:.2e}, and {same.sum()} best classes are equal",
            difference=tf32,
        )
    half = check.model.replace("torch:", "torch-half:", 1)
    with open_backend(half, provider="cuda") as backend:
        scores = backend.run(images.astype(np.float16))
        same = expected.argmax(1) == scores.argmax(1)
        check.ok(
            same.mean() > 0.9,
            f"float16 differs by {np.abs(expected - scores).max():.2e}, "
            f"and {same.sum()} best classes are equal",
        )


def overlap(check: Check, gpu: Backend, images: np.ndarray) -> None:
    ring = gpu.host_buffers(3, images.shape, images.dtype)
    if ring is None:
        check.ok(held=False, text="the GPU's backend has no page-locked memory")
        return
    for buffer in ring:
        buffer[...] = images
    for _ in range(5):
        gpu.run(ring[0])
    spans = []
    start = perf_counter()
    gpu.submit(ring[0])
    for number in range(1, BATCHES):
        gpu.submit(ring[number % 3])
        spans.append(gpu.result().spans)
    spans.append(gpu.result().spans)
    seconds = perf_counter() - start
    check_spans(check, f"torch, batch {len(images)}", spans, len(images) * BATCHES / seconds)


if __name__ == "__main__":
    run("timm's model on torch, GPU beside CPU", step)

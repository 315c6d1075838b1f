"""What a TensorRT engine is built of, and what builds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class EngineJob:
    """What to build.

    onnx: the file that TensorRT reads, which is a float16 one where it has no flag for that.
    shapes: of the input, smallest, best and largest; empty where the model's batch is built in.
    fp16_flag: whether TensorRT is told that it may compute in float16.
    tf32: whether it may multiply float32 with 10 bits of mantissa, which is its own default.
    timing_cache: measurements of kernels, which a builder reads where they are there, and leaves
        there for the next build.
    """

    onnx: Path
    input: str
    shapes: tuple[tuple[int, ...], ...]
    fp16_flag: bool
    tf32: bool
    timing_cache: Path


class Builder(Protocol):
    """One of the ways to TensorRT."""

    version: tuple[int, int, int]

    def build(self, job: EngineJob, out: Path, say: Callable[[str], None]) -> str | None:
        """Writes the engine to `out`; BackendError where that fails.

        Returns the GPU's name where the builder says it.
        """

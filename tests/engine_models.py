"""Engines as the stand-ins of TensorRT build them, of the tiny models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine_file import engine_bytes
from onnx_models import save_model

SIZE = 8


def save_engine(
    path: Path,
    *,
    batches: tuple[int, int, int] | list[tuple[int, int, int]] | None = (1, 4, 8),
    version: tuple[int, int, int] = (10, 1, 0),
    **model: Any,
) -> Path:
    """Writes an engine of a model for images [n, 3, 8, 8], with these profiles or a fixed batch."""
    onnx = save_model(path.with_suffix(".onnx"), **{"size": SIZE, **model})

    def shapes(sizes: tuple[int, int, int]) -> list[list[int]]:
        return [[size, 3, SIZE, SIZE] for size in sizes]

    profile: Any = None
    if isinstance(batches, list):
        profile = [shapes(sizes) for sizes in batches]
    elif batches is not None:
        profile = shapes(batches)
    header = {"version": list(version), "profile": profile, "input": "image", "fp16": False}
    path.write_bytes(engine_bytes(header, onnx.read_bytes()))
    return path

"""What runs a model: the protocol, and how to open one by the model's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from regcore.errors import BackendError
from regcore.recipe import Recipe

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class TensorSpec:
    """Name, shape and NumPy dtype of a model's input or output.

    A dimension is None where it may vary; shape or dtype is None where the backend takes any.
    """

    name: str
    shape: tuple[int | None, ...] | None
    dtype: str | None

    def __str__(self) -> str:
        return f"{self.name} {describe(self.dtype, self.shape)}"


class Backend(Protocol):
    """A model that is ready to run. Use it as a context manager, or call close().

    name, version: the runtime; provider: what really runs in it, not what was asked for.
    inputs: the one image input; outputs: the one output whose scores are read.
    metadata: what the model's maker wrote into its file, by key.
    """

    name: str
    version: str
    provider: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: Mapping[str, str]

    def run(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """Scores float32 [n, classes] of n images; the array is the caller's to keep."""

    def close(self) -> None:
        """Gives the device and its memory back."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


def open_backend(
    model: str | Path,
    *,
    provider: str | None = None,
    threads: int | None = None,
    output: str | None = None,
) -> Backend:
    """Opens a model: a `.onnx` file, or `simulated:RATE[:CLASSES]` for tests and measurements.

    provider: where it runs (`cpu`, `cuda`, `tensorrt`, `cann`, or the runtime's own name).
    threads: of the runtime, its own choice by default. output: the name of the scores.
    Raises BackendError where the model, the runtime or the provider cannot be had.
    """
    text = str(model)
    if text.startswith("simulated:"):
        from regcore.backends.simulated import SimulatedBackend

        if provider is not None or output is not None:
            raise BackendError(f"{text}: a simulated model has no choice of provider or output")
        return SimulatedBackend.parse(text)
    if Path(text).suffix.lower() == ".onnx":
        from regcore.backends.onnxruntime import OnnxRuntimeBackend

        return OnnxRuntimeBackend(Path(text), provider=provider, threads=threads, output=output)
    raise BackendError(
        f"{text}: no backend for this model; supported are FILE.onnx and simulated:RATE[:CLASSES]"
    )


def check_recipe(backend: Backend, recipe: Recipe) -> None:
    """Raises BackendError where the recipe's dtype, layout or crop is not what the model takes."""
    wanted = backend.inputs[0]
    offered = recipe.image_shape
    same_dtype = wanted.dtype in (None, recipe.dtype)
    same_shape = wanted.shape is None or (
        len(wanted.shape) == len(offered) + 1
        and all(dim in (None, size) for dim, size in zip(wanted.shape[1:], offered, strict=True))
    )
    if not (same_dtype and same_shape):
        raise BackendError(
            f"the model takes {wanted}, but the recipe gives "
            f"{describe(recipe.dtype, (None, *offered))} ({recipe.layout}): "
            "choose another recipe, dtype or layout"
        )


def static_batch(backend: Backend) -> int | None:
    """The batch size that is built into the model, or None where any will do."""
    shape = backend.inputs[0].shape
    return shape[0] if shape else None


def describe(dtype: str | None, shape: tuple[int | None, ...] | None) -> str:
    """`float32 [N, 3, 224, 224]`: N for a batch and `?` for another dimension that may vary."""
    if shape is None:
        return f"{dtype or 'any dtype'} [any shape]"
    names = ["N" if i == 0 else "?" for i in range(len(shape))]
    dims = ", ".join(
        name if dim is None else str(dim) for dim, name in zip(shape, names, strict=True)
    )
    return f"{dtype or 'any dtype'} [{dims}]"

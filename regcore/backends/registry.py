"""What runs a model: how to open one by the model's name, and whether a recipe fits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from regcore.backends.protocol import Backend, Result, Span, TensorSpec, describe
from regcore.errors import BackendError
from regcore.images.recipe import DTYPES, Recipe

__all__ = [
    "Backend",
    "Result",
    "Span",
    "TensorSpec",
    "check_recipe",
    "describe",
    "in_form_of",
    "open_backend",
    "static_batch",
]

_CHANNELS = 3


def open_backend(
    model: str | Path,
    *,
    provider: str | None = None,
    threads: int | None = None,
    output: str | None = None,
    devices: Sequence[int] | None = None,
    allow_fallback: bool = False,
) -> Backend:
    """Opens a model.

    model: a file `.onnx`, `.om`, or `.engine` (`.plan`); `torch:MODEL[.TAG][:WEIGHTS]`, timm's
        model itself, or `torch-half:...`; `simulated:RATE[:CLASSES]` for tests and measurements.
    provider: where an ONNX model runs (`cpu`, `cuda`, `tensorrt`, `cann`, or the runtime's own
        name), or timm's (`cpu`, `cuda`). threads: of the runtime, its own choice by default.
    output: the name of the scores.
    devices: the numbers of those on which an `.om` or `.engine` runs, batches in turn; 0 by
        default.
    allow_fallback: whether what an ONNX model's provider does not take may run on the CPU.
    Raises BackendError where the model, the runtime or the provider cannot be had.
    """
    text = str(model)
    suffix = Path(text).suffix.lower()
    kind = text.partition(":")[0]
    if kind in ("torch", "torch-half", "simulated") and kind != text:
        _refuse(text, devices=devices, output=output)
        if kind == "simulated":
            from regcore.backends.simulated import SimulatedBackend

            _refuse(text, provider=provider)
            return SimulatedBackend.parse(text)
        from regcore.backends.pytorch import TorchBackend

        return TorchBackend.parse(text, provider=provider, threads=threads)
    if suffix in (".om", ".engine", ".plan"):
        _refuse(text, provider=provider)
        return _open_built(Path(text), output, devices or (0,))
    if suffix == ".onnx":
        from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend

        _refuse(text, devices=devices)
        return OnnxRuntimeBackend(
            Path(text),
            provider=provider,
            threads=threads,
            output=output,
            allow_fallback=allow_fallback,
        )
    raise BackendError(
        f"{text}: no backend for this model; supported are FILE.onnx, FILE.om, FILE.engine, "
        "torch:MODEL[.TAG][:WEIGHTS] and simulated:RATE[:CLASSES]"
    )


def _refuse(model: str, **options: object) -> None:
    for name, value in options.items():
        if value is not None:
            raise BackendError(f"{model}: has no choice of {name}")


def _open_built(path: Path, output: str | None, devices: Sequence[int]) -> Backend:
    from regcore.backends.round_robin import SeveralDevices

    def open_one(device: int) -> Backend:
        if path.suffix.lower() == ".om":
            from regcore.backends.ascend import AscendBackend

            return AscendBackend(path, device=device, output=output)
        from regcore.backends.tensorrt import TensorRTBackend

        return TensorRTBackend(path, device=device, output=output)

    return open_one(devices[0]) if len(devices) == 1 else SeveralDevices(devices, open_one)


def in_form_of(recipe: Recipe, image: TensorSpec) -> Recipe:
    """The recipe in the dtype and layout of a model's input, as far as that has them.

    A model that takes uint8 normalises by itself. The size is left as it is.
    """
    shape = image.shape or ()
    layout = recipe.layout
    if len(shape) == 4 and (shape[1] == _CHANNELS) != (shape[3] == _CHANNELS):  # noqa: PLR2004
        layout = "nchw" if shape[1] == _CHANNELS else "nhwc"
    dtype = image.dtype if image.dtype in DTYPES else recipe.dtype
    return replace(recipe, dtype=dtype, layout=layout)


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

"""What runs a model: how to open one by the model's name, and whether a recipe fits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from regcore.backends.protocol import Backend
from regcore.backends.recipe_fit import in_form_of
from regcore.errors import BackendError, UsageError
from regcore.models.metadata import ModelMetadata


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


def read_metadata(model: Path) -> ModelMetadata:
    """What an .onnx file, or the record beside an .om or .engine, says of the model.

    Raises UsageError where it says nothing.
    """
    if model.suffix.lower() == ".onnx":
        from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend

        with OnnxRuntimeBackend(model) as backend:
            found = ModelMetadata.from_properties(model, backend.metadata)
            if found is not None:
                recipe = in_form_of(found.recipe, backend.inputs[0])
                found = replace(found, recipe=recipe)
    else:
        from regcore.models.build_record import read_record

        record = read_record(model)
        found = record.metadata(model) if record else None
    if found is None:
        raise UsageError(f"{model}: does not say how it wants its images; give --recipe instead")
    return found

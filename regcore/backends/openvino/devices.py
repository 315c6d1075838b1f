"""Which of OpenVINO's devices a provider names, and how a model is compiled for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from regcore.backends.openvino.model_file import ModelFile, import_openvino, openvino_errors
from regcore.errors import BackendError
from regcore.files.cache_dir import user_cache

#: In what a device can be told to compute float32: its own name for that, and what has it.
_PRECISIONS = {
    "float32": ("f32", "FP32"),
    "bfloat16": ("bf16", "BF16"),
    "float16": ("f16", "FP16"),
}
#: Chooses among the others, and may change its mind during a run.
_AUTO = "AUTO"


def compile_model(
    file: ModelFile, provider: str | None, threads: int | None, precision: str | None
) -> Any:  # noqa: ANN401
    """The openvino.CompiledModel of a file. Raises BackendError where the device cannot have it.

    provider: `cpu` (default), `gpu`, `gpu:1` or `npu`; `auto` leaves the choice to OpenVINO.
    threads: of the CPU, by default one for each core. precision: `bfloat16` or `float16`, in which
    float32 is computed; by default it is computed as such, which is not OpenVINO's own default.
    """
    core = _core_of(import_openvino().Core)
    device = _find(core, provider or "cpu")
    hint = _precision_hint(core, device, precision)
    options: dict[str, Any] = {
        # Several batches at once, each on some of the cores, instead of one on all of them.
        "PERFORMANCE_HINT": "THROUGHPUT",
        "INFERENCE_PRECISION_HINT": hint,
    }
    if threads is not None:
        options["INFERENCE_NUM_THREADS"] = threads
    if device != "CPU":  # which compiles faster than it reads what it compiled before
        options |= _cache(user_cache() / "openvino")
    with openvino_errors(f"{file.path} on {device}"):
        compiled = core.compile_model(file.model, device, options)
        if device != _AUTO:
            _check_precision(device, hint, compiled.get_property("INFERENCE_PRECISION_HINT"))
    return compiled


@cache
def _core_of(make: Callable[[], Any]) -> Any:  # noqa: ANN401
    """The process's own openvino.Core, kept until it ends.

    OpenVINO's CPU library gives the thread that loads it a stack for signals. With the last Core it
    is unloaded, and where another thread drops that one the freed stack stays in use: the next
    Ctrl-C would kill the process.
    """
    return make()


def _find(core: Any, provider: str) -> str:  # noqa: ANN401
    """OpenVINO's name of a device; raises BackendError where there is none."""
    name = provider.upper().replace(":", ".")
    available: list[str] = core.available_devices
    # Where there are several of a kind they have numbers, and the kind stands for the first.
    if name not in (_AUTO, *available) and f"{name}.0" not in available:
        version = short_version()
        raise BackendError(
            f"OpenVINO {version} has no device {provider} here, only "
            f"{', '.join(available).lower()}; GPUs and NPUs need their driver"
        )
    return name


def _precision_hint(core: Any, device: str, precision: str | None) -> str:  # noqa: ANN401
    with openvino_errors(f"OpenVINO's {device}"):
        can = core.get_property(device, "OPTIMIZATION_CAPABILITIES")
    there = [name for name, (_, capability) in _PRECISIONS.items() if capability in can]
    wanted = precision or "float32"
    if wanted in there:
        return _PRECISIONS[wanted][0]
    reduced = " or ".join(name for name in there if name != "float32")
    if precision is None:
        raise BackendError(
            f"OpenVINO's {device} does not compute float32; --precision {reduced} permits less"
        )
    raise BackendError(
        f"OpenVINO has no precision {precision} on {device}, only {reduced or 'float32 alone'}"
    )


def _check_precision(device: str, wanted: str, compiled: Any) -> None:  # noqa: ANN401
    found = compiled.get_type_name()
    if found != wanted:
        raise BackendError(f"{device} computes in {found} instead of {wanted}")


def _cache(folder: Path) -> dict[str, str]:
    """Where compiled models are kept; nowhere where there can be no such folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return {}
    return {"CACHE_DIR": str(folder)}


def where_it_runs(compiled: Any) -> str:  # noqa: ANN401
    """The devices that a model was compiled for, as OpenVINO names them."""
    with openvino_errors("OpenVINO"):
        return ", ".join(compiled.get_property("EXECUTION_DEVICES"))


def short_version() -> str:
    """OpenVINO's version without its build, as in 2026.4.1."""
    return str(import_openvino().__version__).split("-", 1)[0]

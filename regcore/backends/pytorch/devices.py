"""Which device of torch a provider names, and in what it multiplies float32."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from regcore.errors import BackendError

if TYPE_CHECKING:
    import torch

#: What each kind of device may compute float32 in.
_REDUCED = {"cuda": "tf32", "npu": "hf32"}


def find_device(torch: ModuleType, provider: str) -> torch.device:
    """The device that `cpu`, `cuda`, `cuda:1` or `npu` names; raises BackendError without it."""
    kind, _, number = provider.lower().partition(":")
    if provider.lower() == "cpu":
        return torch.device("cpu")  # type: ignore[no-any-return]
    if kind not in _REDUCED or not (number.isdigit() or not number):
        raise BackendError(f"torch has no provider {provider} here, only cpu, cuda and npu")
    if kind == "npu":
        _import_torch_npu(torch)
    runtime = getattr(torch, kind)
    if not runtime.is_available():
        raise BackendError(f"torch {torch.__version__} {_why_not(torch, kind)}")
    count = runtime.device_count()
    if int(number or 0) >= count:
        devices = "GPUs" if kind == "cuda" else "NPUs"
        raise BackendError(f"{provider}: there are {count} {devices} here, counted from 0")
    return torch.device(kind, int(number or 0))  # type: ignore[no-any-return]


def _import_torch_npu(torch: ModuleType) -> None:
    """Registers torch.npu."""
    try:
        import_module("torch_npu")
    except Exception as error:  # without CANN it fails in many ways
        raise BackendError(
            f"torch {torch.__version__} has no npu: torch_npu does not load ({error}); its version "
            "is that of torch, and CANN's set_env.sh must have been read"
        ) from error


def _why_not(torch: ModuleType, kind: str) -> str:
    if kind == "npu":
        return "finds no NPU (npu-smi info shows its driver)"
    built = torch.version.cuda
    if built is None:
        return "is built without CUDA"
    return f"finds no GPU (nvidia-smi shows its driver), though built for CUDA {built}"


def set_precision(torch: ModuleType, device: torch.device, precision: str | None) -> str:
    """Sets in what the whole process multiplies float32 on such devices: float32 by default.

    precision: `tf32` for CUDA's devices, `hf32` for Ascend's, or None. Returns it, empty for None.
    Raises BackendError for another.
    """
    reduced = _REDUCED.get(device.type)
    if precision not in (None, reduced):
        known = f"only {reduced}" if reduced else "float32 alone"
        raise BackendError(f"torch has no precision {precision} on {device}, {known}")
    on = precision is not None
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = on
        torch.backends.cuda.matmul.allow_tf32 = on
    elif device.type == "npu":
        # torch_npu multiplies convolutions in HF32 unless it is told not to.
        torch.npu.conv.allow_hf32 = on
        torch.npu.matmul.allow_hf32 = on
    return precision or ""

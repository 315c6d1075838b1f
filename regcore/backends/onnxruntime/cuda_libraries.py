"""The libraries that a provider needs: loaded before it, or why they do not load."""

from __future__ import annotations

import contextlib
import ctypes
import io
import re
from pathlib import Path
from types import ModuleType

from regcore.backends.onnxruntime.providers import GPU_PACKAGE, Provider

_LIBRARY = "libonnxruntime_providers_{}.so"
_NEEDS_CUDNN_9 = (1, 19)


def preload_libraries(runtime: ModuleType) -> None:
    """Loads CUDA's libraries out of pip's packages, where this ONNX Runtime can, from 1.21 on."""
    preload = getattr(runtime, "preload_dlls", None)
    if preload is not None:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find
            preload()


def why_not_loaded(runtime: ModuleType, provider: Provider) -> str:
    """Why the library of a provider does not load, and what it needs; empty where it does.

    ONNX Runtime tells that to its log alone.
    """
    folder = Path(str(runtime.__file__)).parent / "capi"
    file = folder / _LIBRARY.format(provider.name.removesuffix("ExecutionProvider").lower())
    if not file.is_file():
        return ""
    try:
        shared = folder / _LIBRARY.format("shared")
        if shared.is_file():
            ctypes.CDLL(str(shared), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(file))
    except OSError as error:
        return " ".join(str(error).split())
    return ""


def what_helps(runtime: ModuleType, provider: Provider) -> str:
    """What a provider needs that did not start."""
    if not provider.uses_cuda:
        return f"see that the driver and libraries of {provider.name} are installed"
    major = str(getattr(runtime, "cuda_version", None) or "").partition(".")[0]
    version = tuple(int(part) for part in re.findall(r"\d+", runtime.__version__)[:2])
    cudnn = "cuDNN 9" if version >= _NEEDS_CUDNN_9 else "its cuDNN"
    tensorrt = ", TensorRT" if provider.name.startswith("Tensorrt") else ""
    needs = f"CUDA {major or 'that it was built for'}, {cudnn}{tensorrt} and a driver (nvidia-smi)"
    older = f", with a driver for CUDA 12 '{GPU_PACKAGE}<1.27'" if major == "13" else ""
    return (
        f"onnxruntime {runtime.__version__} needs {needs}: pip install '{GPU_PACKAGE}'"
        f"{f' tensorrt-cu{major}' if tensorrt and major else ''}{older}"
    )

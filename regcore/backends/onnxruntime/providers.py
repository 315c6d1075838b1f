"""Where ONNX Runtime runs a model: its providers by name, their memory, and their options."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import ModuleType

from regcore.errors import BackendError

CPU = "CPUExecutionProvider"
_CUDA, _TENSORRT, _CANN = (
    "CUDAExecutionProvider",
    "TensorrtExecutionProvider",
    "CANNExecutionProvider",
)
_BY_SHORT_NAME = {"cpu": CPU, "cuda": _CUDA, "tensorrt": _TENSORRT, "cann": _CANN}
#: It brings CUDA and cuDNN along: CUDA 13's from 1.27 on, before that CUDA 12's.
GPU_PACKAGE = "onnxruntime-gpu[cuda,cudnn]"
# What of a model TensorRT does not take, CUDA does.
_BESIDE = {_TENSORRT: _CUDA}
#: Where the tensors of a provider are, in the runtime's words.
_MEMORY = {_CUDA: "cuda", _TENSORRT: "cuda", _CANN: "cann"}
# TensorRT's provider has no option of its own; all of NVIDIA's libraries obey this.
_TF32_OVERRIDE = "NVIDIA_TF32_OVERRIDE"


@dataclass(frozen=True)
class Provider:
    """A provider as it was asked for.

    asked: in the user's words. name: in the runtime's. number: of its device, None for its own
    choice. beside: the provider of what it does not take, before the CPU.
    """

    asked: str
    name: str
    number: int | None = None
    beside: str | None = None

    @property
    def is_cpu(self) -> bool:
        """Whether it is the runtime's own, which takes every model."""
        return self.name == CPU

    @property
    def uses_cuda(self) -> bool:
        """Whether it needs CUDA's libraries."""
        return memory_of(self.name) == "cuda"

    def with_options(self, precision: str) -> list[tuple[str, dict[str, str]]]:
        """The providers of a session, each with its options. precision: see `settle_precision`."""
        device = {} if self.number is None else {"device_id": str(self.number)}
        names = [self.name, *filter(None, [self.beside])]
        tf32 = {"use_tf32": "1" if precision == "tf32" else "0"}
        return [(name, device | (tf32 if name == _CUDA else {})) for name in names]


def find_provider(runtime: ModuleType, asked: str | None) -> Provider:
    """The provider of `cuda`, `cuda:1` or the runtime's own name; the CPU's for None.

    Raises BackendError where this onnxruntime does not have it.
    """
    asked = asked or "cpu"
    short, _, number = asked.partition(":")
    name = _BY_SHORT_NAME.get(short.lower(), short)
    available = runtime.get_available_providers()
    if name not in available:
        raise BackendError(
            f"ONNX Runtime {runtime.__version__} has no provider {short} here, only "
            f"{', '.join(available)}; {_package_advice(name)}"
        )
    if number and (not number.isdigit() or name == CPU):
        raise BackendError(f"{asked}: expected a provider such as cuda or cuda:1")
    beside = _BESIDE.get(name)
    return Provider(
        asked, name, int(number) if number else None, beside if beside in available else None
    )


def memory_of(name: str) -> str | None:
    """Where the tensors of a provider are; None for host memory, or where that is not known."""
    return _MEMORY.get(name)


def settle_precision(provider: Provider, asked: str | None) -> str:
    """In what a session on this provider computes float32, where that is less than float32.

    Float32 is computed as such unless `asked` says otherwise; TensorRT's provider learns that from
    the environment of the whole process, as it has no option for it. CANN's computes in float16
    by itself. Raises BackendError where the provider does not know what is asked for.
    """
    if provider.name == _CANN and asked in (None, "float16"):
        return "float16"
    if asked is not None and (asked != "tf32" or not provider.uses_cuda):
        known = "only tf32" if provider.uses_cuda else "its own alone"
        raise BackendError(f"ONNX Runtime has no precision {asked} on {provider.name}, {known}")
    if provider.name != _TENSORRT:
        return asked or ""
    if asked is None:
        os.environ[_TF32_OVERRIDE] = "0"
    elif os.environ.get(_TF32_OVERRIDE) == "0":
        raise BackendError(
            f"{_TF32_OVERRIDE}=0, set by the environment or by a model that was opened before, "
            "keeps TensorRT from tf32"
        )
    return asked or ""


def _package_advice(name: str) -> str:
    packages = {
        _CUDA: f"pip install '{GPU_PACKAGE}'",
        _TENSORRT: f"pip install '{GPU_PACKAGE}'",
        _CANN: "pip install onnxruntime-cann 'numpy<2'",
    }
    if name not in packages:
        return "install the onnxruntime package that brings it"
    return f"install the package that brings it instead of this one: {packages[name]}"

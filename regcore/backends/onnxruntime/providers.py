"""Where ONNX Runtime runs a model: its providers by name, their memory, and their options."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from regcore.backends.onnxruntime.plugins import describe_device, plugin_devices
from regcore.errors import BackendError

if TYPE_CHECKING:
    from onnxruntime import OrtEpDevice

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
_OPENVINO = "OpenVINOExecutionProvider"
# What OpenVINO calls them. By itself it takes bfloat16 where the processor has it.
_OPENVINO_HINTS = {"": "f32", "bfloat16": "bf16", "float16": "f16"}


@dataclass(frozen=True)
class Provider:
    """A provider as it was asked for.

    asked: in the user's words. name: in the runtime's. number: of its device, None for its own
    choice. beside: the provider of what it does not take, before the CPU. device: that of a
    plugin, None for a provider that is part of the runtime.
    """

    asked: str
    name: str
    number: int | None = None
    beside: str | None = None
    device: OrtEpDevice | None = None

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
        if self.name == _OPENVINO:
            return [(self.name, {"device_type": "CPU"} | _openvino_options("CPU", precision))]
        device = {} if self.number is None else {"device_id": str(self.number)}
        names = [self.name, *filter(None, [self.beside])]
        tf32 = {"use_tf32": "1" if precision == "tf32" else "0"}
        return [(name, device | (tf32 if name == _CUDA else {})) for name in names]

    def plugin_options(self, precision: str) -> dict[str, str]:
        """The options of a plugin's provider."""
        if self.name != _OPENVINO or self.device is None or self._is_openvino_npu:
            return {}
        device = self.device.ep_metadata.get("ov_device", self.device.device.type.name)
        return _openvino_options(device, precision)

    @property
    def _is_openvino_npu(self) -> bool:
        if self.name != _OPENVINO or self.device is None:
            return False
        return bool(self.device.device.type.name == "NPU")

    @property
    def precisions(self) -> tuple[str, ...]:
        """Those in which it computes float32 where it is told to."""
        if self.name == _OPENVINO:
            return ("float16",) if self._is_openvino_npu else ("bfloat16", "float16")
        if self.name == _CANN:
            return ("float16",)
        return ("tf32",) if self.uses_cuda or self.obeys_override else ()

    @property
    def own_precision(self) -> str:
        """The one that it takes by itself, whatever it is told."""
        return "float16" if self.name == _CANN or self._is_openvino_npu else ""

    @property
    def obeys_override(self) -> bool:
        """Whether only the environment can keep it from TF32."""
        return "tensorrt" in self.name.lower()


def find_provider(runtime: ModuleType, asked: str | None) -> Provider:
    """The provider of `cuda`, `cuda:1`, a plugin's or the runtime's own name; the CPU's for None.

    A plugin's number is the place of one of its devices. Raises BackendError where this
    onnxruntime does not have the provider, or the plugin no such device.
    """
    asked = asked or "cpu"
    short, _, digits = asked.partition(":")
    name = _BY_SHORT_NAME.get(short.lower(), short)
    if digits and (not digits.isdigit() or name == CPU):
        raise BackendError(f"{asked}: expected a provider such as cuda or cuda:1")
    number = int(digits) if digits else None
    if name not in _BY_SHORT_NAME.values():
        devices = plugin_devices(runtime, short)
        if devices:
            return _of_plugin(asked, devices, number or 0)
    available = runtime.get_available_providers()
    if name not in available:
        raise BackendError(
            f"ONNX Runtime {runtime.__version__} has no provider {short} here, only "
            f"{', '.join(available)}; {_package_advice(name)}"
        )
    if name == _OPENVINO and number is not None:
        raise BackendError(
            f"{asked}: the {name} of this onnxruntime runs on the CPU alone; for others install "
            "onnxruntime-ep-openvino, or run openvino:FILE.onnx"
        )
    beside = _BESIDE.get(name)
    return Provider(asked, name, number, beside if beside in available else None)


def _of_plugin(asked: str, devices: list[OrtEpDevice], number: int) -> Provider:
    if number >= len(devices):
        listed = ", ".join(f"{at} {describe_device(one)}" for at, one in enumerate(devices))
        raise BackendError(f"{asked}: the devices of {devices[0].ep_name} are {listed}")
    device = devices[number]
    return Provider(asked, device.ep_name, number, device=device)


def _openvino_options(device: str, precision: str) -> dict[str, str]:
    hint = {"INFERENCE_PRECISION_HINT": _OPENVINO_HINTS[precision]}
    return {"load_config": json.dumps({device: hint})}


def memory_of(name: str) -> str | None:
    """Where the tensors of a provider are; None for host memory, or where that is not known."""
    return _MEMORY.get(name)


def settle_precision(provider: Provider, asked: str | None) -> str:
    """In what a session on this provider computes float32, where that is less than float32.

    Float32 is computed as such unless `asked` says otherwise, or the provider cannot. TensorRT's
    providers learn that from the environment of the whole process, as they have no option for it.
    Raises BackendError where the provider does not know what is asked for.
    """
    if asked is not None and asked not in provider.precisions:
        known = (
            f"only {' and '.join(provider.precisions)}"
            if provider.precisions
            else "which computes float32 as such; leave out --precision"
        )
        raise BackendError(f"ONNX Runtime has no precision {asked} on {provider.name}, {known}")
    if provider.obeys_override:
        if asked is None:
            os.environ[_TF32_OVERRIDE] = "0"
        elif os.environ.get(_TF32_OVERRIDE) == "0":
            raise BackendError(
                f"{_TF32_OVERRIDE}=0, set by the environment or by a model that was opened before, "
                "keeps TensorRT from tf32"
            )
    return asked or provider.own_precision


def _package_advice(name: str) -> str:
    packages = {
        _CUDA: f"pip install '{GPU_PACKAGE}'",
        _TENSORRT: f"pip install '{GPU_PACKAGE}'",
        _CANN: "pip install onnxruntime-cann 'numpy<2'",
    }
    if name not in packages:
        known = ", ".join(_BY_SHORT_NAME)
        return f"the names are {known}, or that of a package of ONNX Runtime's which brings it"
    return f"install the package that brings it instead of this one: {packages[name]}"

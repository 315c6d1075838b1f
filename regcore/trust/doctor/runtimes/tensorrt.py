"""TensorRT: its libraries, and the GPU that CUDA finds."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from regcore.backends.cuda.runtime import Cuda, import_cuda
from regcore.backends.tensorrt.library import import_tensorrt
from regcore.trust.doctor.findings import DeviceFound
from regcore.trust.doctor.runtimes.protocol import Runtime, tried


def _devices(_: Collection[str]) -> Sequence[DeviceFound]:
    import_tensorrt()
    return [tried("gpu", _gpu)]


def _gpu() -> str:
    name = Cuda(import_cuda(), "the GPU").value("GetDeviceProperties", 0).name
    return name.decode() if isinstance(name, bytes) else str(name)


RUNTIME = Runtime("tensorrt", ("tensorrt", "tensorrt-cu13", "tensorrt-cu12"), _devices)

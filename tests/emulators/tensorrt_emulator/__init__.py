"""Emulated GPUs with TensorRT, strict about what programs do with them; see README.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from tensorrt_emulator.cuda_runtime import CudaRuntime, cudaError_t, cudaMemcpyKind
from tensorrt_emulator.machine import Machine, Settings, native_handle
from tensorrt_emulator.nvinfer import tensorrt_module

__all__ = ["Emulator", "Settings", "cudaError_t", "cudaMemcpyKind", "native_handle"]


class Emulator:
    """Emulated GPUs, and the modules `tensorrt` and `cuda.bindings.runtime` that drive them."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.machine = Machine(settings or Settings())
        self.tensorrt: Any = tensorrt_module(self.machine)
        self.runtime: Any = CudaRuntime(self.machine).module()

    @property
    def calls(self) -> list[str]:
        """The names of all calls so far."""
        return self.machine.calls

    @property
    def violations(self) -> list[str]:
        """Every rule that was broken, in words."""
        return self.machine.violations

    def alive(self) -> list[str]:
        """What was made and not given back yet: streams, events, memory, engines, contexts."""
        return self.machine.alive()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """`import tensorrt` and `from cuda.bindings import runtime` give these meanwhile."""
        cuda, bindings = ModuleType("cuda"), ModuleType("cuda.bindings")
        utils = ModuleType("cuda.bindings.utils")
        utils.get_cuda_native_handle = native_handle  # type: ignore[attr-defined]
        cuda.bindings, bindings.runtime = bindings, self.runtime  # type: ignore[attr-defined]
        bindings.utils = utils  # type: ignore[attr-defined]
        modules = {
            "cuda": cuda,
            "cuda.bindings": bindings,
            "cuda.bindings.runtime": self.runtime,
            "cuda.bindings.utils": utils,
            "tensorrt": self.tensorrt,
        }
        before = {name: sys.modules.get(name) for name in modules}
        sys.modules.update(modules)
        try:
            yield
        finally:
            for name, module in before.items():
                if module is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = module

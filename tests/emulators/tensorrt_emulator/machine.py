"""The state of the emulated GPUs. Memory, streams and the order of things are as for an Ascend."""

from __future__ import annotations

import threading
import warnings
import weakref
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from acl_emulator.engines import Engines
from acl_emulator.errors import AclError, Code
from acl_emulator.memory import Memory
from acl_emulator.ordering import HOST, Ordering, Stamp
from acl_emulator.streams import Event, Stream


@dataclass
class Settings:
    """version: of TensorRT. gpus: how many; name: of each; device_memory: bytes of each.

    faults: for a call, as in "cudaMalloc" or "execute_async_v3", by its number (from 1): the name
        of the CUDA error that it fails with; TensorRT's factories raise what they are told, as in
        "TypeError", or give nothing. "task.copy" and "task.execute" fail later, on the stream.
    capturable: whether the execution of a model can be recorded as a graph.
    driver: the error of every CUDA call. driver_version: the newest CUDA that the driver knows, 0
        where there is no driver: with one older than the runtime's every call fails.
    """

    version: str = "10.1.0.27"
    runtime_version: int = 13050
    driver_version: int = 13000
    gpus: int = 2
    name: str = "Emulated T4"
    device_memory: int = 4 << 30
    faults: dict[str, dict[int, str]] = field(default_factory=dict)
    driver: str | None = None
    capturable: bool = True

    @property
    def driver_error(self) -> str | None:
        """What every call fails with. Within a major version, older drivers are good enough."""
        old = self.driver_version // 1000 < self.runtime_version // 1000
        return self.driver or ("cudaErrorInsufficientDriver" if old else None)


class CudaError(Exception):
    """A call fails with the CUDA error `name`. rule: whether the caller broke a rule."""

    def __init__(self, name: str, message: str, *, rule: bool = True) -> None:
        super().__init__(message)
        self.name = name
        self.rule = rule


class Handle:
    """A cudaStream_t, cudaEvent_t, cudaGraph_t and so on: a number of the driver's."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __int__(self) -> int:
        warnings.warn("use get_cuda_native_handle", DeprecationWarning, stacklevel=2)
        return self.number


def native_handle(handle: object) -> int:
    """The number of a handle; what TensorRT is given is a number already."""
    if isinstance(handle, Handle):
        return handle.number
    assert isinstance(handle, int), f"{handle!r} is no handle"
    return handle


@dataclass
class GpuStream:
    """A thread with tasks in order, on one GPU. capture: what is recorded instead of done."""

    gpu: int
    handle: int
    work: Stream
    capture: list[Callable[[GpuStream], None]] | None = None


@dataclass
class Machine:
    """sticky: the error of the work that failed; every later call fails with it, too."""

    settings: Settings
    ordering: Ordering = field(default_factory=Ordering)
    lock: threading.RLock = field(default_factory=threading.RLock)
    calls: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    streams: dict[int, GpuStream] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)
    graphs: dict[int, list[Callable[[GpuStream], None]]] = field(default_factory=dict)
    objects: weakref.WeakSet[Any] = field(default_factory=weakref.WeakSet)
    pageable_copies: int = 0
    sticky: str | None = None
    memory: Memory = field(init=False)
    engines: list[Engines] = field(init=False)
    _counts: Counter[str] = field(default_factory=Counter)
    _thread: threading.local = field(default_factory=threading.local)
    _handles: int = 0x7F00_0000_1000

    def __post_init__(self) -> None:
        self.memory = Memory(self.settings.device_memory)
        self.engines = [Engines() for _ in range(self.settings.gpus)]

    def count(self, name: str) -> str | None:
        """Notes a call; the error that it shall fail with, or None."""
        with self.lock:
            self._counts[name] += 1
            return self.settings.faults.get(name, {}).get(self._counts[name])

    def note(self, name: str, error: CudaError | AclError) -> None:
        """Keeps broken rules."""
        if error.rule:
            self.violations.append(f"{name}: {error}")

    @property
    def gpu(self) -> int:
        """Of this thread: it begins with the first."""
        return getattr(self._thread, "gpu", 0)

    @gpu.setter
    def gpu(self, gpu: int) -> None:
        self._thread.gpu = gpu

    def new_handle(self) -> int:
        self._handles += 0x10
        return self._handles

    def stream(self, handle: object, *, capturing: bool = False) -> GpuStream:
        """A living stream of this thread's GPU, in which nothing but executions are recorded."""
        number = native_handle(handle)
        found = self.streams.get(number)
        if number == 0:
            raise CudaError("cudaErrorInvalidResourceHandle", "the default stream: make your own")
        if found is None:
            raise CudaError("cudaErrorInvalidResourceHandle", f"{number:#x} is no stream")
        if found.gpu != self.gpu:
            reason = f"a stream of GPU {found.gpu}, but GPU {self.gpu} is set in this thread"
            raise CudaError("cudaErrorInvalidResourceHandle", reason)
        if found.capture is not None and not capturing:
            raise CudaError("cudaErrorInvalidValue", "used while an execution is recorded")
        return found

    def event(self, handle: object) -> Event:
        """A living event."""
        found = self.events.get(native_handle(handle))
        if found is None:
            raise CudaError("cudaErrorInvalidResourceHandle", "this is no event (any more)")
        return found

    def check_work(self, gpu: int) -> None:
        """Raises the error of work that failed, in whichever stream of the GPU."""
        errors = [s.work.error for s in self.streams.values() if s.gpu == gpu and s.work.error]
        if errors:
            self.sticky = self.sticky or _NAMES.get(errors[0].code, "cudaErrorLaunchFailure")
            raise CudaError(self.sticky, str(errors[0]), rule=False)

    def host_step(self) -> Stamp:
        return self.ordering.step(HOST)

    def alive(self) -> list[str]:
        """What was not given back, in words."""
        found = [f"stream {handle:#x}" for handle in self.streams]
        found += [f"event {handle:#x}" for handle in self.events]
        found += [f"graph {handle:#x}" for handle in self.graphs]
        found += [str(block) for block in self.memory.alive()]
        return found + [type(thing).__name__ for thing in self.objects]


_NAMES = {int(Code.RT_DRV_INTERNAL): "cudaErrorIllegalAddress"}


def as_cuda(error: AclError) -> CudaError:
    """What the shared parts of the emulators raise, as CUDA names it."""
    memory = error.code == Code.RT_MEMORY_ALLOCATION
    name = "cudaErrorMemoryAllocation" if memory else "cudaErrorInvalidValue"
    return CudaError(name, str(error), rule=error.rule)

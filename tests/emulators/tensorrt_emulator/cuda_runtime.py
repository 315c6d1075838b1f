"""cuda.bindings.runtime: every function returns a tuple that begins with its code."""

from __future__ import annotations

import ctypes
import functools
import zlib
from collections.abc import Callable
from enum import IntEnum
from types import ModuleType, SimpleNamespace
from typing import Any

from acl_emulator.engines import Engine
from acl_emulator.errors import AclError, Code
from acl_emulator.memory import GARBAGE, Region
from acl_emulator.streams import Event, Record, Stream, Task

from tensorrt_emulator.machine import (
    CudaError,
    GpuStream,
    Handle,
    Machine,
    as_cuda,
    native_handle,
)


class cudaError_t(IntEnum):
    """The codes that can come up, as in CUDA's headers."""

    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorMemoryAllocation = 2
    cudaErrorInitializationError = 3
    cudaErrorInsufficientDriver = 35
    cudaErrorNoDevice = 100
    cudaErrorInvalidDevice = 101
    cudaErrorECCUncorrectable = 214
    cudaErrorInvalidResourceHandle = 400
    cudaErrorNotReady = 600
    cudaErrorIllegalAddress = 700
    cudaErrorLaunchFailure = 719
    cudaErrorStreamCaptureInvalidated = 901


class cudaMemcpyKind(IntEnum):
    """Directions of copies."""

    cudaMemcpyHostToHost = 0
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2
    cudaMemcpyDeviceToDevice = 3


class cudaStreamCaptureMode(IntEnum):
    """Which other threads a recording concerns."""

    cudaStreamCaptureModeGlobal = 0
    cudaStreamCaptureModeThreadLocal = 1
    cudaStreamCaptureModeRelaxed = 2


_SIDES = {
    cudaMemcpyKind.cudaMemcpyHostToDevice: (True, False),
    cudaMemcpyKind.cudaMemcpyDeviceToHost: (False, True),
}
_LARGEST_FLAGS = 7


def call(method: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
    """A function of the module: counted, with its errors as codes."""
    name = method.__name__

    @functools.wraps(method)
    def counted(self: CudaRuntime, *arguments: Any) -> tuple[Any, ...]:
        machine = self.machine
        machine.calls.append(name)
        fault = machine.count(name) or machine.settings.driver_error
        # After a failure nothing runs any more, so that these leave all at rest.
        gives_back = name.endswith(("Free", "FreeHost", "Destroy", "StreamSynchronize"))
        failed = fault or machine.sticky
        if failed and name == "cudaStreamEndCapture":
            machine.stream(arguments[0], capturing=True).capture = None
        if failed and not gives_back:
            return _failure(method, failed)
        try:
            found = method(self, *arguments)
        except CudaError as error:
            machine.note(name, error)
            return _failure(method, error.name)
        except AclError as error:
            machine.note(name, error)
            return _failure(method, as_cuda(error).name)
        if failed:
            return _failure(method, failed)
        gives = method.__annotations__["return"] != "None"
        return (cudaError_t.cudaSuccess, found) if gives else (cudaError_t.cudaSuccess,)

    return counted


def _failure(method: Callable[..., Any], name: str) -> tuple[Any, ...]:
    gives = method.__annotations__["return"] != "None"
    return (cudaError_t[name], None) if gives else (cudaError_t[name],)


class CudaRuntime:
    """The functions."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def module(self) -> ModuleType:
        made: Any = ModuleType("cuda.bindings.runtime")
        made.cudaError_t, made.cudaMemcpyKind = cudaError_t, cudaMemcpyKind
        made.cudaStreamCaptureMode = cudaStreamCaptureMode
        for name in dir(self):
            if name.startswith("cuda"):
                setattr(made, name, getattr(self, name))
        return made  # type: ignore[no-any-return]

    def cudaGetErrorString(self, code: cudaError_t) -> tuple[cudaError_t, bytes]:
        assert isinstance(code, cudaError_t)
        return cudaError_t.cudaSuccess, f"words for {code.value}".encode()

    def cudaDriverGetVersion(self) -> tuple[cudaError_t, int]:
        """Also where there is no driver, of which it gives 0."""
        return cudaError_t.cudaSuccess, self.machine.settings.driver_version

    def cudaRuntimeGetVersion(self) -> tuple[cudaError_t, int]:
        return cudaError_t.cudaSuccess, self.machine.settings.runtime_version

    @call
    def cudaGetDeviceCount(self) -> int:
        return self.machine.settings.gpus

    @call
    def cudaSetDevice(self, gpu: int) -> None:
        if not 0 <= gpu < self.machine.settings.gpus:
            raise CudaError("cudaErrorInvalidDevice", f"there is no GPU {gpu}", rule=False)
        self.machine.gpu = gpu

    @call
    def cudaGetDeviceProperties(self, gpu: int) -> object:
        assert 0 <= gpu < self.machine.settings.gpus
        return SimpleNamespace(name=self.machine.settings.name.encode())

    @call
    def cudaMalloc(self, size: int) -> int:
        if size <= 0:
            raise CudaError("cudaErrorInvalidValue", f"{size} bytes")
        return self.machine.memory.malloc(self.machine.gpu, size).start

    @call
    def cudaHostAlloc(self, size: int, flags: int) -> int:
        if size <= 0 or not 0 <= flags <= _LARGEST_FLAGS:
            raise CudaError("cudaErrorInvalidValue", f"{size} bytes with the flags {flags}")
        return self.machine.memory.malloc_host(size).start

    @call
    def cudaFree(self, address: int) -> None:
        self._free(address, device=True)

    @call
    def cudaFreeHost(self, address: int) -> None:
        self._free(address, device=False)

    def _free(self, address: int, *, device: bool) -> None:
        machine = self.machine
        block = machine.memory.block_at(address, device=device)
        block.uses.add(machine.host_step(), "free", high=len(block.data))
        machine.memory.free(block)

    @call
    def cudaStreamCreateWithFlags(self, flags: int) -> Handle:
        if flags not in (0, 1):
            raise CudaError("cudaErrorInvalidValue", f"flags {flags}")
        machine = self.machine
        handle = machine.new_handle()
        machine.streams[handle] = GpuStream(machine.gpu, handle, Stream(handle, go_on=False))
        return Handle(handle)

    @call
    def cudaStreamDestroy(self, stream: Handle) -> None:
        machine = self.machine
        found = machine.stream(stream)
        finished = machine.ordering.host_follows(found.handle)
        found.work.stop()
        del machine.streams[found.handle]
        if not finished:
            raise CudaError("cudaErrorInvalidResourceHandle", "destroyed with work in it")

    @call
    def cudaStreamSynchronize(self, stream: Handle) -> None:
        machine = self.machine
        found = machine.stream(stream)
        found.work.synchronize()
        machine.ordering.join_stream(0, found.handle)
        machine.check_work(found.gpu)

    @call
    def cudaStreamWaitEvent(self, stream: Handle, event: Handle, flags: int) -> None:
        machine = self.machine
        with machine.lock:
            found, record = machine.stream(stream), machine.event(event).record
            if flags != 0:
                raise CudaError("cudaErrorInvalidValue", f"flags {flags}")
            if record is None:
                raise CudaError("cudaErrorInvalidValue", "waits for an event never recorded")
            machine.ordering.join(found.handle, record.stamp)
            found.work.submit(Task(waits=record))

    @call
    def cudaStreamBeginCapture(self, stream: Handle, mode: cudaStreamCaptureMode) -> None:
        assert isinstance(mode, cudaStreamCaptureMode), "cuda.bindings takes no plain numbers here"
        self.machine.stream(stream).capture = []

    @call
    def cudaStreamEndCapture(self, stream: Handle) -> Handle:
        found = self.machine.stream(stream, capturing=True)
        recorded, found.capture = found.capture, None
        if recorded is None:
            raise CudaError("cudaErrorInvalidValue", "ends a recording that was never begun")
        if not recorded:
            name = "cudaErrorStreamCaptureInvalidated"
            raise CudaError(name, "nothing was recorded", rule=False)
        return self._new_graph(recorded)

    def _new_graph(self, recorded: list[Callable[[GpuStream], None]]) -> Handle:
        handle = self.machine.new_handle()
        self.machine.graphs[handle] = recorded
        return Handle(handle)

    @call
    def cudaGraphInstantiate(self, graph: Handle, flags: int) -> Handle:
        assert flags == 0
        return self._new_graph(self.machine.graphs[native_handle(graph)])

    @call
    def cudaGraphDestroy(self, graph: Handle) -> None:
        del self.machine.graphs[native_handle(graph)]

    @call
    def cudaGraphExecDestroy(self, graph: Handle) -> None:
        del self.machine.graphs[native_handle(graph)]

    @call
    def cudaGraphLaunch(self, graph: Handle, stream: Handle) -> None:
        with self.machine.lock:
            found = self.machine.stream(stream)
            for action in self.machine.graphs[native_handle(graph)]:
                action(found)

    @call
    def cudaEventCreate(self) -> Handle:
        handle = self.machine.new_handle()
        self.machine.events[handle] = Event(self.machine.gpu)
        return Handle(handle)

    @call
    def cudaEventDestroy(self, event: Handle) -> None:
        self.machine.event(event)
        del self.machine.events[native_handle(event)]

    @call
    def cudaEventRecord(self, event: Handle, stream: Handle) -> None:
        machine = self.machine
        with machine.lock:
            found, recorded = machine.stream(stream), machine.event(event)
            if recorded.context != found.gpu:
                raise CudaError("cudaErrorInvalidResourceHandle", "event and stream of two GPUs")
            recorded.record = Record(machine.ordering.step(found.handle))
            found.work.submit(Task(records=recorded.record))

    @call
    def cudaEventSynchronize(self, event: Handle) -> None:
        machine = self.machine
        found = machine.event(event)
        if found.record is None:
            raise CudaError("cudaErrorInvalidValue", "waits for an event never recorded")
        found.record.done.wait()
        machine.ordering.join(0, found.record.stamp)
        machine.check_work(found.context)

    @call
    def cudaEventElapsedTime(self, start: Handle, end: Handle) -> float:
        records = [self.machine.event(event).record for event in (start, end)]
        if any(record is None for record in records):
            raise CudaError("cudaErrorInvalidResourceHandle", "the time of an event not recorded")
        if not all(record.done.is_set() for record in records if record):
            raise CudaError("cudaErrorNotReady", "the time of an event that has not come yet")
        first, last = (record.at for record in records if record)
        return ctypes.c_float((last - first) * 1000).value

    @call
    def cudaMemcpyAsync(
        self, to: int, source: int, count: int, kind: cudaMemcpyKind, stream: Handle
    ) -> None:
        machine = self.machine
        with machine.lock:
            found = machine.stream(stream)
            target = machine.memory.region(to, count, "destination")
            origin = machine.memory.region(source, count, "source")
            self._check_copy(kind, target, origin, found.gpu)
            stamp = machine.ordering.step(found.handle)
            if origin.block is not None:
                origin.block.uses.add(stamp, "copy", write=False, low=origin.low, high=origin.high)
            if target.block is not None:
                target.block.uses.add(stamp, "copy", low=target.low, high=target.high)
                target.block.write(target.low, target.high)
            engines = machine.engines[found.gpu]
            engine = engines.to_host if target.device is None else engines.to_device
            task = self._submit(found, engine, self._copy(target, origin))
            pageable = any(r.device is None and not r.pinned for r in (target, origin))
        if pageable:
            machine.pageable_copies += 1
            task.done.wait()

    def _check_copy(self, kind: cudaMemcpyKind, target: Region, origin: Region, gpu: int) -> None:
        assert isinstance(kind, cudaMemcpyKind), "cuda.bindings takes no plain numbers here"
        if _SIDES.get(kind) != (target.device is not None, origin.device is not None):
            raise CudaError("cudaErrorInvalidValue", f"{kind.name} from {origin} to {target}")
        if not {target.device, origin.device} <= {None, gpu}:
            raise CudaError("cudaErrorInvalidValue", f"{origin} to {target} by GPU {gpu}")
        if origin.device is not None and origin.block is not None:
            written = origin.block.has_values(origin.low, origin.high)
            if not written:
                raise CudaError("cudaErrorInvalidValue", f"{origin} has bytes that nobody wrote")

    def _submit(self, stream: GpuStream, engine: Engine, action: Callable[[], None]) -> Task:
        fault = self.machine.count("task.copy")

        def act() -> None:
            if fault is not None:
                raise AclError(Code.RT_DRV_INTERNAL, "injected fault", rule=False)
            try:
                action()
            except AclError as error:
                self.machine.note("copy", error)
                raise

        task = Task(engine, 0.0, act)
        stream.work.submit(task)
        return task

    def _copy(self, target: Region, origin: Region) -> Callable[[], None]:
        sent = zlib.crc32(origin.bytes()) if origin.device is None else None
        if target.device is None:
            # Whoever reads too early shall not find the values of an earlier batch.
            target.bytes()[:] = GARBAGE

        def copy() -> None:
            if sent is not None and zlib.crc32(origin.bytes()) != sent:
                reason = f"{origin} was changed before it was copied"
                raise AclError(Code.RT_DRV_INTERNAL, reason)
            target.bytes()[:] = origin.bytes()

        return copy

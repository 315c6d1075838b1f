"""The part of the package `tensorrt` that runs engines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from enum import IntEnum
from types import ModuleType
from typing import Any

import numpy as np
from acl_emulator.errors import AclError, Code
from acl_emulator.memory import Region
from acl_emulator.ordering import Uses
from acl_emulator.streams import Task
from engine_file import MAGIC

from tensorrt_emulator.machine import CudaError, GpuStream, Machine

_ALIGNMENT = 256


class DataType(IntEnum):
    FLOAT, HALF, INT8, INT32, BOOL, UINT8 = range(6)


class TensorIOMode(IntEnum):
    NONE, INPUT, OUTPUT = range(3)


class ILogger:
    class Severity(IntEnum):
        INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)

    def __init__(self) -> None:
        self.initialised = True

    def log(self, severity: ILogger.Severity, msg: str) -> None:
        raise NotImplementedError


_TYPES = {
    "tensor(float)": (DataType.FLOAT, np.float32),
    "tensor(float16)": (DataType.HALF, np.float16),
    "tensor(uint8)": (DataType.UINT8, np.uint8),
    "tensor(int32)": (DataType.INT32, np.int32),
}


def raised(fault: str) -> None:
    """Raises what bindings raise, where the fault is named so."""
    errors: dict[str, type[Exception]] = {"TypeError": TypeError, "RuntimeError": RuntimeError}
    if fault in errors:
        raise errors[fault]("Unable to convert function return value")


class Runtime:
    machine: Machine

    def __init__(self, logger: ILogger) -> None:
        if not getattr(logger, "initialised", False):
            raise TypeError("ILogger.__init__() must be called when overriding __init__")
        self.machine.calls.append("Runtime")
        if self.machine.count("Runtime"):
            error = "createInferRuntime: Error Code 6: API Usage Error (CUDA error: 35)"
            logger.log(ILogger.Severity.ERROR, error)
            raise TypeError("pybind11::init(): factory function returned nullptr")
        self.logger = logger
        self.machine.objects.add(self)

    def deserialize_cuda_engine(self, serialized_engine: bytes) -> Engine | None:
        self.machine.calls.append("deserialize_cuda_engine")
        if not serialized_engine.startswith(MAGIC):
            return self._refuse("Error Code 1: Serialization (Magic tag does not match)")
        if fault := self.machine.count("deserialize_cuda_engine"):
            self._refuse("Error Code 2: OutOfMemory (Requested size was 12345 bytes.)")
            return raised(fault)
        line, model = serialized_engine[len(MAGIC) :].split(b"\n", 1)
        header: dict[str, Any] = json.loads(line)
        built = ".".join(map(str, header["version"]))
        own = ".".join(self.machine.settings.version.split(".")[:3])
        if built != own:
            return self._refuse(
                "Error Code 6: The engine plan file is not compatible with this version of "
                f"TensorRT, expecting library version {own} got {built}, please rebuild."
            )
        return Engine(self, header, model)

    def _refuse(self, message: str) -> None:
        self.logger.log(ILogger.Severity.ERROR, message)


class Engine:
    """An ICudaEngine on the GPU that was set when it was loaded."""

    def __init__(self, runtime: Runtime, header: dict[str, Any], model: bytes) -> None:
        import onnxruntime

        self.runtime, self.machine = runtime, runtime.machine
        self.gpu = self.machine.gpu
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        profile = header["profile"]
        # One profile, or a list of them, which regcore itself never builds.
        several = profile is not None and isinstance(profile[0][0], list)
        self.profiles: list[Any] = [] if profile is None else profile if several else [profile]
        self.inputs = {arg.name: arg for arg in self.session.get_inputs()}
        self.outputs = {arg.name: arg for arg in self.session.get_outputs()}
        self.tensors = {**self.inputs, **self.outputs}
        self.num_io_tensors = len(self.tensors)
        self.num_optimization_profiles = max(1, len(self.profiles))
        self.machine.objects.add(self)

    def get_tensor_name(self, index: int) -> str:
        return list(self.tensors)[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name in self.inputs else TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> DataType:
        return _TYPES[self.tensors[name].type][0]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return tuple(d if isinstance(d, int) else -1 for d in self.tensors[name].shape)

    def get_tensor_profile_shape(self, name: str, profile_index: int) -> list[tuple[int, ...]]:
        assert name in self.inputs, "the profile of an output"
        return [tuple(shape) for shape in self.profiles[profile_index]]

    def create_execution_context(self) -> Context | None:
        self.machine.calls.append("create_execution_context")
        if fault := self.machine.count("create_execution_context"):
            self.runtime.logger.log(ILogger.Severity.ERROR, "Error Code 2: OutOfMemory (scratch)")
            return raised(fault)
        return Context(self)


class Context:
    """An IExecutionContext. It keeps its engine alive, as the engine does its runtime."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.machine = engine, engine.machine
        self.profile = 0
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.addresses: dict[str, int] = {}
        self.ran_with: dict[str, tuple[int, ...]] = {}
        self.uses = Uses("execution context")
        self.machine.objects.add(self)

    def __del__(self) -> None:
        try:
            self.uses.add(self.machine.host_step(), "destroying it")
        except AclError as error:
            self.machine.note("IExecutionContext", error)

    def set_optimization_profile_async(self, profile_index: int, stream_handle: int) -> bool:
        self.machine.calls.append("set_optimization_profile_async")
        self.machine.stream(stream_handle)
        if self.machine.count("set_optimization_profile_async") or not (
            0 <= profile_index < len(self.engine.profiles)
        ):
            return self._refuse("set_optimization_profile_async", "no such profile", rule=False)
        self.profile = profile_index
        self.shapes.clear()
        return True

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self.machine.calls.append("set_input_shape")
        if self.machine.count("set_input_shape"):
            return self._refuse("set_input_shape", "injected", rule=False)
        if name not in self.engine.inputs:
            return self._refuse("set_input_shape", f"no input {name}")
        fixed = self.engine.get_tensor_shape(name)
        low = high = fixed
        if self.engine.profiles:
            low, _, high = self.engine.get_tensor_profile_shape(name, self.profile)
        fits = len(shape) == len(fixed) and all(
            a <= size <= b for a, size, b in zip(low, shape, high, strict=True)
        )
        if not fits:
            reason = f"{tuple(shape)} is outside of the profile, {low} to {high}"
            return self._refuse("set_input_shape", reason)
        self.shapes[name] = tuple(shape)
        return True

    def set_tensor_address(self, name: str, memory: int) -> bool:
        self.machine.calls.append("set_tensor_address")
        if self.machine.count("set_tensor_address"):
            return self._refuse("set_tensor_address", "injected", rule=False)
        if name not in self.engine.tensors:
            return self._refuse("set_tensor_address", f"no tensor {name}")
        self.addresses[name] = memory
        return True

    def execute_async_v3(self, stream_handle: int) -> bool:
        assert isinstance(stream_handle, int)
        machine = self.machine
        machine.calls.append("execute_async_v3")
        if machine.count("execute_async_v3"):
            return self._refuse("execute_async_v3", "injected", rule=False)
        try:
            with machine.lock:
                stream = machine.stream(stream_handle, capturing=True)
                if stream.capture is not None:
                    return self._record(stream.capture)
                self._execute(stream, self.shapes, self.addresses)
                self.ran_with = dict(self.shapes)
        except (CudaError, AclError) as error:
            return self._refuse("execute_async_v3", str(error))
        return True

    def _record(self, capture: list[Callable[[GpuStream], None]]) -> bool:
        if not self.machine.settings.capturable:
            return self._refuse("execute_async_v3", "cannot be recorded", rule=False)
        if self.ran_with != self.shapes:
            raise CudaError("", "recorded before it was executed once with these shapes")
        shapes, addresses = dict(self.shapes), dict(self.addresses)

        def replay(stream: GpuStream) -> None:
            if self.shapes != shapes:
                raise CudaError("cudaErrorInvalidValue", "a graph recorded with other shapes")
            self._execute(stream, shapes, addresses)

        capture.append(replay)
        return True

    def _execute(
        self, stream: GpuStream, shapes: dict[str, tuple[int, ...]], addresses: dict[str, int]
    ) -> None:
        machine, engine = self.machine, self.engine
        if stream.gpu != engine.gpu:
            raise CudaError("", f"a stream of GPU {stream.gpu}, the engine is on {engine.gpu}")
        (name,) = engine.inputs
        if name not in shapes:
            raise CudaError("", f"no shape was set for {name}")
        shape = shapes[name]
        stamp = machine.ordering.step(stream.handle)
        regions = {t: self._region(t, shape, addresses.get(t)) for t in engine.tensors}
        images = regions[name]
        if not images.block.has_values(images.low, images.high):  # type: ignore[union-attr]
            raise CudaError("", f"{images} has bytes that nobody wrote")
        self.uses.add(stamp, "execute")
        for tensor, region in regions.items():
            block = region.block
            assert block is not None
            write = tensor in engine.outputs
            block.uses.add(stamp, "execute", write=write, low=region.low, high=region.high)
            if write:
                block.write(region.low, region.high)
        fault = machine.count("task.execute")

        def compute() -> None:
            if fault is not None:
                raise AclError(Code.RT_MODEL_EXECUTE, "injected fault", rule=False)
            dtype = _TYPES[engine.inputs[name].type][1]
            given = images.bytes().view(dtype).reshape(shape).copy()
            found = engine.session.run(list(engine.outputs), {name: given})
            for output, values in zip(engine.outputs, found, strict=True):
                regions[output].bytes()[:] = np.ascontiguousarray(values).view(np.uint8).reshape(-1)

        stream.work.submit(Task(machine.engines[stream.gpu].compute, 0.0, compute))

    def _region(self, tensor: str, shape: tuple[int, ...], address: int | None) -> Region:
        if address is None:
            raise CudaError("", f"no address was set for {tensor}")
        dims = self.engine.get_tensor_shape(tensor)
        dims = (shape[0] if dims[0] < 0 else dims[0], *dims[1:])
        size = math.prod(dims) * np.dtype(_TYPES[self.engine.tensors[tensor].type][1]).itemsize
        region = self.machine.memory.region(address, size, tensor)
        if region.device != self.engine.gpu:
            raise CudaError("", f"{tensor} is {region}, not on GPU {self.engine.gpu}")
        if address % _ALIGNMENT:
            raise CudaError("", f"the address of {tensor} is no multiple of {_ALIGNMENT}")
        return region

    def _refuse(self, call: str, reason: str, *, rule: bool = True) -> bool:
        text = f"IExecutionContext::{call}: Error Code 3: API Usage Error ({reason})"
        self.engine.runtime.logger.log(ILogger.Severity.ERROR, text)
        if rule:
            self.machine.violations.append(text)
        return False


def tensorrt_module(machine: Machine) -> ModuleType:
    """The package, in the version of the settings."""
    made: Any = ModuleType("tensorrt")
    made.__version__ = machine.settings.version
    made.ILogger, made.DataType, made.TensorIOMode = ILogger, DataType, TensorIOMode
    made.Runtime = type("Runtime", (Runtime,), {"machine": machine})
    return made  # type: ignore[no-any-return]

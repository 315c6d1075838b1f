"""The vendors' names that the emulators offer, as uses: who relies on them must find them there."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

import tensorrt_stand_in
from tensorrt_emulator import Emulator, Settings

from vendors.use import Use

#: The emulators' classes of what TensorRT's bindings have under another name.
CLASSES = {
    "Engine": "ICudaEngine",
    "Context": "IExecutionContext",
    "Network": "INetworkDefinition",
    "Profile": "IOptimizationProfile",
    "Config": "IBuilderConfig",
    "TimingCache": "ITimingCache",
}
_RUNTIME = "cuda.bindings.runtime"


def cuda_offers() -> Iterator[Use]:
    """Of the emulated cuda.bindings.runtime, whose functions take no arguments by name."""
    module = Emulator().runtime
    for name, thing in vars(module).items():
        if name.startswith("__"):
            continue
        if isinstance(thing, type) and issubclass(thing, IntEnum):
            yield from _members(_RUNTIME, thing)
        else:
            signature = inspect.signature(thing)
            gives = len(str(signature.return_annotation).split(", "))
            if not str(signature.return_annotation).startswith("tuple"):
                gives = 1 if signature.return_annotation == "None" else 2
            count = len(signature.parameters)
            yield Use(_RUNTIME, name, "emulator", arguments=count, gives=gives)


def tensorrt_offers(version: str) -> Iterator[Use]:
    """Of the emulated package, and of the stand-in that builds."""
    emulated = Emulator(Settings(version=version)).tensorrt
    stand_in = tensorrt_stand_in.module(version)
    from tensorrt_emulator import nvinfer

    for module in (emulated, stand_in):
        for thing in vars(module).values():
            if isinstance(thing, type):
                yield from _class(thing)
    for thing in (nvinfer.Engine, nvinfer.Context):
        yield from _class(thing)
    for name in ("Network", "Profile", "Config", "TimingCache"):
        yield from _class(getattr(tensorrt_stand_in, name))
    for name in ("num_io_tensors", "num_optimization_profiles"):
        yield Use("tensorrt_bindings", f"ICudaEngine.{name}", "emulator")


def _class(thing: Any) -> Iterator[Use]:
    name = CLASSES.get(thing.__name__, thing.__name__)
    if issubclass(thing, IntEnum):
        yield from _members("tensorrt_bindings", thing, name)
        return
    if name == thing.__name__:  # the others are made by calls of these
        yield _method(name, thing.__init__)
    for base in reversed(thing.__mro__[:-1]):
        for key, method in vars(base).items():
            if inspect.isfunction(method) and not key.startswith("_"):
                yield _method(f"{name}.{key}", method)
            elif isinstance(method, type) and method.__qualname__ == f"{base.__name__}.{key}":
                yield from _members("tensorrt_bindings", method, f"{name}.{key}")


def _method(name: str, method: Any) -> Use:
    """A call by names where there are some, as the real method must take it."""
    parameters = list(inspect.signature(method).parameters.values())[1:]
    placed = [one for one in parameters if one.kind is one.POSITIONAL_ONLY]
    named = tuple(one.name for one in parameters if one.kind is not one.POSITIONAL_ONLY)
    return Use("tensorrt_bindings", name, "emulator", arguments=len(placed), keywords=named)


def _members(module: str, kind: type[IntEnum], name: str = "") -> Iterator[Use]:
    for key, member in kind.__members__.items():
        full = f"{name or kind.__name__}.{key}"
        yield Use(module, full, "emulator", value=int(member))


def onnxruntime_offers() -> Iterator[Use]:
    """Of ONNX Runtime with devices that are made up, whose own names are of no vendor."""
    import onnxruntime_stand_in as stand_in

    classes = {
        "InferenceSession": stand_in.Session,
        "SessionOptions": stand_in.Options,
        "IOBinding": stand_in.Binding,
        "OrtValue": stand_in.OnDevice,
        "OrtEpDevice": stand_in.EpDevice,
    }
    own = {"real", "says"}
    for name, thing in classes.items():
        if name == "InferenceSession":
            yield _placed("onnxruntime", name, thing.__init__)
        for key, member in vars(thing).items():
            method = getattr(member, "__func__", member)  # a static one, too
            if inspect.isfunction(method) and not key.startswith("_") and key not in own:
                yield _placed("onnxruntime", f"{name}.{key}", method, static=method is not member)


def _placed(module: str, name: str, method: Any, *, static: bool = False) -> Use:
    """A call by place, as far as the method takes it so."""
    parameters = list(inspect.signature(method).parameters.values())[0 if static else 1 :]
    named = tuple(one.name for one in parameters if one.kind is one.KEYWORD_ONLY)
    count = len(parameters) - len(named)
    return Use(module, name, "emulator", arguments=count, keywords=named)

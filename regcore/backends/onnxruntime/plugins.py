"""Plugin providers of ONNX Runtime: packages of their own, each with a library to register."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from regcore.backends.onnxruntime.messages import one_line
from regcore.errors import BackendError

if TYPE_CHECKING:
    from onnxruntime import OrtEpDevice

_PACKAGE = "onnxruntime_ep_"
_SUFFIX = "executionprovider"
_CPU = "CPUExecutionProvider"


def plugin_devices(runtime: ModuleType, asked: str) -> list[OrtEpDevice]:
    """The devices of the plugin provider `asked`, such as `openvino`, in the runtime's own order.

    asked: the provider's name, with or without ExecutionProvider at its end, or what its package
    is called after `onnxruntime-ep-`. Its library is registered where that was not done before.
    Empty where there is no such package, or where this ONNX Runtime has no plugins.
    Raises BackendError where the library does not load, or finds no device.
    """
    if not hasattr(runtime, "register_execution_provider_library"):
        return []
    known = _devices(runtime, asked)
    if known:
        return known
    for package in _packages(asked):
        named_so = _plain(package.removeprefix(_PACKAGE)) == _plain(asked)
        try:
            plugin = import_module(package)
            names = [str(name) for name in plugin.get_ep_names()]
            if named_so or _plain(asked) in map(_plain, names):
                return _devices(runtime, names[0]) or _register(runtime, names[0], plugin)
        except BackendError:
            raise
        except Exception as error:  # it is code of others
            if named_so:
                raise BackendError(f"{package} does not import: {one_line(error)}") from error
    return []


def _register(runtime: ModuleType, name: str, plugin: ModuleType) -> list[OrtEpDevice]:
    try:
        runtime.register_execution_provider_library(name, plugin.get_library_path())
    except Exception as error:  # it is code of others
        raise BackendError(f"{name} does not load: {one_line(error)}") from error
    found = _devices(runtime, name)
    if not found:
        runtime.unregister_execution_provider_library(name)
        raise BackendError(f"{name} finds no device here that it runs on")
    return found


def plugin_names() -> list[str]:
    """The plugin providers whose packages are installed, as `plugin_devices` takes them."""
    return [package.removeprefix(_PACKAGE) for package in _packages("")]


def has_own_memory(runtime: ModuleType, device: OrtEpDevice) -> bool:
    """Whether a plugin's device computes in memory of its own, as far as ONNX Runtime tells."""
    if not hasattr(device, "memory_info"):
        return False  # it does not tell yet
    return device.memory_info(runtime.OrtDeviceMemoryType.DEFAULT) is not None


def describe_device(device: OrtEpDevice) -> str:
    """As in `GPU of Intel`."""
    return f"{device.device.type.name} of {device.device.vendor or device.ep_vendor}"


def _devices(runtime: ModuleType, asked: str) -> list[OrtEpDevice]:
    return [
        device
        for device in runtime.get_ep_devices()
        if device.ep_name != _CPU and _plain(device.ep_name) == _plain(asked)
    ]


def _packages(asked: str) -> Iterator[str]:
    """Those that are installed, the one that is called so first."""
    found = [one.name for one in pkgutil.iter_modules() if one.name.startswith(_PACKAGE)]
    yield from sorted(found, key=lambda name: _plain(name.removeprefix(_PACKAGE)) != _plain(asked))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.lower()).removesuffix(_SUFFIX)

"""Plugin providers that are made up: a package for each, and what ONNX Runtime has registered."""

from __future__ import annotations

from importlib import invalidate_caches
from pathlib import Path
from typing import Any

import onnxruntime
from onnxruntime_stand_in import CPU, EpDevice

_PACKAGE = """
def get_library_path():
    return "{library}"

def get_ep_names():
    return ["{name}"]
"""


class Registry:
    """The plugins of ONNX Runtime, which go by the name under which they were registered."""

    def __init__(self) -> None:
        self.libraries: dict[str, list[EpDevice]] = {}
        self.registered: dict[str, str] = {}

    def register_execution_provider_library(self, name: str, path: str) -> None:
        assert type(name) is type(path) is str
        start = "[ONNXRuntimeError] : 1 : FAIL : "
        if path not in self.libraries:
            raise RuntimeError(f"{start}Failed to load library {path} with error: no such file")
        if name in self.registered:
            raise RuntimeError(f"{start}EP library is already registered under {name}")
        self.registered[name] = path

    def unregister_execution_provider_library(self, name: str) -> None:
        if name not in self.registered:
            raise RuntimeError(f"Execution provider library: {name} was not registered.")
        del self.registered[name]

    def get_ep_devices(self) -> list[EpDevice]:
        found = [EpDevice(CPU, "CPU", "Microsoft", own_memory=False)]
        for path in self.registered.values():
            found += self.libraries[path]
        return found


def install_plugins(monkeypatch: Any) -> Registry:
    """Takes the place of all that is registered."""
    registry = Registry()
    for name in (
        "register_execution_provider_library",
        "unregister_execution_provider_library",
        "get_ep_devices",
    ):
        monkeypatch.setattr(onnxruntime, name, getattr(registry, name))
    return registry


def write_package(folder: Path, name: str, library: str, provider: str) -> None:
    """As `pip install onnxruntime-ep-NAME` leaves it."""
    package = folder / f"onnxruntime_ep_{name}"
    package.mkdir()
    (package / "__init__.py").write_text(_PACKAGE.format(library=library, name=provider))
    invalidate_caches()

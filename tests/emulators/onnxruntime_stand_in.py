"""ONNX Runtime with providers for devices that are made up, and compute on the real CPU provider.

It takes only what the real one does, and puts nodes where the real one does: on the CPU is what
the provider refuses, and, as in its GetCpuPreferredNodes, all that hangs on a Shape alone.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime

CPU = "CPUExecutionProvider"
MEMORY = {
    "CUDAExecutionProvider": "cuda",
    "TensorrtExecutionProvider": "cuda",
    "CANNExecutionProvider": "cann",
}
# Where a session itself copies for a plugin's device.
PLUGIN_MEMORY = "of the session's device"
# Of what each takes, what matters here.
OPTIONS = {
    "CUDAExecutionProvider": {"device_id", "use_tf32", "gpu_mem_limit"},
    "TensorrtExecutionProvider": {"device_id", "trt_fp16_enable"},
    "CANNExecutionProvider": {"device_id", "precision_mode"},
    "OpenVINOExecutionProvider": {"device_type", "precision", "load_config", "num_streams"},
}
REFUSE_ALL = "session.disable_cpu_ep_fallback"
RECORD = "session.record_ep_graph_assignment_info"
# Inputs that kernels for CUDA want on the CPU, by operator.
HOST_INPUTS = {"Reshape": (1,), "Pad": (1, 2), "Expand": (1,), "Slice": (1, 2, 3, 4), "Tile": (1,)}
RealSession = onnxruntime.InferenceSession
RealOptions = onnxruntime.SessionOptions
_DEFAULT = onnxruntime.OrtDeviceMemoryType.DEFAULT


class Options(RealOptions):  # type: ignore[misc, valid-type]
    """SessionOptions that remember which sizes are fixed, which the real ones do not tell."""

    def __init__(self) -> None:
        super().__init__()
        self.by_name: dict[str, int] = {}
        self.by_denotation: dict[str, int] = {}
        self.plugin: tuple[EpDevice, dict[str, str]] | None = None

    def add_provider_for_devices(self, devices: Any, options: Any) -> None:
        assert self.plugin is None
        (device,) = devices
        assert isinstance(device, EpDevice)
        assert all(isinstance(text, str) for item in options.items() for text in item)
        self.plugin = (device, dict(options))

    def add_free_dimension_override_by_name(self, name: str, size: int) -> None:
        super().add_free_dimension_override_by_name(name, size)
        self.by_name[name] = size

    def add_free_dimension_override_by_denotation(self, denotation: str, size: int) -> None:
        super().add_free_dimension_override_by_denotation(denotation, size)
        self.by_denotation[denotation] = size

    def real(self) -> Any:
        """The same for the real runtime."""
        made = RealOptions()
        made.log_severity_level = 4
        for name, size in self.by_name.items():
            made.add_free_dimension_override_by_name(name, size)
        for denotation, size in self.by_denotation.items():
            made.add_free_dimension_override_by_denotation(denotation, size)
        return made

    def says(self, key: str) -> bool:
        try:
            return bool(self.get_session_config_entry(key) == "1")
        except RuntimeError:  # never set
            return False


class EpDevice:
    """An OrtEpDevice. own_memory: whether it has some, apart from the host's."""

    def __init__(self, name: str, kind: str, vendor: str, *, own_memory: bool) -> None:
        self.ep_name, self.ep_vendor = name, vendor
        self.ep_metadata = {"version": "1.0"}
        self.ep_options: dict[str, str] = {}
        type_ = getattr(onnxruntime.OrtHardwareDeviceType, kind)
        self.device = SimpleNamespace(type=type_, vendor="", metadata={})
        self._own_memory = own_memory

    def memory_info(self, kind: Any) -> object | None:
        assert isinstance(kind, onnxruntime.OrtDeviceMemoryType)
        default = kind == onnxruntime.OrtDeviceMemoryType.DEFAULT
        return object() if default and self._own_memory else None


class OnDevice:
    """An OrtValue in the memory of a device."""

    def __init__(self, values: Any, device: str, number: int) -> None:
        self.values, self.device, self.number = np.array(values), device, number

    @staticmethod
    def ortvalue_from_numpy(values: Any, device: str, number: int) -> OnDevice:
        assert isinstance(values, np.ndarray)
        assert values.flags.c_contiguous
        return OnDevice(values, device, number)

    def numpy(self) -> Any:
        return self.values.copy()


class Binding:
    """An IOBinding, which forgets its output once it was run."""

    def __init__(self) -> None:
        self.input: tuple[str, OnDevice] | None = None
        self.output: tuple[str, str, int] | None = None
        self.results: list[OnDevice] = []

    def bind_ortvalue_input(self, name: str, value: OnDevice) -> None:
        assert isinstance(value, OnDevice)
        self.input = (name, value)

    def bind_cpu_input(self, name: str, values: Any) -> None:
        assert isinstance(values, np.ndarray)
        assert values.flags.c_contiguous
        self.input = (name, OnDevice(values, PLUGIN_MEMORY, 0))

    def synchronize_inputs(self) -> None:
        assert self.input is not None, "no input was bound"

    def bind_output(self, name: str, device: str, number: int) -> None:
        self.output = (name, device, number)

    def get_outputs(self) -> list[OnDevice]:
        return self.results


class Session:
    """An InferenceSession whose providers are there or, as `there` says, are not.

    refused: the operators that no provider but the CPU's takes. opened: the providers of each
    session, with their options; sizes: the batch sizes that it was fixed to. alive: how many there
    are, and most_alive how many there were at once. loaded: whether CUDA's libraries are.
    """

    there: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    opened: list[list[tuple[str, dict[str, str]]]] = []  # noqa: RUF012
    sizes: list[int | None] = []  # noqa: RUF012
    alive = most_alive = 0
    loaded = False

    def __init__(
        self,
        path: Path,
        options: Options,
        *,
        providers: list[Any] | None = None,
        enable_fallback: int,
    ) -> None:
        assert enable_fallback == 0
        self.plugin = options.plugin
        assert (providers is None) == (self.plugin is not None)
        providers = providers or []
        for name, given in providers:
            assert all(isinstance(value, str) for value in given.values())
            unknown = given.keys() - OPTIONS.get(name, set())
            if unknown:
                raise RuntimeError(f'Unknown provider option: "{unknown.pop()}".')
        if providers:
            Session.opened.append(providers)
        Session.sizes.append(next(iter((options.by_name | options.by_denotation).values()), None))
        self.options = {name: dict(given) for name, given in providers}
        there = [name for name in self.there if self.loaded or MEMORY.get(name) != "cuda"]
        self.names = [*(name for name, _ in providers if name in there), CPU]
        if self.plugin is not None:
            device, given = self.plugin
            self.names, self.options = [device.ep_name, CPU], {device.ep_name: given}
            Session.opened.append([(device.ep_name, given)])
        self.placed = self._place(path, options)
        self.recorded = options.says(RECORD)
        if options.says(REFUSE_ALL) and any(provider == CPU for _, provider in self.placed):
            raise RuntimeError(
                "[ONNXRuntimeError] : 1 : FAIL : This session contains graph nodes that are "
                "assigned to the default CPU EP, but fallback to CPU EP has been explicitly "
                "disabled by the user.\nmore"
            )
        self.real = RealSession(path, options.real(), providers=[CPU])
        for name in ("get_inputs", "get_outputs", "get_modelmeta"):
            setattr(self, name, getattr(self.real, name))
        self.running = threading.Lock()
        Session.alive += 1
        Session.most_alive = max(Session.alive, Session.most_alive)

    def __del__(self) -> None:
        if hasattr(self, "running"):
            Session.alive -= 1

    def _place(self, path: Path, options: Options) -> list[tuple[Any, str]]:
        """Each node as it is when nodes are shared out, and its provider."""
        with tempfile.TemporaryDirectory() as folder:
            basic = options.real()
            basic.optimized_model_filepath = f"{folder}/basic.onnx"
            basic.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
            RealSession(path, basic, providers=[CPU])
            graph = onnx.load(basic.optimized_model_filepath).graph
        constants = {tensor.name for tensor in graph.initializer} | {""}
        on_host: set[str] = set()
        placed = []
        for node in graph.node:
            sizes_alone = bool(on_host.intersection(node.input)) and all(
                name in constants
                or (name in on_host and at not in HOST_INPUTS.get(node.op_type, ()))
                for at, name in enumerate(node.input)
            )
            cpu = sizes_alone or node.op_type in self.refused
            placed.append((node, CPU if cpu else self.names[0]))
            if sizes_alone or node.op_type in {"Shape", "Size"}:
                on_host.update(node.output)
        return placed

    def get_provider_graph_assignment_info(self) -> list[Any]:
        if not self.recorded:
            raise RuntimeError(f'Session configuration entry "{RECORD}" must be set to "1"')
        return [
            SimpleNamespace(
                ep_name=provider,
                get_nodes=lambda node=node: [
                    SimpleNamespace(name=node.name, domain=node.domain, op_type=node.op_type)
                ],
            )
            for node, provider in self.placed
        ]

    def get_providers(self) -> list[str]:
        return self.names

    def get_provider_options(self) -> dict[str, dict[str, str]]:
        return {name: {"device_id": "0", **self.options.get(name, {})} for name in self.names}

    def run(self, names: list[str], feeds: dict[str, Any]) -> Any:
        if self.plugin is not None:
            own_memory = self.plugin[0].memory_info(_DEFAULT) is not None
        else:
            own_memory = self.names[0] in MEMORY
        assert not own_memory, "images of the host cost a device a copy each time"
        return self.real.run(names, feeds)

    def io_binding(self) -> Binding:
        return Binding()

    def run_with_iobinding(self, binding: Binding) -> None:
        assert self.running.acquire(blocking=False), "two batches are computed at once"
        try:
            self._run_alone(binding)
        finally:
            self.running.release()

    def _run_alone(self, binding: Binding) -> None:
        assert binding.input is not None, "no input was bound"
        assert binding.output is not None, "no output was bound"
        name, value = binding.input
        output, device, number = binding.output
        given, wanted = self._memory()
        assert (value.device, value.number) == given, "the input is on another device"
        assert (device, number) == wanted, "the output is on another device"
        (found,) = self.real.run([output], {name: value.values})
        binding.results, binding.output = [OnDevice(found, device, number)], None

    def _memory(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """Where images and scores must be: a plugin's device is no name for an OrtValue."""
        if self.plugin is not None:
            return (PLUGIN_MEMORY, 0), ("cpu", 0)
        number = int(self.get_provider_options()[self.names[0]]["device_id"])
        return (MEMORY[self.names[0]], number), (MEMORY[self.names[0]], number)


def install(monkeypatch: Any) -> type[Session]:
    """All providers are in the package; none of their devices is there."""
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    monkeypatch.setattr(onnxruntime, "SessionOptions", Options)
    monkeypatch.setattr(onnxruntime, "OrtValue", OnDevice)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [*MEMORY, CPU])
    for name, value in {"there": (), "refused": (), "opened": [], "sizes": []}.items():
        monkeypatch.setattr(Session, name, value)

    def preload_dlls() -> None:
        print("Failed to load libcudnn_adv.so.9")
        Session.loaded = True

    monkeypatch.setattr(onnxruntime, "preload_dlls", preload_dlls, raising=False)
    monkeypatch.setattr(Session, "loaded", False)
    monkeypatch.setattr(Session, "alive", 0)
    monkeypatch.setattr(Session, "most_alive", 0)
    return Session

"""The emulated pyACL of the tests as a machine with chips of given rates, and what it costs itself.

The chips of the emulator are threads of this process, and each call is checked in Python: both take
processor time that real chips and pyACL do not take. It is counted, so that a reader can judge.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import onnx
from guide_replay import INTERFACE
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from regcore.backends.ascend import AscendBackend, process
from regcore.backends.ascend.backend import SLOTS
from regcore.backends.protocol import Backend, Result
from regcore.backends.round_robin import RoundRobinBackend

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "emulators"))
from acl_emulator import Emulator, Settings
from om_file import write_om

COPY_GB_S = 5.0
CLASSES = 1000
_SOCS = {"310": "Ascend310", "310P": "Ascend310P3"}
_CHIP_THREAD = "acl stream"


class Chips(NamedTuple):
    """What is emulated. slots: copies of the model on each device."""

    card: str
    batch: int
    devices: int = 1
    slots: int = SLOTS

    @property
    def rate(self) -> float:
        """The images/s of all devices by the guide's logs."""
        return self.devices * INTERFACE[self.card][self.batch]


class Clock:
    """The processor time that the emulator takes: its chips' threads, and pyACL's calls."""

    def __init__(self) -> None:
        self._calls: dict[int, float] = {}

    def count_calls(self, module: ModuleType) -> None:
        """From now on, what the module's functions and those of its parts compute counts."""
        for name, found in vars(module).items():
            if isinstance(found, ModuleType):
                self.count_calls(found)
            elif callable(found):
                setattr(module, name, self._counted(found))

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:  # noqa: ANN401
            before = time.thread_time()
            try:
                return function(*arguments)
            finally:
                took = time.thread_time() - before
                thread = threading.get_ident()
                self._calls[thread] = self._calls.get(thread, 0.0) + took

        return call

    def calls_here(self) -> float:
        """Seconds of pyACL's calls by this thread."""
        return self._calls.get(threading.get_ident(), 0.0)

    def seconds(self) -> float:
        """Until now, of all threads that live."""
        chips = [one.ident for one in threading.enumerate() if one.name == _CHIP_THREAD]
        clocks = [time.pthread_getcpuclockid(ident) for ident in chips if ident is not None]
        return sum(map(time.clock_gettime, clocks)) + sum(list(self._calls.values()))


@contextmanager
def open_chips(chips: Chips, folder: Path, slower: float) -> Iterator[Watched]:
    """A model on emulated chips, whose rates and copies are slower than the real by a factor."""
    soc = _SOCS[chips.card]
    path = folder / f"{chips.card}-bs{chips.batch}.om"
    _save_model(path, chips.batch, soc)
    emulator = Emulator(
        Settings(
            devices=chips.devices,
            soc=soc,
            copy_gb_s=COPY_GB_S / slower,
            images_per_s=INTERFACE[chips.card][chips.batch] / slower,
            check_sources=False,
        )
    )
    clock = Clock()
    clock.count_calls(emulator.module)

    def open_one(device: int) -> Backend:
        return AscendBackend(path, device=device, slots=chips.slots)

    with emulator.installed():
        try:
            one = chips.devices == 1
            with (
                open_one(0) if one else RoundRobinBackend(range(chips.devices), open_one)
            ) as backend:
                yield Watched(backend, clock)
        finally:
            process.shut_down()


class Watched(Backend):
    """A backend, and what was computed between its buffers and the last result.

    process_seconds: of all threads; thread_seconds: of the one that took the results, without the
    emulator; emulator_seconds: of the emulator.
    """

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self._backend = backend
        self._clock = clock
        self.process_seconds = self.thread_seconds = self.emulator_seconds = 0.0
        self._process_began = self._emulator_began = 0.0
        for name in ("name", "version", "provider", "inputs", "outputs", "metadata", "depth"):
            setattr(self, name, getattr(backend, name))
        self.max_batch = backend.max_batch

    def host_buffers(
        self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> list[NDArray[Any]] | None:
        """As the backend; what follows is counted."""
        buffers = self._backend.host_buffers(count, shape, dtype)
        self._process_began, self._emulator_began = time.process_time(), self._clock.seconds()
        return buffers

    def submit(self, batch: NDArray[Any]) -> None:
        """As the backend."""
        self._backend.submit(batch)

    def result(self) -> Result:
        """As the backend."""
        result = self._backend.result()
        self.thread_seconds = time.thread_time() - self._clock.calls_here()
        return result

    def note(self) -> None:
        """The run is over, its threads may be."""
        self.process_seconds = time.process_time() - self._process_began
        self.emulator_seconds = self._clock.seconds() - self._emulator_began

    def close(self) -> None:
        """As the backend."""
        self._backend.close()


def _save_model(path: Path, batch: int, soc: str) -> None:
    """1000 scores of the first pixel, so that ONNX Runtime has next to nothing to do."""
    weights = np.random.default_rng(0).random((3, CLASSES), dtype=np.float32)
    bounds = {"starts": [0, 0], "ends": [1, 1], "axes": [2, 3]}
    constants = [numpy_helper.from_array(np.array(v), name) for name, v in bounds.items()]
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("Slice", ["image", *bounds], ["pixel"]),
            helper.make_node("Flatten", ["pixel"], ["colour"]),
            helper.make_node("MatMul", ["colour", "weights"], ["class"]),
        ],
        "pixel",
        [helper.make_tensor_value_info("image", kind, [batch, 3, 224, 224])],
        [helper.make_tensor_value_info("class", kind, [batch, CLASSES])],
        [numpy_helper.from_array(weights, "weights"), *constants],
    )
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    header = {
        "soc": soc,
        "batch": [batch],
        "dynamic": False,
        "input": "image",
        "shape": [3, 224, 224],
        "dtype": "float32",
        "aipp": None,
        "precision": "force_fp16",
    }
    write_om(path, header, model.SerializeToString())

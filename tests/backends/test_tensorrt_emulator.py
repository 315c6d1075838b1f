"""The emulated GPUs catch what a driver of them does wrong, in words that say so."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_models import SIZE, save_engine
from tensorrt_emulator import Emulator, Settings, cudaError_t, cudaMemcpyKind, native_handle

pytest.importorskip("onnxruntime")

TO_GPU, TO_HOST = cudaMemcpyKind.cudaMemcpyHostToDevice, cudaMemcpyKind.cudaMemcpyDeviceToHost
BYTES = 8 * 3 * SIZE * SIZE * 4
SCORES = 8 * 3 * 4


class Driver:
    """A small driver, every step of which a test can leave out."""

    def __init__(self, path: Path, **settings: Any) -> None:
        self.emulator = Emulator(Settings(**settings))
        self.cuda, self.trt = self.emulator.runtime, self.emulator.tensorrt
        self.errors: list[str] = []
        errors = self.errors

        class Logger(self.trt.ILogger):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                super().__init__()

            def log(self, _: Any, message: str) -> None:
                errors.append(message)

        self.runtime = self.trt.Runtime(Logger())
        self.engine = self.runtime.deserialize_cuda_engine(path.read_bytes())
        self.context = self.engine.create_execution_context()
        self.stream, self.other = (self.get("StreamCreateWithFlags", 1) for _ in range(2))
        self.event = self.get("EventCreate")
        self.images, self.scores = self.get("Malloc", BYTES), self.get("Malloc", SCORES)
        self.host = self.get("HostAlloc", BYTES, 1)
        self.room = self.get("HostAlloc", SCORES, 1)

    def get(self, name: str, *arguments: Any) -> Any:
        code, found = getattr(self.cuda, f"cuda{name}")(*arguments)
        assert code == cudaError_t.cudaSuccess, self.emulator.violations
        return found

    def do(self, name: str, *arguments: Any) -> cudaError_t:
        (code,) = getattr(self.cuda, f"cuda{name}")(*arguments)
        assert isinstance(code, cudaError_t)
        return code

    def copy_in(self, stream: Any = None) -> cudaError_t:
        return self.do("MemcpyAsync", self.images, self.host, BYTES, TO_GPU, stream or self.stream)

    def copy_out(self, stream: Any = None) -> cudaError_t:
        return self.do(
            "MemcpyAsync", self.room, self.scores, SCORES, TO_HOST, stream or self.stream
        )

    def prepare(self) -> None:
        assert self.context.set_input_shape("image", (8, 3, SIZE, SIZE))
        assert self.context.set_tensor_address("image", self.images)
        assert self.context.set_tensor_address("class", self.scores)

    def execute(self, stream: Any = None) -> bool:
        return bool(self.context.execute_async_v3(native_handle(stream or self.stream)))

    def finish(self) -> None:
        for stream in (self.stream, self.other):
            self.do("StreamSynchronize", stream)

    def give_back(self) -> None:
        del self.context, self.engine, self.runtime
        self.do("EventDestroy", self.event)
        for stream in (self.stream, self.other):
            self.do("StreamDestroy", stream)
        for address in (self.images, self.scores):
            self.do("Free", address)
        for address in (self.host, self.room):
            self.do("FreeHost", address)
        gc.collect()


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    made = Driver(save_engine(tmp_path / "m.engine"))
    yield made
    for stream in made.emulator.machine.streams.values():
        stream.work.stop()


def test_a_driver_that_keeps_the_rules(driver: Driver) -> None:
    driver.prepare()
    batch = np.random.default_rng(0).random((8, 3, SIZE, SIZE)).astype(np.float32)
    driver.emulator.machine.memory.region(driver.host, BYTES, "").bytes()[:] = batch.view(
        np.uint8
    ).reshape(-1)
    assert driver.copy_in(driver.other) == cudaError_t.cudaSuccess
    driver.do("EventRecord", driver.event, driver.other)
    driver.do("StreamWaitEvent", driver.stream, driver.event, 0)
    assert driver.execute()
    driver.copy_out()
    driver.finish()
    found = driver.emulator.machine.memory.region(driver.room, SCORES, "").bytes()
    scores = found.view(np.float32).reshape(8, 3)
    np.testing.assert_allclose(scores, batch.mean(axis=(2, 3)), rtol=1e-5)
    driver.give_back()
    assert driver.emulator.violations == []
    assert driver.emulator.alive() == []
    assert driver.errors == []


def no_event_between_streams(driver: Driver) -> None:
    driver.prepare()
    driver.copy_in(driver.other)
    assert not driver.execute()


def reads_before_it_is_computed(driver: Driver) -> None:
    driver.prepare()
    driver.copy_in()
    driver.execute()
    driver.copy_out(driver.other)


def overwrites_images_in_use(driver: Driver) -> None:
    driver.prepare()
    driver.copy_in()
    driver.finish()
    driver.execute()
    driver.copy_in(driver.other)


def frees_images_in_use(driver: Driver) -> None:
    driver.copy_in()
    driver.do("Free", driver.images)


def changes_images_before_they_are_copied(driver: Driver) -> None:
    driver.emulator.machine.engines[0].to_device._lock.acquire()  # noqa: SLF001
    driver.copy_in()
    driver.emulator.machine.memory.region(driver.host, BYTES, "").bytes()[5] ^= 1
    driver.emulator.machine.engines[0].to_device._lock.release()  # noqa: SLF001
    assert driver.do("StreamSynchronize", driver.stream) == cudaError_t.cudaErrorIllegalAddress


def runs_one_context_twice(driver: Driver) -> None:
    driver.prepare()
    driver.copy_in()
    driver.finish()
    driver.execute()
    assert not driver.execute(driver.other)


def destroys_a_context_in_use(driver: Driver) -> None:
    driver.prepare()
    driver.copy_in()
    driver.execute()
    del driver.context
    gc.collect()


def leaves_the_profile(driver: Driver) -> None:
    assert not driver.context.set_input_shape("image", (9, 3, SIZE, SIZE))


def sets_no_shape(driver: Driver) -> None:
    driver.copy_in()
    assert not driver.execute()


def sets_no_address(driver: Driver) -> None:
    driver.context.set_input_shape("image", (8, 3, SIZE, SIZE))
    driver.context.set_tensor_address("image", driver.images)
    driver.copy_in()
    assert not driver.execute()


def gives_host_memory(driver: Driver) -> None:
    driver.prepare()
    driver.context.set_tensor_address("class", driver.room)
    driver.copy_in()
    assert not driver.execute()


def gives_too_little_memory(driver: Driver) -> None:
    driver.prepare()
    driver.context.set_tensor_address("class", driver.get("Malloc", SCORES - 4))
    driver.copy_in()
    assert not driver.execute()


def gives_a_crooked_address(driver: Driver) -> None:
    driver.prepare()
    driver.context.set_tensor_address("class", driver.get("Malloc", SCORES + 4) + 4)
    driver.copy_in()
    assert not driver.execute()


def computes_garbage(driver: Driver) -> None:
    driver.prepare()
    assert not driver.execute()


def copies_the_wrong_way(driver: Driver) -> None:
    code = driver.do("MemcpyAsync", driver.host, driver.images, BYTES, TO_GPU, driver.stream)
    assert code == cudaError_t.cudaErrorInvalidValue


def copies_too_much(driver: Driver) -> None:
    driver.do("MemcpyAsync", driver.images, driver.host, BYTES + 1, TO_GPU, driver.stream)


def takes_the_other_gpu(driver: Driver) -> None:
    driver.do("SetDevice", 1)
    assert driver.copy_in() == cudaError_t.cudaErrorInvalidResourceHandle


def takes_the_default_stream(driver: Driver) -> None:
    assert driver.do("EventRecord", driver.event, 0) != cudaError_t.cudaSuccess


def waits_for_nothing(driver: Driver) -> None:
    driver.do("StreamWaitEvent", driver.stream, driver.event, 0)


def destroys_a_stream_in_use(driver: Driver) -> None:
    driver.copy_in()
    driver.do("StreamDestroy", driver.stream)


def frees_twice(driver: Driver) -> None:
    driver.do("Free", driver.images)
    assert driver.do("Free", driver.images) == cudaError_t.cudaErrorInvalidValue


def record(driver: Driver) -> None:
    mode = driver.cuda.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
    driver.do("StreamBeginCapture", driver.stream, mode)


def records_what_never_ran(driver: Driver) -> None:
    driver.prepare()
    driver.copy_in()
    record(driver)
    assert not driver.execute()
    driver.cuda.cudaStreamEndCapture(driver.stream)


def copies_while_it_records(driver: Driver) -> None:
    record(driver)
    assert driver.copy_in() != cudaError_t.cudaSuccess
    driver.cuda.cudaStreamEndCapture(driver.stream)


def launches_before_its_images_are_there(driver: Driver) -> None:
    driver.prepare()
    driver.copy_in()
    assert driver.execute()
    record(driver)
    assert driver.execute()
    graph = driver.get("StreamEndCapture", driver.stream)
    launchable = driver.get("GraphInstantiate", graph, 0)
    driver.do("StreamSynchronize", driver.stream)
    driver.copy_in(driver.other)
    assert driver.do("GraphLaunch", launchable, driver.stream) != cudaError_t.cudaSuccess


def asks_for_a_time_too_early(driver: Driver) -> None:
    code, found = driver.cuda.cudaEventElapsedTime(driver.event, driver.event)
    assert (code, found) == (cudaError_t.cudaErrorInvalidResourceHandle, None)


BREACHES: dict[Callable[[Driver], None], str] = {
    no_event_between_streams: "may still be in use by copy: nothing orders them",
    reads_before_it_is_computed: "may still be in use by execute: nothing orders them",
    overwrites_images_in_use: "may still be in use by execute: nothing orders them",
    frees_images_in_use: "may still be in use by copy: nothing orders them",
    changes_images_before_they_are_copied: "was changed before it was copied",
    runs_one_context_twice: "execution context may still be in use by execute",
    destroys_a_context_in_use: "destroying it: execution context may still be in use",
    leaves_the_profile: "(9, 3, 8, 8) is outside of the profile",
    sets_no_shape: "no shape was set for image",
    sets_no_address: "no address was set for class",
    gives_host_memory: "not on GPU 0",
    gives_too_little_memory: "96 bytes run over the end of device 0 memory",
    gives_a_crooked_address: "is no multiple of 256",
    computes_garbage: "has bytes that nobody wrote",
    copies_the_wrong_way: "cudaMemcpyHostToDevice from device 0 memory",
    copies_too_much: "run over the end of",
    takes_the_other_gpu: "a stream of GPU 0, but GPU 1 is set in this thread",
    takes_the_default_stream: "the default stream: make your own",
    waits_for_nothing: "waits for an event never recorded",
    destroys_a_stream_in_use: "destroyed with work in it",
    frees_twice: "is freed twice",
    records_what_never_ran: "recorded before it was executed once with these shapes",
    copies_while_it_records: "used while an execution is recorded",
    launches_before_its_images_are_there: "may still be in use by copy: nothing orders them",
    asks_for_a_time_too_early: "the time of an event not recorded",
}


@pytest.mark.slow
@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach.__name__)
def test_broken_rules_are_told(driver: Driver, breach: Callable[[Driver], None]) -> None:
    breach(driver)
    assert any(BREACHES[breach] in told for told in driver.emulator.violations), (
        driver.emulator.violations
    )
    driver.finish()


def test_what_is_left_is_told(driver: Driver) -> None:
    left = " ".join(driver.emulator.alive())
    for what in ("stream", "event", "device 0 memory", "page-locked", "Context", "Engine"):
        assert what in left


def test_pageable_memory_is_counted_and_waited_for(driver: Driver) -> None:
    batch = np.zeros((8, 3, SIZE, SIZE), np.float32)
    driver.do("MemcpyAsync", driver.images, batch.ctypes.data, BYTES, TO_GPU, driver.stream)
    assert driver.emulator.machine.pageable_copies == 1
    assert driver.emulator.machine.memory.region(driver.images, BYTES, "").bytes().sum() == 0
    assert driver.emulator.violations == []


def test_after_a_failure_nothing_works(tmp_path: Path) -> None:
    path = save_engine(tmp_path / "m.engine")
    driver = Driver(path, faults={"task.execute": {1: "any"}})
    driver.prepare()
    driver.copy_in()
    assert driver.execute()
    assert driver.do("StreamSynchronize", driver.stream) == cudaError_t.cudaErrorLaunchFailure
    assert driver.do("EventRecord", driver.event, driver.other) != cudaError_t.cudaSuccess
    driver.finish()
    driver.give_back()
    assert driver.emulator.violations == []
    assert driver.emulator.alive() == []


def test_engines_of_other_versions_and_loggers_without_init(tmp_path: Path) -> None:
    emulator = Emulator(Settings(version="11.0.0.1"))

    class Logger(emulator.tensorrt.ILogger):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.said: list[str] = []

        def log(self, _: Any, message: str) -> None:
            self.said.append(message)

    logger = Logger()
    with pytest.raises(TypeError, match="must be called"):
        emulator.tensorrt.Runtime(logger)
    emulator.tensorrt.ILogger.__init__(logger)
    path = save_engine(tmp_path / "m.engine", version=(10, 1, 0))
    runtime = emulator.tensorrt.Runtime(logger)
    assert runtime.deserialize_cuda_engine(path.read_bytes()) is None
    assert "expecting library version 11.0.0 got 10.1.0" in logger.said[0]

"""The emulated pyACL: it computes, it overlaps, and it catches who breaks a rule."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from acl_emulator import Emulator, Settings
from acl_emulator.streams import Record, Task
from om_models import AIPP, save_om

H2D, D2H = 1, 2
ROW = 3 * 8 * 8 * 4  # bytes of one image
SCORES = 3 * 4


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 3, 8, 8), dtype=np.float32)


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def emulator(settings: Settings) -> Iterator[Emulator]:
    emulator = Emulator(settings)
    with emulator.installed():
        yield emulator


@pytest.fixture
def acl(emulator: Emulator) -> Any:
    """Initialised, with device 0 and a context."""
    import acl

    assert acl.init() == 0
    assert acl.rt.set_device(0) == 0
    _, ret = acl.rt.create_context(0)
    assert ret == 0
    return acl


def good(found: Any) -> Any:
    """The value of a call that must succeed."""
    *values, ret = found if isinstance(found, tuple) else (found,)
    assert ret == 0
    return values[0] if values else None


def message(acl: Any, ret: Any) -> str:
    """The emulator's words on a call that must fail."""
    assert (ret[-1] if isinstance(ret, tuple) else ret) != 0
    return str(acl.get_recent_err_msg())


@dataclass
class Driver:
    """A small driver that keeps the rules; the tests break one at a time."""

    acl: Any
    om: Path
    batch: int = 4
    gear_bytes: int = 0
    buffers: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        acl = self.acl
        self.context = good(acl.rt.get_context())
        self.stream = good(acl.rt.create_stream())
        self.model = good(acl.mdl.load_from_file(str(self.om)))
        self.host = good(acl.rt.malloc_host(self.batch * ROW))
        self.scores_host = good(acl.rt.malloc_host(self.batch * SCORES))
        self.inputs, self.outputs = acl.mdl.create_dataset(), acl.mdl.create_dataset()
        self.device = self.add(self.inputs, self.batch * ROW)
        if self.gear_bytes:
            self.add(self.inputs, self.gear_bytes)
        self.scores_device = self.add(self.outputs, self.batch * SCORES)

    def add(self, dataset: int, size: int) -> int:
        pointer = good(self.acl.rt.malloc(size, 0))
        buffer = self.acl.create_data_buffer(pointer, size)
        good(self.acl.mdl.add_dataset_buffer(dataset, buffer))
        self.buffers.append((buffer, pointer))
        return int(pointer)

    def put(self, pixels: np.ndarray) -> int:
        view(self.host, pixels.shape, pixels.dtype.name)[...] = pixels
        return self.copy_in(pixels.nbytes)

    def copy_in(self, count: int) -> int:
        room = self.batch * ROW
        return int(self.acl.rt.memcpy_async(self.device, room, self.host, count, H2D, self.stream))

    def execute(self, stream: int | None = None) -> int:
        stream = self.stream if stream is None else stream
        return int(self.acl.mdl.execute_async(self.model, self.inputs, self.outputs, stream))

    def get(self, count: int) -> np.ndarray:
        size = count * SCORES
        good(
            self.acl.rt.memcpy_async(
                self.scores_host, size, self.scores_device, size, D2H, self.stream
            )
        )
        good(self.acl.rt.synchronize_stream(self.stream))
        return view(self.scores_host, (count, 3)).copy()

    def run(self, pixels: np.ndarray) -> np.ndarray:
        good(self.put(pixels))
        good(self.execute())
        return self.get(len(pixels))

    def close(self) -> None:
        acl = self.acl
        acl.rt.synchronize_stream(self.stream)
        for buffer, pointer in self.buffers:
            good(acl.destroy_data_buffer(buffer))
            good(acl.rt.free(pointer))
        for dataset in (self.inputs, self.outputs):
            good(acl.mdl.destroy_dataset(dataset))
        good(acl.mdl.unload(self.model))
        good(acl.rt.destroy_stream(self.stream))
        for pointer in (self.host, self.scores_host):
            good(acl.rt.free_host(pointer))
        good(acl.rt.destroy_context(self.context))
        good(acl.rt.reset_device(0))
        good(acl.finalize())


def view(address: int, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = (ctypes.c_uint8 * size).from_address(address)
    return np.frombuffer(memory, dtype).reshape(shape)


def test_it_computes_and_leaks_nothing(acl: Any, emulator: Emulator, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    for seed in range(3):
        batch = images(4, seed)
        np.testing.assert_allclose(driver.run(batch), batch.mean(axis=(2, 3)), rtol=1e-5)
    driver.close()
    assert emulator.violations == []
    assert emulator.leaks == []
    assert emulator.alive() == []


def test_what_is_not_given_back_is_reported(acl: Any, emulator: Emulator, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    alive = emulator.alive()
    assert acl.finalize() == 0
    assert emulator.leaks == [f"finalize: {what}" for what in alive]
    kinds = ("context", "stream", "model 0x1", "dataset", "data buffer", "device 0 is set")
    for what in (*kinds, f"device 0 memory {driver.device:#x} of {4 * ROW} bytes", "page-locked"):
        assert any(what in leak for leak in emulator.leaks), what


def test_a_device_that_is_reset_too_early(acl: Any, emulator: Emulator, tmp_path: Path) -> None:
    Driver(acl, save_om(tmp_path / "m.om"))
    good(acl.rt.reset_device(0))
    assert len(emulator.leaks) == 3  # the context and two blocks
    assert all(leak.startswith("reset_device(0): ") for leak in emulator.leaks)


def test_the_description(acl: Any, emulator: Emulator, tmp_path: Path) -> None:
    om = save_om(tmp_path / "m.om", batch=(1, 4, 16), aipp=True)
    model = good(acl.mdl.load_from_file(str(om)))
    desc = acl.mdl.create_desc()
    assert acl.mdl.get_num_inputs(desc) == 0  # empty yet
    good(acl.mdl.get_desc(desc, model))
    assert acl.mdl.get_num_inputs(desc) == 2
    dims = good(acl.mdl.get_input_dims(desc, 0))
    assert dims == {"name": "image", "dimCount": 4, "dims": [-1, 8, 8, 3]}
    assert acl.mdl.get_input_data_type(desc, 0) == 4
    assert acl.mdl.get_input_format(desc, 0) == 1
    assert acl.mdl.get_input_size_by_index(desc, 0) == 16 * 8 * 8 * 3
    assert acl.mdl.get_output_size_by_index(desc, 0) == 16 * 3 * 4
    assert good(acl.mdl.get_dynamic_batch(desc)) == {"batchCount": 3, "batch": [1, 4, 16]}
    assert good(acl.mdl.get_input_index_by_name(desc, "ascend_mbatch_shape_data")) == 1
    assert acl.mdl.get_input_index_by_name(desc, "nothing")[1] != 0


def test_aipp_normalises(acl: Any, emulator: Emulator, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om", aipp=True))
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    good(acl.update_data_buffer(driver.buffers[0][0], driver.device, pixels.nbytes))
    scale = np.float16(AIPP["var_reci_chn"][0]).astype(np.float32)
    expected = ((pixels.astype(np.float32) - np.float32(127.5)) * scale).mean(axis=(1, 2))
    np.testing.assert_allclose(driver.run(pixels), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_gears(acl: Any, emulator: Emulator, tmp_path: Path, count: int) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om", batch=(1, 2, 4)), gear_bytes=8)
    batch = images(count)
    good(driver.put(batch))
    good(acl.mdl.set_dynamic_batch_size(driver.model, driver.inputs, 1, count))
    good(driver.execute())
    np.testing.assert_allclose(driver.get(count), batch.mean(axis=(2, 3)), rtol=1e-5)
    assert emulator.violations == []


def test_a_gear_holds_for_one_execution_and_has_to_exist(
    acl: Any, emulator: Emulator, tmp_path: Path
) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om", batch=(1, 4)), gear_bytes=8)
    ret = acl.mdl.set_dynamic_batch_size(driver.model, driver.inputs, 1, 3)
    assert ret == 145013
    assert "3 is none of 1, 4" in acl.get_recent_err_msg()
    assert acl.mdl.set_dynamic_batch_size(driver.model, driver.inputs, 0, 1) == 100000
    good(driver.put(images(1)))
    good(acl.mdl.set_dynamic_batch_size(driver.model, driver.inputs, 1, 1))
    good(driver.execute())
    # Not set again: the largest, for which there are no pixels.
    assert "rows that nobody wrote, for a batch of 4" in message(acl, driver.execute())


def test_the_extra_input_must_be_there(acl: Any, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om", batch=(1, 4)))
    good(driver.put(images(4)))
    words = message(acl, driver.execute())
    assert "1 buffers, the model 2 inputs: image, ascend_mbatch_shape_data" in words


def test_an_unpadded_tail(acl: Any, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    good(driver.put(images(3)))
    assert "input image has rows that nobody wrote" in message(acl, driver.execute())
    good(acl.update_data_buffer(driver.buffers[0][0], driver.device, 3 * ROW))
    assert f"image has {4 * ROW} bytes" in message(acl, driver.execute())


def test_a_thread_without_a_context(acl: Any, emulator: Emulator, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    returned: list[int] = []
    thread = threading.Thread(target=lambda: returned.append(driver.put(images(4))), name="feeder")
    thread.start()
    thread.join()
    assert returned == [107002]
    assert "the thread 'feeder' has set no context" in emulator.violations[-1]
    assert acl.rt.destroy_context(driver.context + 1) == 107002


def test_a_stream_and_a_model_of_another_context(acl: Any, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    good(driver.put(images(4)))
    good(acl.rt.create_context(1))
    assert driver.execute() == 107003
    stream = good(acl.rt.create_stream())
    assert driver.execute(stream) == 100011
    assert "loaded in another context" in acl.get_recent_err_msg()


def test_one_model_on_two_streams(acl: Any, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    other = good(acl.rt.create_stream())
    good(driver.put(images(4)))
    good(acl.rt.synchronize_stream(driver.stream))
    good(driver.execute())
    words = message(acl, driver.execute(other))
    assert "model may still be in use by execute_async" in words
    event = good(acl.rt.create_event())
    good(acl.rt.record_event(event, driver.stream))
    good(acl.rt.stream_wait_event(other, event))
    good(driver.execute(other))


def test_memory_that_is_still_in_use(acl: Any, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    good(driver.put(images(4)))
    for give_back, handle in (
        (acl.rt.free, driver.device),
        (acl.rt.free_host, driver.host),
        (acl.rt.destroy_stream, driver.stream),
    ):
        words = message(acl, give_back(handle))
        assert "may still be in use by memcpy_async" in words or "nobody waited for" in words
    good(driver.execute())
    for give_back, handle in (
        (acl.mdl.unload, driver.model),
        (acl.mdl.destroy_dataset, driver.inputs),
        (acl.destroy_data_buffer, driver.buffers[0][0]),
    ):
        assert "may still be in use by execute_async" in message(acl, give_back(handle))
    driver.get(4)
    driver.close()


def test_memory_after_it_was_freed(acl: Any, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    good(driver.put(images(4)))
    good(acl.rt.synchronize_stream(driver.stream))
    good(acl.rt.free(driver.device))
    assert "was freed before" in message(acl, driver.copy_in(ROW))
    assert "was freed before" in message(acl, driver.execute())
    assert "freed twice" in message(acl, acl.rt.free(driver.device))
    good(acl.rt.free_host(driver.host))
    assert "was freed before" in message(acl, driver.copy_in(ROW))
    assert (view(driver.host, (16,), "uint8") == 0xDD).all()


def test_pointers_of_the_wrong_side(acl: Any, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    to, source, room = driver.device, driver.host, 4 * ROW
    for words, call in (
        ("HOST_TO_DEVICE from device 0", (source, room, to, ROW, H2D)),
        ("DEVICE_TO_HOST from page-locked", (to, room, source, ROW, D2H)),
        ("do not fit", (to, ROW - 1, source, ROW, H2D)),
        ("run over the end", (to, 2 * room, source, room + 1, H2D)),
        ("is no memory", (to + (1 << 39), room, source, ROW, H2D)),
        ("that nobody wrote", (source, room, to, ROW, D2H)),
        ("is not a multiple of 64", (to + 4, room - 4, source, ROW, H2D)),
        ("no asynchronous copies from host to host", (source, room, driver.scores_host, 8, 0)),
    ):
        assert words in message(acl, acl.rt.memcpy_async(*call, driver.stream)), words
    buffer = acl.create_data_buffer(source, room)
    dataset = good(acl.mdl.add_dataset_buffer(acl.mdl.create_dataset(), buffer))
    ret = acl.mdl.execute_async(driver.model, dataset, driver.outputs, driver.stream)
    assert "is not on device 0" in message(acl, ret)


def test_a_source_that_the_host_changes_too_early(
    acl: Any, emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    settings.copy_gb_s = 1e-4  # some 30 ms for the first copy, so that the second one waits
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    good(driver.put(images(4)))
    good(driver.copy_in(ROW))
    view(driver.host, (4, 3, 8, 8))[0] = 7
    assert acl.rt.synchronize_stream(driver.stream) != 0
    assert "was changed before it was copied" in emulator.violations[-1]


def test_scores_that_are_read_too_early_are_garbage(
    acl: Any, emulator: Emulator, tmp_path: Path
) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    driver.run(images(4))
    gate = threading.Event()
    block(emulator, driver.stream, gate)
    size = 4 * SCORES
    copy = (driver.scores_host, size, driver.scores_device, size, D2H, driver.stream)
    good(acl.rt.memcpy_async(*copy))
    scores = view(driver.scores_host, (size,), "uint8")
    assert (scores == 0xA5).all()
    gate.set()
    good(acl.rt.synchronize_stream(driver.stream))
    assert not (scores == 0xA5).all()


def block(emulator: Emulator, stream: int, gate: threading.Event) -> None:
    """Lets a stream do nothing more until the gate opens."""
    machine = emulator.machine
    waits = Record(machine.ordering.step(stream), done=gate)
    machine.stream(stream).submit(Task(waits=waits))


def test_a_copy_from_pageable_memory_is_over_when_the_call_returns(
    acl: Any, emulator: Emulator, tmp_path: Path
) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    gate = threading.Event()
    block(emulator, driver.stream, gate)
    memory = np.zeros(ROW + 64, np.uint8)
    aligned = memory[-memory.ctypes.data % 64 :][:ROW]
    threading.Timer(0.05, gate.set).start()
    good(acl.rt.memcpy_async(driver.device, ROW, aligned.ctypes.data, ROW, H2D, driver.stream))
    assert gate.is_set()
    aligned[:] = 1  # no harm any more
    good(acl.rt.synchronize_stream(driver.stream))
    assert emulator.violations == []


@pytest.mark.slow
def test_copies_and_execution_overlap_as_their_events_say(
    acl: Any, emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    settings.images_per_s = {"4": 8.0}  # half a second a batch
    settings.copy_gb_s = ROW / 0.01 / 1e9  # 10 ms an image
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    copies = good(acl.rt.create_stream())
    second = good(acl.rt.malloc(4 * ROW, 0))
    begin, computed, beside, copied = (good(acl.rt.create_event()) for _ in range(4))
    good(driver.put(images(4)))
    good(acl.rt.synchronize_stream(driver.stream))
    good(acl.rt.record_event(begin, driver.stream))
    good(acl.rt.record_event(beside, copies))
    good(driver.execute())
    good(acl.rt.record_event(computed, driver.stream))
    good(acl.rt.memcpy_async(second, ROW, driver.host, ROW, H2D, copies))
    good(acl.rt.record_event(copied, copies))
    for stream in (copies, driver.stream):
        good(acl.rt.synchronize_stream(stream))
    assert good(acl.rt.event_elapsed_time(begin, computed)) > 499.9
    assert good(acl.rt.event_elapsed_time(beside, copied)) < 500
    assert good(acl.rt.event_elapsed_time(copied, beside)) < 0


def test_blocking_calls_take_their_time(acl: Any, settings: Settings, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    expected = driver.run(images(4))
    settings.images_per_s, settings.copy_gb_s = 80.0, 4 * ROW / 0.05 / 1e9
    for seconds, call in (
        (0.05, (acl.rt.memcpy, driver.device, 4 * ROW, driver.host, 4 * ROW, H2D)),
        (0.05, (acl.mdl.execute, driver.model, driver.inputs, driver.outputs)),
    ):
        start = perf_counter()
        good(call[0](*call[1:]))
        assert perf_counter() - start >= seconds
    np.testing.assert_array_equal(driver.get(4), expected)


@pytest.mark.parametrize("settings", [Settings(cann="7.0")])
@pytest.mark.parametrize("flags", [None, 1])
def test_events_are_flags_that_stay_up(acl: Any, tmp_path: Path, flags: int | None) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    other = good(acl.rt.create_stream())
    make = acl.rt.create_event if flags is None else acl.rt.create_event_with_flag
    event = good(make(*([] if flags is None else [flags])))
    assert "wait for ever" in message(acl, acl.rt.stream_wait_event(other, event))
    good(acl.rt.record_event(event, driver.stream))
    good(acl.rt.record_event(event, driver.stream))  # nobody waited for it
    good(acl.rt.stream_wait_event(other, event))
    assert "waited for and not reset" in message(acl, acl.rt.record_event(event, driver.stream))
    good(acl.rt.reset_event(event, other))
    words = message(acl, acl.rt.record_event(event, driver.stream))
    assert "event may still be in use by reset_event" in words
    good(acl.rt.synchronize_stream(other))
    good(acl.rt.record_event(event, driver.stream))
    assert not hasattr(acl.rt, "create_event_ex_with_flag")


def test_events_of_a_newer_release(acl: Any, emulator: Emulator, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    other = good(acl.rt.create_stream())
    for event, code in (
        (good(acl.rt.create_event_ex_with_flag(1)), 207000),
        (good(acl.rt.create_event()), 107000),
    ):
        for _ in range(2):
            # A wait means the record before it: nothing has to order it and the next one.
            good(acl.rt.record_event(event, driver.stream))
            good(acl.rt.stream_wait_event(other, event))
        assert acl.rt.reset_event(event, other) == code
    assert "undefined behaviour" in emulator.violations[-1]


def test_what_events_are_for(acl: Any, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    other = good(acl.rt.create_stream())
    order, mark, elsewhere = (good(acl.rt.create_event_with_flag(flags)) for flags in (1, 8, 8))
    for event, stream in ((order, driver.stream), (mark, driver.stream), (elsewhere, other)):
        good(acl.rt.record_event(event, stream))
    assert "nobody waited" in message(acl, acl.rt.event_elapsed_time(mark, mark))
    for stream in (driver.stream, other):
        good(acl.rt.synchronize_stream(stream))
    assert good(acl.rt.event_elapsed_time(mark, mark)) == 0
    assert "different streams" in message(acl, acl.rt.event_elapsed_time(mark, elsewhere))
    assert "lacks ACL_EVENT_TIME_LINE" in message(acl, acl.rt.event_elapsed_time(mark, order))
    assert "lacks ACL_EVENT_SYNC" in message(acl, acl.rt.stream_wait_event(other, mark))
    assert "lacks ACL_EVENT_SYNC" in message(acl, acl.rt.reset_event(mark, other))


@pytest.mark.parametrize("settings", [Settings(event_ids=2)])
def test_event_ids_are_few(acl: Any, emulator: Emulator, tmp_path: Path) -> None:
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    events = [good(acl.rt.create_event()) for _ in range(3)]
    marks = [good(acl.rt.create_event_with_flag(8)) for _ in range(5)]
    for event in (*events[:2], *marks):
        good(acl.rt.record_event(event, driver.stream))
    good(acl.rt.synchronize_stream(driver.stream))
    words = message(acl, acl.rt.record_event(events[2], driver.stream))
    assert "waits for ever: all 2 event ids are taken" in words
    assert acl.rt.create_event_with_flag(1) == (0, 207007)
    good(acl.rt.destroy_event(events[0]))
    good(acl.rt.record_event(events[2], driver.stream))
    assert emulator.held_gil == {"rt.record_event"}


def test_the_life_of_a_process(emulator: Emulator) -> None:
    import acl

    assert acl.rt.get_device_count() == (0, 100001)
    assert "acl.init was not called" in acl.get_recent_err_msg()
    assert acl.finalize() == 100001
    assert acl.init() == 0
    assert acl.init() == 100002
    assert acl.rt.set_device(4) == 107001
    assert "no device 4, only 0 to 3" in acl.get_recent_err_msg()
    good(acl.rt.set_device(3))
    context = good(acl.rt.get_context())
    assert "belongs to set_device" in message(acl, acl.rt.destroy_context(context))
    good(acl.rt.reset_device(3))
    assert acl.rt.get_context()[1] == 107002
    assert acl.rt.reset_device(3) == 107001
    assert acl.finalize() == 0
    assert acl.finalize() == 100037
    assert acl.init() == 100002


def test_arguments_are_python_numbers(acl: Any) -> None:
    with pytest.raises(TypeError, match=r"acl\.rt\.malloc args parse failed"):
        acl.rt.malloc(np.int64(5), 0)


@pytest.mark.parametrize("settings", [Settings(device_memory=1000)])
def test_a_device_that_is_full(acl: Any, emulator: Emulator) -> None:
    assert acl.rt.malloc(1001, 0)[1] == 207001
    good(acl.rt.malloc(1000, 0))
    assert emulator.violations == []


def test_models_that_cannot_be_loaded(acl: Any, tmp_path: Path) -> None:
    assert acl.mdl.load_from_file(str(tmp_path / "no.om"))[1] == 145002
    (tmp_path / "bad.om").write_bytes(b"IMOD of an unknown make")
    assert acl.mdl.load_from_file(str(tmp_path / "bad.om"))[1] == 545001
    other = save_om(tmp_path / "m.om", soc="Ascend310")
    words = message(acl, acl.mdl.load_from_file(str(other)))
    assert "the model is for Ascend310, this is Ascend310P3" in words


@pytest.mark.parametrize("after", ["stop", "go on"])
def test_a_failure_on_the_stream(
    acl: Any, emulator: Emulator, settings: Settings, tmp_path: Path, after: str
) -> None:
    settings.faults["task.execute"] = {1: 507011}
    settings.unverified.after_failure = after
    driver = Driver(acl, save_om(tmp_path / "m.om"))
    event = good(acl.rt.create_event())
    good(driver.put(images(4)))
    good(driver.execute())
    good(acl.rt.record_event(event, driver.stream))
    assert acl.rt.synchronize_stream(driver.stream) == 507011
    assert acl.rt.synchronize_stream(driver.stream) == (507011 if after == "stop" else 0)
    assert emulator.violations == []


def test_injected_faults(acl: Any, emulator: Emulator, settings: Settings) -> None:
    settings.faults["rt.malloc"] = {2: 207001}
    settings.faults["create_data_buffer"] = {1: 200000}
    pointer = good(acl.rt.malloc(5, 0))
    assert acl.rt.malloc(5, 0) == (0, 207001)
    good(acl.rt.malloc(5, 0))
    assert acl.create_data_buffer(pointer, 5) == 0
    assert acl.create_data_buffer(pointer, 5) != 0


@pytest.mark.slow
@pytest.mark.parametrize("end", ["; acl.finalize()", ""])
def test_a_process_of_its_own(tmp_path: Path, end: str) -> None:
    script = "import acl; acl.init(); acl.rt.set_device(1); acl.rt.malloc(99, 0)"
    folder = Path(__file__).parents[1] / "emulators" / "acl_emulator" / "on_path"
    report = tmp_path / "report.json"
    subprocess.run(
        [sys.executable, "-c", script + end],
        check=True,
        env={"PYTHONPATH": str(folder), "ACL_EMULATOR": json.dumps({"report": str(report)})},
    )
    found = json.loads(report.read_text())
    assert found["finalised"] is bool(end)
    assert len(found["leaks"]) == 2
    assert found["violations"] == []

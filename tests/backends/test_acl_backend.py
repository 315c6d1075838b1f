"""An .om through the emulated pyACL: right scores, no rule broken, nothing left behind."""

from __future__ import annotations

import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import numpy as np
import pytest
from acl_emulator import Emulator, Settings, Unverified
from hypothesis import given
from hypothesis import strategies as st
from om_models import AIPP, save_om

from regcore import BackendError
from regcore.backends.ascend import AscendBackend, process
from regcore.backends.protocol import SCORES_KEPT, Backend
from regcore.backends.recipe_fit import static_batch
from regcore.backends.registry import open_backend
from regcore.models.build_record import BuildRecord, file_sha256, write_record
from regcore.models.tensors import TensorSpec


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def emulator(settings: Settings) -> Iterator[Emulator]:
    """The emulator; at the end of a test no rule was broken, and nothing is left."""
    emulator = Emulator(settings)
    with emulator.installed():
        yield emulator
        process.shut_down()
    assert emulator.violations == []
    assert emulator.leaks == []
    assert emulator.alive() == []
    # From CANN 7 on; a reset of an event waits in older ones.
    assert emulator.held_gil <= {"rt.reset_event"}


def images(count: int, seed: int = 0, dtype: str = "float32") -> np.ndarray:
    if dtype == "uint8":
        return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return np.random.default_rng(seed).random((count, 3, 8, 8)).astype(dtype)


def means(batch: np.ndarray) -> np.ndarray:
    return batch.astype(np.float32).mean(axis=(2, 3))


def pipelined(backend: Backend, batches: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The scores of all batches, with as many in work as the backend takes."""
    scores = []
    for number, batch in enumerate(batches):
        backend.submit(batch)
        if number >= backend.depth - 1:
            scores.append(backend.result().scores.copy())
    while len(scores) < len(batches):
        scores.append(backend.result().scores.copy())
    return scores


@pytest.mark.parametrize("batch", [4, (1, 2, 4)])
def test_it_describes_itself(emulator: Emulator, tmp_path: Path, batch: Any) -> None:
    with open_backend(save_om(tmp_path / "m.om", batch=batch)) as backend:
        first = batch if isinstance(batch, int) else None
        assert backend.inputs == (TensorSpec("image", (first, 3, 8, 8), "float32"),)
        assert backend.outputs == (TensorSpec("class", (first, 3), "float32"),)
        assert static_batch(backend) == first
        assert backend.max_batch == 4
        assert backend.depth >= 2
        assert backend.provider == "Ascend310P3 device 0"
        assert (backend.name, backend.version) == ("ascendcl", "1.13.0")
        assert backend.metadata == {}


@pytest.mark.parametrize("batch", [4, (1, 2, 4)])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_any_number_of_images_up_to_the_largest_batch(
    emulator: Emulator, tmp_path: Path, batch: Any, count: int
) -> None:
    with open_backend(save_om(tmp_path / "m.om", batch=batch)) as backend:
        pixels = images(count)
        for _ in range(3):
            np.testing.assert_allclose(backend.run(pixels), means(pixels), rtol=1e-5)
        with pytest.raises(BackendError, match="takes 1 to 4 images at a time, not 5"):
            backend.run(images(5))


def test_the_smallest_gear_is_used(emulator: Emulator, settings: Settings, tmp_path: Path) -> None:
    settings.images_per_s = {"1": 1e6, "4": 1e6}  # no rate for 16: a run of it would fail
    with open_backend(save_om(tmp_path / "m.om", batch=(1, 4, 16))) as backend:
        for count in (1, 2, 3, 4, 1):
            backend.run(images(count))
        with pytest.raises(KeyError):
            backend.run(images(5))


@pytest.mark.parametrize("devices", [(0,), (2,), (0, 1, 2, 3), (3, 1)])
@pytest.mark.parametrize("pinned", ["page-locked", "pageable"])
def test_batches_come_back_in_order(
    emulator: Emulator, tmp_path: Path, devices: tuple[int, ...], pinned: str
) -> None:
    model = save_om(tmp_path / "m.om", batch=(2, 4))
    with open_backend(model, devices=devices) as backend:
        assert backend.depth == 2 * len(devices)
        batches = [images(4 if number < 20 else 3, number) for number in range(21)]
        given = batches
        if pinned == "page-locked":
            given = backend.host_buffers(21, (4, 3, 8, 8), np.dtype("float32")) or []
            for buffer, batch in zip(given, batches, strict=True):
                buffer[: len(batch)] = batch
            given[-1] = given[-1][:3]
        for scores, batch in zip(pipelined(backend, given), batches, strict=True):
            np.testing.assert_allclose(scores, means(batch), rtol=1e-5)
    used = [call for call in emulator.calls if call == "rt.set_device"]
    assert len(used) == len(devices)


@pytest.mark.parametrize("slots", [1, 3])
def test_other_numbers_of_slots(emulator: Emulator, tmp_path: Path, slots: int) -> None:
    batches = [images(4, number) for number in range(9)]
    with AscendBackend(save_om(tmp_path / "m.om"), slots=slots) as backend:
        assert backend.depth == slots
        for scores, batch in zip(pipelined(backend, batches), batches, strict=True):
            np.testing.assert_allclose(scores, means(batch), rtol=1e-5)


JOBS = st.lists(st.tuples(st.integers(1, 8), st.booleans(), st.booleans()), max_size=14)


@pytest.mark.slow
@given(
    jobs=JOBS,
    gears=st.sets(st.integers(1, 7), min_size=1).map(lambda gears: sorted({*gears, 8})),
    devices=st.permutations(range(3)),
    count=st.integers(1, 3),
)
@hypothesis.settings(max_examples=40, deadline=None)
def test_any_order_of_any_batches(
    tmp_path_factory: pytest.TempPathFactory,
    jobs: list[tuple[int, bool, bool]],
    gears: list[int],
    devices: list[int],
    count: int,
) -> None:
    """A job: its images, whether they are page-locked, whether a result is taken before it."""
    model = save_om(tmp_path_factory.mktemp("any") / "m.om", batch=gears if gears[1:] else 8)
    emulator = Emulator()
    with emulator.installed(), ExitStack() as stack:
        stack.callback(process.shut_down)
        backend = stack.enter_context(open_backend(model, devices=devices[:count]))
        buffers = backend.host_buffers(len(jobs), (8, 3, 8, 8), np.dtype("float32")) or []
        waiting: deque[np.ndarray] = deque()
        for number, (size, pinned, early) in enumerate(jobs):
            if waiting and (early or len(waiting) == backend.depth):
                check(backend, waiting.popleft())
            batch = images(size, number)
            if pinned:
                buffers[number][:size] = batch
            backend.submit(buffers[number][:size] if pinned else batch)
            waiting.append(batch)
        while waiting:
            check(backend, waiting.popleft())
    assert emulator.violations == []
    assert emulator.leaks == []


def check(backend: Backend, batch: np.ndarray) -> None:
    np.testing.assert_allclose(backend.result().scores, means(batch), rtol=1e-5)


def test_page_locked_batches_are_not_copied_on_the_host(
    emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    with open_backend(save_om(tmp_path / "m.om")) as backend:
        buffers = backend.host_buffers(2, (4, 3, 8, 8), np.dtype("float32"))
        assert buffers is not None
        buffers[0][:] = images(4)
        before = emulator.calls.count("rt.malloc_host")
        backend.run(buffers[0])
        assert emulator.calls.count("rt.malloc_host") == before
        # Zeros, for what is missing in a batch.
        for count in (3, 1):
            scores = backend.run(buffers[0][:count])
            np.testing.assert_allclose(scores, means(images(4))[:count], rtol=1e-5)
        assert emulator.calls.count("rt.malloc_host") == before + 1
        for count in (4, 2, 4, 2):
            backend.run(images(count))
        # In the first and the second slot, once.
        assert emulator.calls.count("rt.malloc_host") == before + 3


def test_nothing_is_allocated_for_a_batch(emulator: Emulator, tmp_path: Path) -> None:
    with open_backend(save_om(tmp_path / "m.om", batch=(1, 4))) as backend:
        for _ in range(2):
            backend.run(images(3))
        before = len(emulator.calls)
        backend.run(images(3))
        assert set(emulator.calls[before:]) == {
            "rt.set_context",
            "mdl.set_dynamic_batch_size",
            "rt.memcpy_async",
            "rt.record_event",
            "rt.stream_wait_event",
            "mdl.execute_async",
            "rt.synchronize_stream",
            "rt.event_elapsed_time",
        }


def test_scores_stay_while_later_ones_are_taken(emulator: Emulator, tmp_path: Path) -> None:
    with open_backend(save_om(tmp_path / "m.om")) as backend:
        batches = [images(4, number) for number in range(12)]
        kept: list[tuple[np.ndarray, np.ndarray]] = []
        for number, batch in enumerate(batches):
            backend.submit(batch)
            if number >= backend.depth - 1:
                kept.append((backend.result().scores, batches[number - backend.depth + 1]))
            # The last SCORES_KEPT, while as many batches as can be are in work.
            for scores, pixels in kept[-SCORES_KEPT:]:
                np.testing.assert_allclose(scores, means(pixels), rtol=1e-5)


def test_uint8_pixels_go_to_the_device_as_they_are(emulator: Emulator, tmp_path: Path) -> None:
    with open_backend(save_om(tmp_path / "m.om", batch=(1, 4), aipp=True)) as backend:
        assert backend.inputs == (TensorSpec("image", (None, 8, 8, 3), "uint8"),)
        pixels = images(3, dtype="uint8")
        scale = np.float32(np.float16(AIPP["var_reci_chn"][0]))
        expected = ((pixels.astype(np.float32) - np.float32(127.5)) * scale).mean(axis=(1, 2))
        np.testing.assert_allclose(backend.run(pixels), expected, rtol=1e-4, atol=1e-6)
        with pytest.raises(BackendError, match=r"takes image uint8 \[N, 8, 8, 3\], not float32"):
            backend.run(images(3))


def test_float16_images_and_scores(emulator: Emulator, tmp_path: Path) -> None:
    with open_backend(save_om(tmp_path / "m.om", dtype="float16")) as backend:
        assert backend.inputs[0].dtype == "float16"
        pixels = images(3, dtype="float16")
        backend.submit(pixels)
        scores = backend.result().scores
        assert scores.dtype == np.float16
        np.testing.assert_allclose(scores, means(pixels), rtol=1e-2)


def test_an_output_is_chosen_by_its_name(emulator: Emulator, tmp_path: Path) -> None:
    model = save_om(tmp_path / "m.om", extra_output=True, weights=2 * np.eye(3))
    with pytest.raises(BackendError, match="by --output: class float32"):
        open_backend(model)
    for name, factor in (("class", 2), ("colour", 1)):
        with open_backend(model, output=name) as backend:
            assert backend.outputs[0].name == name
            np.testing.assert_allclose(backend.run(images(2)), factor * means(images(2)), rtol=1e-5)


UNVERIFIED = [
    Unverified(after_failure="go on"),
    Unverified(output_names="plain", dynamic_output_dims="-1"),
    Unverified(error_text=False, version=False, shape_data_bytes=4),
]


@pytest.mark.parametrize("settings", [Settings(unverified=facts) for facts in UNVERIFIED], ids=str)
def test_whatever_is_true_of_what_is_not_known(
    emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    settings.faults["task.execute"] = {6: 507011}
    with open_backend(save_om(tmp_path / "m.om", batch=(1, 4))) as backend:
        assert backend.outputs[0].name == "class"
        batches = [images(4, number) for number in range(5)]
        for scores, batch in zip(pipelined(backend, batches), batches, strict=True):
            np.testing.assert_allclose(scores, means(batch), rtol=1e-5)
        with pytest.raises(BackendError, match="507011 ACL_ERROR_RT_MODEL_EXECUTE"):
            backend.run(images(4))


RELEASES = {
    "5.1": {"rt.create_event", "rt.create_event_with_flag", "rt.reset_event"},
    "7.0": {"rt.create_event_with_flag", "rt.reset_event"},
    "8.5": {"rt.create_event_with_flag", "rt.create_event_ex_with_flag"},
    "9.1": {"rt.create_event_with_flag", "rt.create_event_ex_with_flag"},
}


# An event id for each slot, and one for a record that follows another: where a record had to wait
# for one, all threads would.
@pytest.mark.parametrize("settings", [Settings(cann=cann, event_ids=3) for cann in RELEASES])
@pytest.mark.parametrize("slots", [1, 2])
def test_events_are_those_that_the_release_of_cann_allows(
    emulator: Emulator, settings: Settings, tmp_path: Path, slots: int
) -> None:
    batches = [images(4, number) for number in range(7)]
    with AscendBackend(save_om(tmp_path / "m.om"), slots=slots) as backend:
        for scores, batch in zip(pipelined(backend, batches), batches, strict=True):
            np.testing.assert_allclose(scores, means(batch), rtol=1e-5)
    events = {"rt.create_event", "rt.create_event_with_flag", "rt.create_event_ex_with_flag"}
    used = (events | {"rt.reset_event"}) & set(emulator.calls)
    assert used == RELEASES[settings.cann]
    assert emulator.held_gil == ({"rt.reset_event"} if settings.cann == "5.1" else set())


@pytest.mark.slow
def test_device_times_are_in_order_and_overlap(
    emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    settings.images_per_s, settings.copy_gb_s = 10.0, 1e-4  # 400 ms, and 31 ms to copy a batch
    with open_backend(save_om(tmp_path / "m.om"), devices=(1,)) as backend:
        spans = []
        for number in range(4):
            backend.submit(images(4))
            if number:
                spans.append({span.stage: span for span in backend.result().spans})
        spans.append({span.stage: span for span in backend.result().spans})
    for span in spans:
        assert {s.device for s in span.values()} == {1}
        times = [
            t for stage in ("h2d", "compute", "d2h") for t in (span[stage].start, span[stage].end)
        ]
        assert times == sorted(times)
        assert span["compute"].end - span["compute"].start == pytest.approx(0.4, rel=0.01)
    for first, second in pairwise(spans):
        # The device computes one batch at a time, the next one being there already.
        # Each stream's clock is set for itself.
        assert second["compute"].start >= first["compute"].end - 0.05
        assert second["h2d"].end < first["compute"].end


def test_a_failed_batch_is_told_with_its_result_and_no_other(
    emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    settings.faults["task.execute"] = {2: 507011}
    backend = open_backend(save_om(tmp_path / "m.om"))
    backend.submit(images(4))
    backend.submit(images(4, 1))
    np.testing.assert_allclose(backend.result().scores, means(images(4)), rtol=1e-5)
    with pytest.raises(BackendError) as caught:
        backend.result()
    message = str(caught.value)
    assert "m.om on device 0: acl.rt.synchronize_stream failed: 507011" in message
    assert "injected fault" in message  # the vendor's words
    assert "ASCEND_SLOG_PRINT_TO_STDOUT" in message  # what to do
    assert "\n" not in message
    assert caught.value.exit_code == 4
    backend.close()


@pytest.mark.parametrize("settings", [Settings(cann=cann) for cann in ("5.1", "8.0", "9.0")])
def test_the_cause_of_an_error_is_told_in_the_words_of_any_release(
    emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    settings.faults["mdl.load_from_file"] = {1: 500002}
    with pytest.raises(BackendError) as caught:
        open_backend(save_om(tmp_path / "m.om"))
    message = str(caught.value)
    assert "500002 ACL_ERROR_GE_FAILURE (EZ9999: emulator: mdl.load_from_file: inject" in message
    assert "PID" not in message


@pytest.mark.slow
def test_closing_with_batches_in_work(
    emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    settings.images_per_s = 40.0
    backend = open_backend(save_om(tmp_path / "m.om"), devices=(0, 1))
    for number in range(backend.depth):
        backend.submit(images(4, number))
    with pytest.raises(BackendError, match="2 results wait to be taken"):
        backend.submit(images(4))
    backend.close()
    backend.close()
    with pytest.raises(BackendError, match="the model was closed"):
        backend.submit(images(4))


def test_several_models_in_one_process(emulator: Emulator, tmp_path: Path) -> None:
    first, second = save_om(tmp_path / "a.om"), save_om(tmp_path / "b.om", weights=3 * np.eye(3))
    with open_backend(first) as a:
        with open_backend(second) as b:
            np.testing.assert_allclose(b.run(images(2)), 3 * means(images(2)), rtol=1e-5)
            np.testing.assert_allclose(a.run(images(2)), means(images(2)), rtol=1e-5)
        np.testing.assert_allclose(a.run(images(2)), means(images(2)), rtol=1e-5)
    with open_backend(first) as a:
        a.run(images(1))
    assert emulator.calls.count("init") == 1
    assert emulator.calls.count("rt.reset_device") == 2


def test_what_is_left_open_is_closed_at_the_end(emulator: Emulator, tmp_path: Path) -> None:
    for device in (0, 1):
        open_backend(save_om(tmp_path / "m.om"), devices=(device,)).submit(images(3))
    process.shut_down()
    assert emulator.calls[-1] == "finalize"


def test_pyacl_that_another_library_has_initialised(emulator: Emulator, tmp_path: Path) -> None:
    emulator.module.init()
    with open_backend(save_om(tmp_path / "m.om")) as backend:
        backend.run(images(1))
    process.shut_down()
    assert "finalize" not in emulator.calls
    emulator.module.finalize()


@pytest.mark.parametrize("settings", [Settings(cann=cann) for cann in ("7.0", "9.0")])
def test_a_device_that_another_library_uses(
    emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    acl = emulator.module
    acl.init()
    acl.rt.set_device(0)
    theirs, _ = acl.rt.create_context(0)
    with open_backend(save_om(tmp_path / "m.om")) as backend:
        backend.run(images(1))
    process.shut_down()
    assert acl.rt.set_context(theirs) == 0
    assert acl.rt.create_stream()[1] == 0
    # Up to CANN 7 a reset is for all.
    assert ("rt.reset_device" in emulator.calls) is (settings.cann == "9.0")
    stream = emulator.machine.handles.alive("stream")[-1][1]
    acl.rt.destroy_stream(stream)
    acl.rt.destroy_context(theirs)
    acl.rt.reset_device(0)
    acl.finalize()


def run_everything(model: Path) -> None:
    """Every call of a run with tail, other memory and several devices."""
    with open_backend(model, devices=(0, 1)) as backend:
        buffers = backend.host_buffers(2, (4, 3, 8, 8), np.dtype("float32")) or []
        for buffer in buffers:
            buffer[:] = images(4)
        batches = [*buffers, images(4), images(3)]
        for scores, batch in zip(pipelined(backend, batches), batches, strict=True):
            np.testing.assert_allclose(scores, means(batch), rtol=1e-5)
    process.shut_down()


def calls_of_a_run(model: Path) -> list[str]:
    emulator = Emulator()
    with emulator.installed():
        run_everything(model)
    return emulator.calls


# Their failure is told elsewhere, or not at all.
_SILENT = ("get_recent_err_msg", "get_soc_name", "get_version")
_FREEING = {
    "rt.free": "memory",
    "rt.free_host": "page-locked",
    "destroy_data_buffer": "data buffer",
    "mdl.destroy_dataset": "dataset",
    "mdl.destroy_desc": "description",
    "mdl.unload": "model",
    "rt.destroy_event": "event",
    "rt.destroy_stream": "stream",
    "rt.destroy_context": "context",
    "rt.reset_device": "device",
    "finalize": "",
}


@pytest.mark.slow
def test_whichever_call_fails_all_is_given_back(tmp_path: Path) -> None:
    model = save_om(tmp_path / "m.om", batch=(1, 4))
    calls = calls_of_a_run(model)
    numbers: dict[str, int] = {}
    for name in calls:
        numbers[name] = numbers.get(name, 0) + 1
        if name in _SILENT:
            continue
        emulator = Emulator(Settings(faults={name: {numbers[name]: 507899}}))
        where = f"{name}, call {numbers[name]}"
        with emulator.installed():
            told = ""
            try:
                run_everything(model)
            except BackendError as error:
                told = str(error)
            try:
                process.shut_down()
            except BackendError as error:
                told = told or str(error)
            process.abandon()
        assert_told(told, name, where)
        assert_only_left(emulator, _FREEING.get(name), where)


def assert_told(told: str, name: str, where: str) -> None:
    getters = ("mdl.get_num", "mdl.get_input_size", "mdl.get_output_size", "mdl.get_input_data")
    if not name.startswith(getters) and name != "mdl.get_output_data_type":
        closing = name == "rt.synchronize_stream"  # whose answer is not asked for at closing
        assert closing or (f"acl.{name} failed: " in told and "\n" not in told), (where, told)


def assert_only_left(emulator: Emulator, kind: str | None, where: str) -> None:
    if kind is None:
        assert emulator.violations == [], where
        assert emulator.leaks == [], where
        assert emulator.alive() == [], where
    elif kind:
        # Of what refuses to go, that one thing, and what it keeps from going.
        assert emulator.machine.finalised, where
        assert any(kind in leak for leak in emulator.leaks), where
        assert len(emulator.leaks) <= 3, (where, emulator.leaks)


@pytest.mark.slow
def test_ctrl_c_at_any_call_leaves_nothing(tmp_path: Path) -> None:
    model = save_om(tmp_path / "m.om", batch=(1, 4))
    for number in range(1, len(calls_of_a_run(model)) + 1):
        emulator = Emulator()

        def interrupt(_: str, call: int, number: int = number) -> None:
            if call == number:
                signal.raise_signal(signal.SIGINT)

        emulator.machine.on_call = interrupt
        with emulator.installed():
            try:
                run_everything(model)
            except KeyboardInterrupt:
                process.shut_down()
        assert emulator.violations == [], number
        assert emulator.leaks == [], number
        assert emulator.machine.finalised, number


def test_a_package_of_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = save_om(tmp_path / "m.om")
    monkeypatch.setitem(sys.modules, "acl", ModuleType("acl"))
    with pytest.raises(BackendError, match=r"not Huawei's pyACL.*pip uninstall acl.*set_env\.sh"):
        open_backend(model)
    monkeypatch.setitem(sys.modules, "acl", None)
    with pytest.raises(BackendError, match=r"pyACL cannot be imported.*set_env\.sh"):
        open_backend(model)


def test_a_machine_without_a_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "libascend_hal.so: cannot open shared object file: No such file or directory"
    (tmp_path / "acl.py").write_text(f"raise ImportError({reason!r})\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acl", raising=False)
    with pytest.raises(BackendError, match=r"libascend_hal\.so belongs to the driver.*container"):
        open_backend(save_om(tmp_path / "m.om"))


def test_a_pyacl_that_lacks_a_function(emulator: Emulator, tmp_path: Path) -> None:
    del emulator.module.mdl.get_dynamic_batch
    with pytest.raises(BackendError, match=r"no acl\.mdl\.get_dynamic_batch: a newer CANN"):
        open_backend(save_om(tmp_path / "m.om"))


def test_models_that_do_not_fit(emulator: Emulator, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="no such model file"):
        open_backend(tmp_path / "nothing.om")
    with pytest.raises(BackendError, match=r"107001 .*there is no device 4.*npu-smi info"):
        open_backend(save_om(tmp_path / "m.om"), devices=(0, 4))
    with pytest.raises(BackendError, match="no choice of provider"):
        open_backend(tmp_path / "m.om", provider="cuda")
    with pytest.raises(BackendError, match=r"has no choice of devices"):
        open_backend("simulated:5", devices=(0,))
    (tmp_path / "bad.om").write_bytes(b"IMOD")
    with pytest.raises(BackendError, match=r"545001 ACL_ERROR_GE_LOAD_MODEL.*built for this chip"):
        open_backend(tmp_path / "bad.om")


@pytest.mark.parametrize("settings", [Settings(device_memory=1 << 10)])
def test_a_device_without_room(emulator: Emulator, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"207001 .*bytes left.*smaller batches"):
        open_backend(save_om(tmp_path / "m.om"))


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        ("rt.set_context", 107002, "ACL_ERROR_RT_CONTEXT_NULL.*finalised pyACL"),
        ("rt.set_device", 107001, "ACL_ERROR_RT_INVALID_DEVICEID.*npu-smi info"),
        ("rt.set_device", 507033, "ACL_ERROR_RT_DEV_SETUP_ERROR.*group of /dev/davinci"),
        ("rt.malloc_host", 207001, "ACL_ERROR_RT_MEMORY_ALLOCATION.*smaller batches"),
        ("mdl.load_from_file", 507008, "ACL_ERROR_RT_SOC_VERSION.*not newer than the one here"),
        ("mdl.load_from_file", 500002, "ACL_ERROR_GE_FAILURE.*convert it again.*ascend/log"),
        ("mdl.set_dynamic_batch_size", 145013, "DYNAMIC_BATCH_SIZE_INVALID.*converted with"),
        ("task.execute", 507011, "ACL_ERROR_RT_MODEL_EXECUTE.*failed on the device"),
        ("rt.synchronize_stream", 507046, "ACL_ERROR_RT_STREAM_SYNC_TIMEOUT.*healthy"),
        ("task.execute", 507015, "ACL_ERROR_RT_AICORE_EXCEPTION.*operator of the model"),
        ("task.execute", 545601, "ACL_ERROR_GE_EXECUTE_TIMEOUT.*healthy"),
        ("task.memcpy", 507054, "HBM_MULTI_BIT_ECC_ERROR.*memory is broken"),
        ("rt.create_stream", 207008, "NO_STREAM_RESOURCE.*other processes"),
        ("rt.memcpy_async", 987654, "failed: 987654 .*injected fault"),
        ("mdl.create_dataset", 100000, "acl.mdl.create_dataset failed: no result"),
    ],
)
def test_errors_say_what_to_do(
    emulator: Emulator, settings: Settings, tmp_path: Path, call: str, code: int, words: str
) -> None:
    settings.faults[call] = {1: code}
    with (
        pytest.raises(BackendError, match=words) as caught,
        open_backend(save_om(tmp_path / "m.om", batch=(1, 4))) as backend,
    ):
        backend.run(images(3))
    assert str(caught.value).startswith(f"{tmp_path / 'm.om'} on device 0: acl.")
    assert "\n" not in str(caught.value)


def test_an_om_for_another_chip(emulator: Emulator, tmp_path: Path) -> None:
    model = save_om(tmp_path / "m.om", soc="Ascend310")
    fields = {"builder": "atc", "precision": "", "batches": (4,), "input": "image"}
    image = {"dtype": "float32", "shape": (None, 3, 8, 8)}
    record = BuildRecord(
        device="Ascend310",
        **fields,
        **image,
        source="m.onnx",
        source_sha256="0" * 64,
        sha256=file_sha256(model),
    )
    write_record(record, model)
    with pytest.raises(BackendError, match="it was built for Ascend310, this is Ascend310P3"):
        open_backend(model)

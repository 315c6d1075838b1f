"""The TensorRT backend on emulated GPUs: what it computes, in which order, and what it leaves."""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorrt_stand_in
from click.testing import CliRunner
from engine_models import SIZE, save_engine
from exported_models import ExportedModels
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_photos import LabelledPhotos
from tensorrt_emulator import Emulator, Settings

from regcore.backends.registry import open_backend
from regcore.backends.tensorrt.backend import TensorRTBackend
from regcore.cli import cli
from regcore.errors import BackendError, RegcoreError
from regcore.models.build_record import BuildRecord, file_sha256, write_record

pytest.importorskip("onnxruntime")


def images(count: int, seed: int = 0) -> Any:
    shape = (count, 3, SIZE, SIZE)
    return np.random.default_rng((seed, count)).random(shape).astype(np.float32)


def expected(batch: Any) -> Any:
    return batch.mean(axis=(2, 3))


@contextmanager
def emulated(**options: Any) -> Iterator[Emulator]:
    """Emulated GPUs; no rule is broken, and nothing is left when all is over."""
    emulator = Emulator(Settings(**options))
    with emulator.installed():
        yield emulator
    gc.collect()
    assert emulator.violations == []
    assert emulator.alive() == []


@pytest.mark.slow
@pytest.mark.parametrize("version", ["10.1.0.27", "11.4.1.5"])
def test_batches_of_every_size(tmp_path: Path, version: str) -> None:
    numbers = tuple(map(int, version.split(".")[:3]))
    path = save_engine(tmp_path / "m.engine", version=numbers)  # type: ignore[arg-type]
    with emulated(version=version) as emulator, open_backend(path) as backend:
        assert (backend.name, backend.version) == ("tensorrt", version)
        assert (backend.provider, backend.precision) == ("Emulated T4 GPU 0", "")
        assert str(backend.inputs[0]) == f"image float32 [N, 3, {SIZE}, {SIZE}]"
        assert (backend.depth, backend.max_batch) == (2, 8)
        for count in (1, 8, 3, 4, 8):
            batch = images(count)
            np.testing.assert_allclose(backend.run(batch), expected(batch), rtol=1e-5)
        assert emulator.machine.pageable_copies == 0


def test_overlapping_batches_keep_their_scores(tmp_path: Path) -> None:
    path = save_engine(tmp_path / "m.engine")
    with emulated() as emulator, open_backend(path) as backend:
        ring = backend.host_buffers(3, (8, 3, SIZE, SIZE), np.dtype(np.float32))
        assert ring is not None
        wanted, kept = [], []
        for number in range(12):
            buffer = ring[number % 3]
            buffer[...] = images(8, number)
            wanted.append(expected(buffer.copy()))
            backend.submit(buffer)
            if number:
                kept.append(backend.result())
                np.testing.assert_allclose(kept[-1].scores, wanted[number - 1], rtol=1e-5)
        kept.append(backend.result())
        # The last few results are there still.
        for result, scores in zip(kept[-4:], wanted[-4:], strict=True):
            np.testing.assert_allclose(result.scores, scores, rtol=1e-5)
        for result in kept:
            stages = [span.stage for span in result.spans]
            assert stages == ["h2d", "compute", "d2h"]
            marks = [time for span in result.spans for time in (span.start, span.end)]
            assert marks == sorted(marks)
        starts = [result.spans[1].start for result in kept]
        assert starts == sorted(starts)
        assert emulator.machine.pageable_copies == 0
        # Only ordinary memory needs a buffer of the backend's own.
        before = emulator.calls.count("cudaHostAlloc")
        backend.run(images(8))
        assert emulator.calls.count("cudaHostAlloc") == before + 1


def test_stages_of_a_long_run_are_as_exact(tmp_path: Path) -> None:
    """After a day CUDA tells the time since the start to 8 ms, and less between near events."""
    with emulated() as emulator, open_backend(save_engine(tmp_path / "m.engine")) as backend:
        assert isinstance(backend, TensorRTBackend)

        def passed(event: Any) -> float:
            record = emulator.machine.event(event).record
            assert record is not None
            return record.at

        origin = emulator.machine.event(backend._clock.origin).record  # noqa: SLF001
        assert origin is not None
        origin.at -= 86_400
        backend.submit(images(4))
        h2d = backend.result().spans[0]
        marks = backend._slots[0].marks  # noqa: SLF001
        length = passed(marks["loaded"]) - passed(marks["start"])
    assert h2d.end - h2d.start == pytest.approx(length, abs=1e-5)


def test_spans_are_on_the_clock_of_the_host(tmp_path: Path) -> None:
    from time import perf_counter

    with emulated(), open_backend(save_engine(tmp_path / "m.engine")) as backend:
        before = perf_counter()
        backend.submit(images(4))
        spans = backend.result().spans
        after = perf_counter()
        # The emulator records an event at once, so that the clocks differ by a thread's wake-up.
        assert before - 0.5 <= spans[0].start <= spans[-1].end <= after + 0.5


@pytest.mark.parametrize("count", [1, 4])
def test_a_built_in_batch_is_filled_up(tmp_path: Path, count: int) -> None:
    path = save_engine(tmp_path / "m.engine", batches=None, batch=4)
    with emulated(), open_backend(path) as backend:
        assert backend.inputs[0].shape == (4, 3, SIZE, SIZE)
        batch = images(count)
        np.testing.assert_allclose(backend.run(batch), expected(batch), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("capturable", [True, False])
def test_fixed_shapes_are_recorded_once(tmp_path: Path, *, capturable: bool) -> None:
    path = save_engine(tmp_path / "m.engine", batches=None, batch=4)
    with emulated(capturable=capturable) as emulator, open_backend(path) as backend:
        for number in range(9):
            batch = images(4, number)
            np.testing.assert_allclose(backend.run(batch), expected(batch), rtol=1e-5)
        # Each of the two places records its second batch, and executes its first.
        assert emulator.calls.count("cudaStreamBeginCapture") == 2
        assert emulator.calls.count("cudaGraphLaunch") == (7 if capturable else 0)


def test_each_batch_finds_its_profile(tmp_path: Path) -> None:
    path = save_engine(tmp_path / "m.engine", batches=[(5, 8, 8), (2, 4, 4)])
    with emulated() as emulator, open_backend(path) as backend:
        assert backend.max_batch == 8
        for count in (1, 2, 4, 5, 8):
            batch = images(count)
            np.testing.assert_allclose(backend.run(batch), expected(batch), rtol=1e-5)
        assert emulator.calls.count("create_execution_context") == 2


def test_half_precision_and_further_outputs(tmp_path: Path) -> None:
    path = save_engine(tmp_path / "m.engine", dtype="float16", extra_output=True)
    with emulated(), open_backend(path, output="class") as backend:
        batch = images(3).astype(np.float16)
        np.testing.assert_allclose(backend.run(batch), expected(batch), atol=1e-2)


def test_several_gpus(tmp_path: Path) -> None:
    path = save_engine(tmp_path / "m.engine")
    with emulated(gpus=3) as emulator, open_backend(path, devices=(0, 2)) as backend:
        assert backend.provider == "Emulated T4 GPU 0, Emulated T4 GPU 2"
        ring = backend.host_buffers(4, (8, 3, SIZE, SIZE), np.dtype(np.float32))
        assert ring is not None
        for number, buffer in enumerate(ring):
            buffer[...] = images(8, number)
            backend.submit(buffer)
        for number, buffer in enumerate(ring):
            result = backend.result()
            np.testing.assert_allclose(result.scores, expected(buffer), rtol=1e-5)
            assert {span.device for span in result.spans} == {(0, 2)[number % 2]}
        assert emulator.machine.pageable_copies == 0


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(1, 8), st.booleans(), st.booleans()), max_size=14))
def test_any_order_of_any_batches(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool, bool]]
) -> None:
    path = save_engine(tmp_path_factory.mktemp("any") / "m.engine", batches=[(3, 4, 4), (1, 8, 8)])
    with emulated() as emulator, open_backend(path) as backend:
        ring = backend.host_buffers(3, (8, 3, SIZE, SIZE), np.dtype(np.float32))
        assert ring is not None
        waiting: deque[Any] = deque()

        def take() -> None:
            np.testing.assert_allclose(backend.result().scores, waiting.popleft(), rtol=1e-5)

        for number, (count, page_locked, take_all) in enumerate(steps):
            batch = images(count, number)
            if page_locked:
                ring[number % 3][:count] = batch
                batch = ring[number % 3][:count]
            backend.submit(batch)
            waiting.append(expected(batch.copy()))
            while len(waiting) == backend.depth or (take_all and waiting):
                take()
        while waiting:
            take()
        assert emulator.machine.pageable_copies == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (images(9), "takes 1 to 8 images at a time, not 9"),
        (images(0), "takes 1 to 8 images at a time, not 0"),
        (images(2).astype(np.float64), r"takes image float32 \[N, 3, 8, 8\], not float64"),
        (images(2)[:, :, ::2], r"takes image float32"),
        (np.asfortranarray(images(2)), r"takes image float32"),
    ],
)
def test_batches_that_do_not_fit(tmp_path: Path, batch: Any, words: str) -> None:
    with (
        emulated(),
        open_backend(save_engine(tmp_path / "m.engine")) as backend,
        pytest.raises(BackendError, match=words),
    ):
        backend.submit(batch)


def test_too_many_batches_and_none_after_the_end(tmp_path: Path) -> None:
    with emulated():
        backend = open_backend(save_engine(tmp_path / "m.engine"))
        backend.submit(images(1))
        backend.submit(images(1))
        with pytest.raises(BackendError, match="2 results wait to be taken"):
            backend.submit(images(1))
        backend.close()
        backend.close()
        with pytest.raises(BackendError, match="was closed"):
            backend.host_buffers(1, (1,), np.dtype(np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ({"driver": "cudaErrorNoDevice"}, "cudaErrorNoDevice.*nvidia-smi must show"),
        (
            {"driver_version": 0},
            r"cudaErrorInsufficientDriver.*\(there is no driver here: .*--gpus all",
        ),
        (
            {"driver_version": 12040},
            r"the driver knows CUDA up to 12\.4, and this is CUDA 13\.5: update it, or pip install",
        ),
        ({"driver_version": 11040}, r"the driver knows CUDA up to 11\.4.*: update it\)"),
        (
            {"faults": {"Runtime": {1: "any"}}},
            r"createInferRuntime: .*CUDA error: 35\) \(no runtime: .*returned nullptr\)",
        ),
        (
            {"faults": {"deserialize_cuda_engine": {1: "TypeError"}}},
            r"OutOfMemory \(Requested.*not loaded.*Unable to convert",
        ),
        (
            {"faults": {"create_execution_context": {1: "RuntimeError"}}},
            r"OutOfMemory \(scratch\).*no execution context.*Unable to convert",
        ),
        ({"gpus": 0}, "there are 0 GPUs here"),
        ({"device_memory": 1000}, "cudaErrorMemoryAllocation.*smaller batches need less"),
        ({"version": "10.2.0.1"}, "expecting library version 10.2.0 got 10.1.0.*convert it again"),
        (
            {"faults": {"create_execution_context": {1: "out"}}},
            r"OutOfMemory \(scratch\).*no execution context",
        ),
    ],
)
def test_what_stands_in_the_way(tmp_path: Path, machine: dict[str, Any], words: str) -> None:
    path = save_engine(tmp_path / "m.engine")
    with emulated(**machine), pytest.raises(BackendError, match=words) as caught:
        open_backend(path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_files_that_are_no_engines(tmp_path: Path) -> None:
    (tmp_path / "m.plan").write_bytes(b"something else")
    with emulated():
        with pytest.raises(BackendError, match="Magic tag does not match"):
            open_backend(tmp_path / "m.plan")
        with pytest.raises(BackendError, match="no such model file"):
            open_backend(tmp_path / "n.engine")
        with pytest.raises(BackendError, match="there are 2 GPUs here"):
            open_backend(save_engine(tmp_path / "m.engine"), devices=(2,))
        with pytest.raises(BackendError, match="no choice of provider"):
            open_backend(tmp_path / "m.engine", provider="cuda")
        with pytest.raises(BackendError, match="of its sizes only the batch may vary"):
            open_backend(save_engine(tmp_path / "v.engine", batches=None, size=None))


@pytest.mark.parametrize("missing", ["tensorrt", "cuda.bindings"])
def test_packages_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    path = save_engine(tmp_path / "m.engine")
    with emulated(), monkeypatch.context() as patch:
        patch.setitem(sys.modules, missing, None)
        with pytest.raises(BackendError, match=r"pip install 'regcore\[tensorrt\]'"):
            open_backend(path)


def some_batches(path: Path) -> None:
    with open_backend(path) as backend:
        ring = backend.host_buffers(2, (8, 3, SIZE, SIZE), np.dtype(np.float32))
        assert ring is not None
        for number, buffer in enumerate(ring):
            buffer[...] = images(8, number)
            backend.submit(buffer)
        for buffer in ring:
            np.testing.assert_allclose(backend.result().scores, expected(buffer), rtol=1e-5)
        for number in range(4):
            backend.run(images(3, number))


@pytest.mark.slow
def test_every_call_may_fail(tmp_path: Path) -> None:
    every_call_may_fail(save_engine(tmp_path / "m.engine", batches=[(1, 4, 4), (1, 8, 8)]), 15)


@pytest.mark.slow
def test_every_call_with_graphs_may_fail(tmp_path: Path) -> None:
    every_call_may_fail(save_engine(tmp_path / "m.engine", batches=None, batch=8), 18)


def every_call_may_fail(path: Path, kinds: int) -> None:
    with emulated() as emulator:
        some_batches(path)
        counts = {name: emulator.calls.count(name) for name in set(emulator.calls)}
    for tasks in ("task.copy", "task.execute"):
        counts[tasks] = 3
    assert len(counts) > kinds
    for name, count in counts.items():
        for number in sorted({1, count // 2, count} - {0}):
            fault = {name: {number: "cudaErrorLaunchFailure"}}
            emulator = Emulator(Settings(faults=fault))
            raised = False
            with emulator.installed():
                try:
                    some_batches(path)
                except BackendError as error:
                    raised = "m.engine on GPU 0: " in str(error)
            # What cannot be recorded is executed instead.
            assert raised or name in ("cudaStreamEndCapture", "execute_async_v3"), (name, number)
            gc.collect()
            assert emulator.violations == [], (name, number)
            assert emulator.alive() == [], (name, number)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recorded", "precision"),
    [
        ("as in the ONNX file", ""),
        ("as in the ONNX file, with TF32", "tf32"),
        ("float16", "float16"),
        ("float16, with TF32", "float16"),
    ],
)
def test_what_the_record_says_of_the_precision(
    tmp_path: Path, recorded: str, precision: str
) -> None:
    path = save_engine(tmp_path / "m.engine")
    record = BuildRecord(
        device="Emulated T4",
        builder="TensorRT 10.1.0",
        precision=recorded,
        batches=(1, 4, 8),
        input="image",
        dtype="float32",
        shape=(None, 3, SIZE, SIZE),
        source="m.onnx",
        source_sha256="0" * 64,
        sha256=file_sha256(path),
    )
    write_record(record, path)
    with emulated(), open_backend(path, devices=(0, 1)) as backend:
        assert backend.precision == precision


def test_the_same_bits_as_onnx_runtime(
    exported_models: ExportedModels,
    labelled_photos: LabelledPhotos,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    onnx = tmp_path / "lite0.onnx"
    onnx.symlink_to(exported_models.path("lite0"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "tensorrt", tensorrt_stand_in.module("10.1.0.27"))
        patch.setattr("regcore.convert.tensorrt.engine.find_spec", sys.modules.get)
        built = CliRunner().invoke(cli, ["convert", str(onnx), "--to", "engine"])
        assert built.exit_code == 0, built.stderr
    photos = labelled_photos.folder
    common = [str(photos), "--labels", str(labelled_photos.labels)]
    common += ["--batch-size", "16", "--out"]
    with emulated() as emulator:
        for kind in ("onnx", "engine"):
            model = str(onnx.with_suffix(f".{kind}"))
            result = CliRunner().invoke(cli, ["run", model, *common, str(tmp_path / kind)])
            assert result.exit_code == 0, result.stderr
            assert "taking --recipe" not in result.stderr
        assert emulator.machine.pageable_copies == 0
    assert "Top1" in (tmp_path / "engine" / "result.json").read_text()
    found = [(tmp_path / kind / "result.json").read_bytes() for kind in ("onnx", "engine")]
    assert found[0] == found[1]
    from regcore import Preprocessor
    from regcore.backends.registry import read_metadata

    paths = sorted(map(str, photos.iterdir()))[:32]
    batch = Preprocessor(read_metadata(onnx).recipe)(paths)
    with (
        emulated(),
        open_backend(onnx) as reference,
        open_backend(onnx.with_suffix(".engine")) as backend,
    ):
        np.testing.assert_array_equal(backend.run(batch), reference.run(batch))
    # An engine of another version is refused before it is loaded.
    with (
        emulated(version="10.2.0.1"),
        pytest.raises(RegcoreError, match=r"built by TensorRT 10\.1\.0 and runs only with it"),
    ):
        open_backend(onnx.with_suffix(".engine"))


def test_inspect_asks_the_gpu(tmp_path: Path) -> None:
    path = save_engine(tmp_path / "m.engine")
    with emulated():
        result = CliRunner().invoke(cli, ["inspect", str(path)])
        assert result.exit_code == 0, result.stderr
        assert "image float32 [N, 3, 8, 8]" in result.stdout
        assert "1 to 8, best at 4" in result.stdout
    with emulated(driver="cudaErrorNoDevice"):
        result = CliRunner().invoke(cli, ["inspect", str(path)])
        assert result.exit_code == 4
        assert "cudaErrorNoDevice" in result.stderr
    result = CliRunner().invoke(cli, ["inspect", str(path)])
    assert "only a driver can read it (a GPU and TensorRT)" in result.stderr

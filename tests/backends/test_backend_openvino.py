"""OpenVINO, for real: requests in work at once, its own files, devices and precisions."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx_models import RECIPE, save_graph, save_model

from regcore import BackendError
from regcore.api.inference_inputs import model_identity
from regcore.backends.openvino.backend import OpenvinoBackend
from regcore.backends.registry import open_backend, read_metadata
from regcore.convert.inspect import inspect_model

openvino = pytest.importorskip("openvino", reason="needs pip install 'regcore[openvino]'")


def images(count: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((count, 3, 8, 8), dtype=np.float32)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_model(tmp_path / "m.onnx", size=8)


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    """A file of OpenVINO's own, made of an ONNX file with a recipe in it."""
    source = openvino.Core().read_model(save_model(tmp_path / "m.onnx"))
    openvino.save_model(source, tmp_path / "m.xml", compress_to_fp16=False)
    return tmp_path / "m.xml"


def test_batches_in_work_come_back_in_order(model: Path) -> None:
    batches = [images(1 + number % 4, number) for number in range(12)]
    begun = perf_counter()
    with OpenvinoBackend(model) as backend:
        assert backend.depth >= 2
        results = []
        for batch in batches:
            if len(backend._in_work) == backend.depth:  # noqa: SLF001
                with pytest.raises(BackendError, match=f"{backend.depth} results wait"):
                    backend.submit(batch)
                results.append(backend.result())
            backend.submit(batch)
        results += [backend.result() for _ in range(backend.depth)]
    for batch, result in zip(batches, results, strict=True):
        assert result.lasting
        np.testing.assert_allclose(result.scores, batch.mean(axis=(2, 3)), rtol=1e-5)
    spans = [span for result in results for span in result.spans]
    assert {span.stage for span in spans} == {"compute"}
    # Together they are the time in which it computed.
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert begun < edges[0] < edges[-1] < perf_counter()


@pytest.mark.parametrize("writeable", [True, False])
def test_images_are_read_where_they_lie(model: Path, writeable: bool) -> None:  # noqa: FBT001
    batch = images(3)
    batch.flags.writeable = writeable
    with OpenvinoBackend(model) as backend:
        np.testing.assert_allclose(backend.run(batch), batch.mean(axis=(2, 3)), rtol=1e-5)
        tensor = backend._idle[-1].get_input_tensor()  # noqa: SLF001
        assert tensor.data.ctypes.data == batch.ctypes.data


def test_what_is_no_batch_is_refused(model: Path) -> None:
    with OpenvinoBackend(model) as backend:
        for batch, words in (
            (images(2).astype(np.float16), r"takes image float32 \[N, 3, 8, 8\], not float16"),
            (images(4)[::2], "takes image float32"),
            (images(1)[:0], "takes 1 to .* images? at a time, not 0"),
        ):
            with pytest.raises(BackendError, match=words):
                backend.submit(batch)
        with pytest.raises(BackendError, match="no batch was submitted"):
            backend.result()
        np.testing.assert_allclose(backend.run(images(2)), images(2).mean(axis=(2, 3)), rtol=1e-5)


def test_it_is_closed_with_batches_in_work(model: Path) -> None:
    backend = OpenvinoBackend(model)
    requests = [work for work in range(backend.depth) if backend.submit(images(4, work)) is None]
    assert len(requests) == backend.depth
    backend.close()
    backend.close()
    with pytest.raises(BackendError, match=r"m\.onnx: the model was closed"):
        backend.submit(images(1))


class Request:
    """A request of OpenVINO's in whose calls something happens first."""

    def __init__(self, real: Any, **happens: Any) -> None:
        self._real, self._happens = real, happens

    def __getattr__(self, name: str) -> Any:
        if name in self._happens:
            self._happens[name]()
        return getattr(self._real, name)


@pytest.mark.parametrize("call", ["set_input_tensor", "start_async", "wait"])
def test_ctrl_c_leaves_nothing_half_done(model: Path, call: str) -> None:
    def interrupt() -> None:
        signal.raise_signal(signal.SIGINT)

    with OpenvinoBackend(model) as backend:
        first = backend._idle[0]  # noqa: SLF001
        backend._idle[0] = Request(first, **{call: interrupt})  # noqa: SLF001
        with pytest.raises(KeyboardInterrupt):
            backend.run(images(2))
        if call != "wait":
            assert len(backend._in_work) == 1  # noqa: SLF001
            backend.result()
        assert len(backend._idle) == backend.depth  # noqa: SLF001


@pytest.mark.parametrize("call", ["start_async", "wait"])
def test_what_openvino_raises_is_one_line(model: Path, call: str) -> None:
    def fail() -> None:
        raise RuntimeError(
            "Exception from src/inference/infer_request.cpp:246:\n"
            "Check 'a == b' failed at src/plugins/x.cpp:5:\n"
            "[GPU] out of memory,\n  4 GB were asked for\n\n"
        )

    with OpenvinoBackend(model) as backend:
        backend._idle[0] = Request(backend._idle[0], **{call: fail})  # noqa: SLF001
        with pytest.raises(BackendError) as caught:
            backend.run(images(2))
    assert str(caught.value) == f"{model}: [GPU] out of memory, 4 GB were asked for"


def test_a_file_of_its_own_keeps_the_recipe(own_file: Path) -> None:
    batch = np.random.default_rng(0).random((3, 3, 224, 224), dtype=np.float32)
    with open_backend(own_file) as backend, open_backend(own_file.with_suffix(".onnx")) as other:
        assert backend.name == "openvino"
        assert backend.metadata == other.metadata
        np.testing.assert_allclose(backend.run(batch), other.run(batch), atol=1e-5)
    assert read_metadata(own_file) == read_metadata(own_file.with_suffix(".onnx"))
    facts = inspect_model(own_file)
    assert facts.batch == "any"
    assert [str(spec) for spec in (*facts.inputs, *facts.outputs)] == [
        "image float32 [N, 3, 224, 224]",
        "class float32 [N, 3]",
    ]
    assert facts.metadata is not None
    assert facts.metadata.recipe == RECIPE


def test_files_that_are_no_models(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("bad.onnx", "bad.xml", "m.bin"):
        (tmp_path / name).write_bytes(b"not a model")
    (tmp_path / "empty.onnx").write_bytes(b"")
    for name, words in (
        ("bad.onnx", "parsed|protobuf"),
        ("bad.xml", "No document element"),
        ("empty.onnx", "expected one image input, the model has none"),
        ("m.bin", r"\.onnx and \.xml files only"),
        ("none.xml", "no such model file"),
        ("none.onnx", "no such model file"),
    ):
        with pytest.raises(BackendError, match=rf"{name}: .*({words})") as caught:
            open_backend(f"openvino:{tmp_path / name}")
        assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_changed_model_is_another(own_file: Path) -> None:
    onnx = f"openvino:{own_file.with_suffix('.onnx')}"
    before = [model_identity(onnx), model_identity(str(own_file))]
    assert before[0] == f"openvino:{model_identity(onnx.removeprefix('openvino:'))}"
    weights = own_file.with_suffix(".bin")
    weights.write_bytes(weights.read_bytes()[::-1])
    assert model_identity(str(own_file)) != before[1]


def deep_model(path: Path) -> Path:
    """One in which rounding adds up."""
    rng = np.random.default_rng(0)
    nodes: list[tuple[Any, ...]] = [
        ("Conv", ["image", "first"], ["a"], {}),
        ("Relu", ["a"], ["b"], {}),
        ("Conv", ["b", "second"], ["c"], {}),
        ("GlobalAveragePool", ["c"], ["d"], {}),
        ("Flatten", ["d"], ["class"], {}),
    ]
    constants = {
        "first": rng.normal(size=(32, 3, 3, 3)).astype(np.float32),
        "second": rng.normal(size=(10, 32, 3, 3)).astype(np.float32),
    }
    return save_graph(path, nodes, ("float32", ["N", 10]), constants=constants)


def test_float32_is_computed_as_such_unless_less_is_asked_for(tmp_path: Path) -> None:
    model, batch = deep_model(tmp_path / "m.onnx"), images(4)
    with open_backend(model) as reference:
        expected = reference.run(batch)
    largest = np.abs(expected).max()
    can = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    for precision, capability, allowed in (
        (None, "FP32", 1e-6),
        ("bfloat16", "BF16", 2e-2),
        ("float16", "FP16", 2e-3),
    ):
        if capability not in can:
            with pytest.raises(BackendError, match=f"no precision {precision} on CPU, only"):
                OpenvinoBackend(model, precision=precision)
            continue
        with open_backend(f"openvino:{model}", precision=precision) as backend:
            assert backend.precision == (precision or "")
            difference = np.abs(backend.run(batch) - expected).max() / largest
        assert difference < allowed
        assert precision is None or difference > 1e-6
    with pytest.raises(BackendError, match="no precision tf32 on CPU"):
        OpenvinoBackend(model, precision="tf32")


@pytest.mark.parametrize("provider", ["gpu.7", "npu:3", "nonsense", "CPU:5"])
def test_a_device_that_is_not_there(model: Path, provider: str) -> None:
    with pytest.raises(BackendError, match=rf"has no device {provider} here, only .*cpu"):
        OpenvinoBackend(model, provider=provider)


class Machine:
    """A made-up openvino.Core with GPUs, and an NPU without float32; the CPU computes for all.

    asked: the device and the options of the last model. computes_in: whatever was asked for.
    """

    available_devices = ("CPU", "GPU.0", "GPU.1", "NPU")
    real: Any
    computes_in = "f32"
    asked: tuple[str, dict[str, Any]]

    def get_property(self, device: str, _: str) -> list[str]:
        return ["FP16", "INT8"] if device == "NPU" else ["FP32", "FP16", "INT8"]

    def compile_model(self, model: Any, device: str, options: dict[str, Any]) -> Any:
        Machine.asked = (device, options)
        properties = {
            "INFERENCE_PRECISION_HINT": SimpleNamespace(get_type_name=lambda: self.computes_in),
            "EXECUTION_DEVICES": [device],
            "OPTIMAL_NUMBER_OF_INFER_REQUESTS": 4,
        }
        compiled = self.real().compile_model(model, "CPU", {})
        return SimpleNamespace(
            get_property=properties.__getitem__,
            create_infer_request=compiled.create_infer_request,
        )


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Machine]:
    monkeypatch.setattr(Machine, "real", openvino.Core, raising=False)
    monkeypatch.setattr(openvino, "Core", Machine)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Machine


def test_what_other_devices_are_asked_for(
    machine: type[Machine], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = {"CACHE_DIR": str(tmp_path / "cache" / "regcore" / "openvino")}
    hints = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32"}
    for provider, device, options in (
        (None, "CPU", hints),
        ("gpu", "GPU", hints | cache),
        ("GPU:1", "GPU.1", hints | cache),
    ):
        with OpenvinoBackend(model, provider=provider) as backend:
            assert machine.asked == (device, options)
            assert (backend.provider, backend.precision, backend.depth) == (device, "", 5)
    assert Path(cache["CACHE_DIR"]).is_dir()
    with pytest.raises(BackendError, match="NPU does not compute float32; --precision float16"):
        OpenvinoBackend(model, provider="npu")
    with pytest.raises(BackendError, match="GPU computes in f32 instead of f16"):
        OpenvinoBackend(model, provider="gpu", precision="float16")
    monkeypatch.setattr(Machine, "computes_in", "f16")
    # Where nothing can be kept, models are compiled each time.
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with OpenvinoBackend(model, provider="npu", precision="float16", threads=2) as backend:
        expected = hints | {"INFERENCE_PRECISION_HINT": "f16", "INFERENCE_NUM_THREADS": 2}
        assert machine.asked == ("NPU", expected)
        assert backend.precision == "float16"


def test_openvino_that_is_not_installed(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(BackendError, match=r"pip install 'regcore\[openvino\]'"):
        open_backend(f"openvino:{model}")


DROPPED = """
import signal, sys, threading, time
import numpy as np
from regcore.backends.registry import open_backend

backends = [open_backend("openvino:" + sys.argv[1])]
backends[0].run(np.zeros((1, 3, 224, 224), np.float32))
dropping = threading.Thread(target=lambda: backends.pop().close())
dropping.start()
dropping.join()
signal.signal(signal.SIGALRM, lambda *_: print("alarm"))
signal.setitimer(signal.ITIMER_REAL, 0.05)
overwritten = [bytearray(11824) for _ in range(1000)]
time.sleep(0.2)
print("alive")
"""


@pytest.mark.slow
def test_a_signal_after_another_thread_has_closed_the_model(tmp_path: Path) -> None:
    command = [sys.executable, "-c", DROPPED, save_model(tmp_path / "m.onnx")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.split()) == (0, ["alarm", "alive"]), run.stderr

"""ONNX Runtime's providers for devices, which are made up: see onnxruntime_stand_in."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import save_graph, save_model
from tensorrt_emulator import Emulator, Settings

from regcore.backends.cuda.resources import PAGE_LOCKED
from regcore.backends.onnxruntime.host_arrays import page_locked_memory
from regcore.backends.protocol import Result
from regcore.backends.registry import open_backend
from regcore.errors import BackendError

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
from onnxruntime_stand_in import CPU, Session, install  # noqa: E402

CUDA = "CUDAExecutionProvider"


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> type[Session]:
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
    return install(monkeypatch)


@pytest.fixture
def cuda(made_up: type[Session], monkeypatch: pytest.MonkeyPatch) -> type[Session]:
    """A machine with one GPU."""
    monkeypatch.setattr(made_up, "there", (CUDA,))
    return made_up


def images(count: int) -> Any:
    return np.random.default_rng(count).random((count, 3, 8, 8)).astype(np.float32)


def save_same_padding(path: Path, *, batch: str | int = "N", others: Any = (3, 8, 8)) -> Path:
    """A model that pads by what it computes of its input's size, as TensorFlow's exports do.

    Its scores are the sums of the colours.
    """
    eye = np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1)
    nodes: list[tuple[Any, ...]] = [
        ("Shape", ["image"], ["shape"], {}),
        ("Gather", ["shape", "rows"], ["height"], {}),
        ("Sub", ["ten", "height"], ["missing"], {}),
        ("Concat", ["zeros", "missing", "missing"], ["pads"], {"axis": 0}),
        ("Pad", ["image", "pads"], ["padded"], {}),
        ("Conv", ["padded", "eye"], ["mixed"], {}),
        ("ReduceSum", ["mixed", "sides"], ["class"], {"keepdims": 0}),
    ]
    constants = {
        "rows": np.array([2]),
        "ten": np.array([10]),
        "zeros": np.zeros(6, np.int64),
        "sides": np.array([2, 3]),
        "eye": eye,
    }
    shape = [batch, *others]
    return save_graph(
        path,
        nodes,
        ("float32", [batch, 3]),
        image=("float32", shape),
        constants=constants,
    )


def sums(batch: Any) -> Any:
    return batch.sum(axis=(2, 3))


def results(backend: Any, *sizes: int) -> list[Result]:
    """The results of batches of these sizes, as a pipeline takes them."""
    taken, waiting = [], 0
    for size in sizes:
        backend.submit(images(size))
        waiting += 1
        if waiting == backend.depth:
            taken.append(backend.result())
            waiting -= 1
    return taken + [backend.result() for _ in range(waiting)]


@pytest.mark.parametrize(
    ("provider", "name", "number"),
    [
        ("cuda", CUDA, 0),
        ("cuda:1", CUDA, 1),
        ("tensorrt", "TensorrtExecutionProvider", 0),
        ("CANNExecutionProvider:3", "CANNExecutionProvider", 3),
    ],
)
@pytest.mark.parametrize("batch", [None, 4])
def test_batches_are_bound_to_the_device(
    made_up: type[Session],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    provider: str,
    name: str,
    number: int,
    batch: int | None,
) -> None:
    monkeypatch.setattr(made_up, "there", (name, CUDA))
    model = save_model(tmp_path / "m.onnx", size=8, batch=batch)
    with open_backend(model, provider=provider) as backend:
        assert backend.provider == name
        for count in (4, 1, 6):
            given = images(count)
            backend.submit(given)
            result = backend.result()
            np.testing.assert_allclose(result.scores, given.mean(axis=(2, 3)), rtol=1e-5)
            stages = [span.stage for span in result.spans]
            runs = -(-count // batch) if batch else 1
            assert stages == ["h2d", "compute", "d2h"] * runs
            assert {span.device for span in result.spans} == {number}
            assert all(span.start <= span.end for span in result.spans)
    for opened in made_up.opened:
        beside = [CUDA] if provider == "tensorrt" else []
        assert [one for one, _ in opened] == [name, *beside]


def test_libraries_out_of_pip_packages_are_loaded_before(
    cuda: type[Session], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with open_backend(save_model(tmp_path / "m.onnx", size=8), provider="cuda") as backend:
        assert backend.provider == CUDA
    assert capfd.readouterr().out == ""


def test_a_model_that_computes_its_padding_runs_on_the_device(
    cuda: type[Session], tmp_path: Path
) -> None:
    model = save_same_padding(tmp_path / "m.onnx")
    with open_backend(model, provider="cuda") as backend:
        taken = results(backend, 4, 4, 3)
        for count, result in zip((4, 4, 3), taken, strict=True):
            np.testing.assert_allclose(result.scores, sums(images(count)), rtol=1e-5)
        assert backend.doubts == ()
        assert cuda.sizes == [None, 4]
    assert cuda.most_alive == 1


def test_nodes_of_sizes_may_stay_on_the_cpu_and_are_named(
    cuda: type[Session], tmp_path: Path
) -> None:
    # What the batch is called is also the length of a side, so that it cannot be fixed.
    model = save_same_padding(tmp_path / "m.onnx", others=(3, "N", 8))
    with open_backend(model, provider="cuda") as backend:
        (told,) = backend.doubts
        assert "1 Gather, 1 Sub and 1 Concat run on the CPU beside CUDAEx" in told
        (result,) = results(backend, 8)
        np.testing.assert_allclose(result.scores, sums(images(8)), rtol=1e-5)
    assert cuda.sizes == [None]


@pytest.mark.parametrize("batch", ["N", 4])
def test_a_provider_that_takes_part_of_a_model(
    cuda: type[Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, batch: str | int
) -> None:
    monkeypatch.setattr(cuda, "refused", ("Conv",))
    model = save_same_padding(tmp_path / "m.onnx", batch=batch)
    with pytest.raises(BackendError, match=r"1 Conv would run on the CPU; --allow-fallback permi"):
        open_backend(model, provider="cuda")
    with open_backend(model, provider="cuda", allow_fallback=True) as backend:
        assert backend.provider == CUDA
        (result,) = results(backend, 4)
        np.testing.assert_allclose(result.scores, sums(images(4)), rtol=1e-5)


def test_a_runtime_that_does_not_tell_where_nodes_are(
    cuda: type[Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(cuda, "get_provider_graph_assignment_info")
    model = save_same_padding(tmp_path / "m.onnx")
    with open_backend(model, provider="cuda") as backend:  # by the batch, which is fixed
        taken = results(backend, 4, 4, 3, 9, 2, 2)
        assert [len(result.scores) for result in taken] == [4, 4, 3, 9, 2, 2]
    assert cuda.sizes == [None, 4, 9, None]
    stuck = save_same_padding(tmp_path / "n.onnx", others=(3, "N", 8))
    with pytest.raises(BackendError, match=r"fallback to CPU EP.*does not tell which, 1\.24"):
        open_backend(stuck, provider="cuda")
    monkeypatch.setattr(cuda, "refused", ("Conv",))
    with (
        open_backend(model, provider="cuda") as backend,
        pytest.raises(BackendError, match="fallback to CPU EP"),
    ):
        backend.submit(images(4))


@pytest.mark.parametrize(
    ("sizes", "opened"),
    [
        ((8, 8, 3), [None, 8]),
        ((8, 3, 8, 3), [None, 8]),
        ((1, 8, 8, 5), [None, 1, 8]),
        ((8, 2, 2, 2), [None, 8, 2]),
        ((1, 2, 3, 4, 4), [None, 1, 2, None]),
    ],
)
def test_sizes_of_batches_on_a_device(
    cuda: type[Session], tmp_path: Path, sizes: tuple[int, ...], opened: list[int | None]
) -> None:
    with open_backend(save_model(tmp_path / "m.onnx", size=8), provider="cuda") as backend:
        assert backend.depth == 2
        for count, result in zip(sizes, results(backend, *sizes), strict=True):
            given = images(count)
            np.testing.assert_allclose(result.scores, given.mean(axis=(2, 3)), rtol=1e-5)
    assert cuda.sizes == opened


def test_scores_that_depend_on_other_images_are_not_padded(
    cuda: type[Session], tmp_path: Path
) -> None:
    nodes: list[tuple[Any, ...]] = [
        ("GlobalAveragePool", ["image"], ["pooled"], {}),
        (
            "BatchNormalization",
            ["pooled", "one", "zero", "zero", "one"],
            ["normal", "mean", "variance"],
            {"training_mode": 1},
        ),
        ("Flatten", ["normal"], ["class"], {}),
    ]
    constants = {"one": np.ones(3, np.float32), "zero": np.zeros(3, np.float32)}
    model = save_graph(tmp_path / "m.onnx", nodes, ("float32", ["N", 3]), constants=constants)
    with open_backend(model, provider="cuda") as backend:
        results(backend, 4, 2)
    assert cuda.sizes == [None]


def test_a_batch_that_is_denoted_is_fixed(cuda: type[Session], tmp_path: Path) -> None:
    import onnx

    model = save_model(tmp_path / "m.onnx", size=8)
    content = onnx.load(model)
    first = content.graph.input[0].type.tensor_type.shape.dim[0]
    first.ClearField("dim_param")
    first.denotation = "DATA_BATCH"
    onnx.save(content, model)
    with open_backend(model, provider="cuda") as backend:
        results(backend, 4)
    assert cuda.sizes == [None, 4]
    first.ClearField("denotation")
    onnx.save(content, model)
    with open_backend(model, provider="cuda") as backend:
        results(backend, 4)
    assert cuda.sizes == [None, 4, None]


@pytest.mark.parametrize("number", [0, 1])
def test_batches_for_a_gpu_come_from_page_locked_memory(
    cuda: type[Session], tmp_path: Path, number: int
) -> None:
    emulator = Emulator(Settings(gpus=2))
    model = save_model(tmp_path / "m.onnx", size=8)
    with emulator.installed():
        with open_backend(model, provider=f"cuda:{number}") as backend:
            buffers = backend.host_buffers(2, (4, 3, 8, 8), np.dtype(np.float32))
            assert buffers is not None
            assert all(PAGE_LOCKED.hold(buffer) for buffer in buffers)
            for buffer in buffers:
                buffer[:] = images(4)
                backend.submit(buffer)
            for _ in buffers:
                expected = images(4).mean(axis=(2, 3))
                np.testing.assert_allclose(backend.result().scores, expected, rtol=1e-5)
        with open_backend(model) as backend:
            assert backend.host_buffers(1, (4, 3, 8, 8), np.dtype(np.float32)) is None
        assert (emulator.alive(), emulator.violations) == ([], [])


@pytest.mark.parametrize(("driver", "extra"), [(12040, "onnx-gpu-cuda12"), (13000, "onnx-gpu")])
def test_an_old_driver_is_told_the_extra_of_onnx_runtime(driver: int, extra: str) -> None:
    settings = Settings(
        driver_version=driver,
        runtime_version=driver,
        faults={"cudaHostAlloc": {1: "cudaErrorInsufficientDriver"}},
    )
    with Emulator(settings).installed():
        memory = page_locked_memory("m.onnx on GPU 0", 0)
        assert memory is not None
        with pytest.raises(BackendError, match=rf"m\.onnx on GPU 0: .*'regcore\[{extra}\]'\)$"):
            memory.host_array((4,), np.dtype(np.float32))


def test_ordinary_memory_does_without_cuda_bindings(
    cuda: type[Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "cuda.bindings", None)
    with open_backend(save_model(tmp_path / "m.onnx", size=8), provider="cuda") as backend:
        assert backend.host_buffers(2, (4, 3, 8, 8), np.dtype(np.float32)) is None


def test_a_failure_of_one_batch_is_that_of_its_result(cuda: type[Session], tmp_path: Path) -> None:
    with open_backend(save_model(tmp_path / "m.onnx", size=8), provider="cuda") as backend:
        backend.submit(images(2))
        backend.submit(np.ascontiguousarray(images(2)[:, :2]))
        assert len(backend.result().scores) == 2
        with pytest.raises(BackendError, match=r"m\.onnx: .*invalid dimensions"):
            backend.result()


def test_a_provider_without_its_device(made_up: type[Session], tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx", size=8)
    with pytest.raises(BackendError, match=r"asked for CUDAEx.*fell back to CPUEx.*--allow-fall"):
        open_backend(model, provider="cuda")
    with open_backend(model, provider="cuda", allow_fallback=True) as backend:
        assert backend.provider == CPU
        batch = images(3)
        np.testing.assert_allclose(backend.run(batch), batch.mean(axis=(2, 3)), rtol=1e-5)


@pytest.mark.parametrize("provider", ["cpu:1", "cuda:x", "cuda:-1"])
def test_numbers_of_devices(made_up: type[Session], tmp_path: Path, provider: str) -> None:
    with pytest.raises(BackendError, match="expected a provider such as cuda or cuda:1"):
        open_backend(save_model(tmp_path / "m.onnx"), provider=provider)


def test_tf32_is_off_unless_it_is_asked_for(
    made_up: type[Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(made_up, "there", (CUDA, "TensorrtExecutionProvider"))
    model = save_model(tmp_path / "m.onnx", size=8)
    for asked, option in ((None, "0"), ("tf32", "1")):
        with open_backend(model, provider="cuda", precision=asked) as backend:
            assert backend.precision == (asked or "")
        assert made_up.opened.pop() == [(CUDA, {"use_tf32": option})]
    with open_backend(model, provider="tensorrt", precision="tf32") as backend:
        assert backend.precision == "tf32"
    assert "NVIDIA_TF32_OVERRIDE" not in os.environ
    assert made_up.opened.pop() == [("TensorrtExecutionProvider", {}), (CUDA, {"use_tf32": "1"})]
    with open_backend(model, provider="tensorrt") as backend:
        assert backend.precision == ""
    assert os.environ["NVIDIA_TF32_OVERRIDE"] == "0"
    with pytest.raises(BackendError, match=r"NVIDIA_TF32_OVERRIDE=0.*keeps TensorRT from tf32"):
        open_backend(model, provider="tensorrt", precision="tf32")
    for provider, precision in (("cpu", "tf32"), ("cuda", "float16")):
        with pytest.raises(BackendError, match=f"no precision {precision} on C.*ExecutionProv"):
            open_backend(model, provider=provider, precision=precision)


def test_cann_computes_in_float16_by_itself(
    made_up: type[Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(made_up, "there", ("CANNExecutionProvider",))
    with open_backend(save_model(tmp_path / "m.onnx", size=8), provider="cann") as backend:
        assert backend.precision == "float16"
        assert backend.depth == 1


@pytest.mark.parametrize("precision", [None, "bfloat16"])
def test_openvino_that_is_part_of_the_runtime(
    made_up: type[Session],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    precision: str | None,
) -> None:
    """The package onnxruntime-openvino is told the precision as the plugin is."""
    name = "OpenVINOExecutionProvider"
    monkeypatch.delattr(onnxruntime, "register_execution_provider_library", raising=False)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [name, CPU])
    monkeypatch.setattr(made_up, "there", (name,))
    model = save_model(tmp_path / "m.onnx", size=8)
    with open_backend(model, provider=name, precision=precision) as backend:
        assert (backend.provider, backend.precision) == (name, precision or "")
        np.testing.assert_allclose(backend.run(images(3)), images(3).mean(axis=(2, 3)), rtol=1e-5)
    ((_, options),) = made_up.opened[-1]
    hint = {"CPU": {"INFERENCE_PRECISION_HINT": "bf16" if precision else "f32"}}
    assert json.loads(options.pop("load_config")) == hint
    assert options == {"device_type": "CPU"}
    with pytest.raises(BackendError, match=r"runs on the CPU alone; .* openvino:FILE"):
        open_backend(model, provider=f"{name}:1")
    with pytest.raises(BackendError, match="no precision tf32"):
        open_backend(model, provider=name, precision="tf32")

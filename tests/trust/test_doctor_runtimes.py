"""Devices are tried with a model, and what is wrong comes from the backends' own words."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from onnx_models import save_model

from regcore.backends.onnxruntime import library
from regcore.errors import BackendError
from regcore.trust.doctor.runtimes import RUNTIMES, trial
from regcore.trust.doctor.runtimes.onnxruntime import RUNTIME as ONNXRUNTIME
from regcore.trust.doctor.runtimes.trial import MODEL, try_model


def test_the_model_is_the_one_of_the_tests(tmp_path: Path) -> None:
    made = save_model(tmp_path / "model.onnx", size=8)
    kept = (files("regcore.trust.doctor.runtimes") / MODEL).read_bytes()
    onnx = pytest.importorskip("onnx")
    models = onnx.load_from_string(kept), onnx.load(made)
    assert models[0].graph == models[1].graph


def test_the_cpu_runs_it() -> None:
    pytest.importorskip("onnxruntime")
    found = try_model("cpu", "", "cpu")
    assert found.works, found.detail
    assert "CPU" in found.detail


def test_a_provider_that_is_not_there() -> None:
    pytest.importorskip("onnxruntime")
    found = {each.name: each for each in ONNXRUNTIME.devices(("cann",))}
    assert found["cpu"].works
    assert not found["cann"].works
    assert "pip install onnxruntime-cann" in found["cann"].detail
    assert "azure" not in found


def test_wrong_scores_do_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(trial, "_COLOURS", (0.1, 0.2, 0.3))
    assert try_model("cpu", "", "cpu").works
    from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend

    run = OnnxRuntimeBackend.run
    monkeypatch.setattr(OnnxRuntimeBackend, "run", lambda self, batch: run(self, batch) + 1)
    found = try_model("cpu", "", "cpu")
    assert not found.works
    assert "gives [1.1" in found.detail


def test_a_runtime_that_does_not_import(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise BackendError("onnxruntime-cann 1.24 does not import with NumPy 2")

    monkeypatch.setattr("regcore.trust.doctor.runtimes.onnxruntime.import_onnxruntime", fail)
    with pytest.raises(BackendError, match="NumPy 2"):
        ONNXRUNTIME.devices(())
    assert library.import_onnxruntime is not fail


def test_torch_says_why_it_has_no_gpu() -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    from regcore.trust.doctor.runtimes.pytorch import RUNTIME

    found = {each.name: each for each in RUNTIME.devices(("cuda",))}
    assert found["cpu"].works
    assert not found["cuda"].works
    assert "CUDA" in found["cuda"].detail or "GPU" in found["cuda"].detail


@pytest.mark.parametrize("name", list(RUNTIMES))
def test_versions_need_no_import(name: str) -> None:
    from importlib import import_module

    version = import_module(RUNTIMES[name]).RUNTIME.version()
    assert version is None or isinstance(version, str)

"""Backends: what they read from a model, what they refuse, and what they do with a batch."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from onnx_models import save_model

from regcore import BackendError, Recipe
from regcore.backends.recipe_fit import check_recipe, static_batch
from regcore.backends.registry import open_backend
from regcore.backends.simulated.backend import SimulatedBackend
from regcore.models.tensors import TensorSpec

RECIPE = Recipe(resize=8, crop=8)


def images(count: int, size: int = 8, dtype: str = "float32") -> Any:
    return np.random.default_rng(count).random((count, 3, size, size)).astype(dtype)


def test_onnx_model_describes_itself(tmp_path: Path, runtime: str) -> None:
    with open_backend(f"{runtime}{save_model(tmp_path / 'm.onnx', size=8)}") as backend:
        assert backend.name == (runtime.rstrip(":") or "onnxruntime")
        assert backend.provider == ("CPU" if runtime else "CPUExecutionProvider")
        assert backend.precision == ""
        assert backend.inputs == (TensorSpec("image", (None, 3, 8, 8), "float32"),)
        assert backend.outputs == (TensorSpec("class", (None, 3), "float32"),)
        assert static_batch(backend) is None
        check_recipe(backend, RECIPE)
        batch = images(5)
        scores = backend.run(batch)
        np.testing.assert_allclose(scores, batch.mean(axis=(2, 3)), rtol=1e-5)


@pytest.mark.parametrize("count", [1, 4, 7, 8])
def test_a_built_in_batch_size_is_filled_up_and_cut(
    tmp_path: Path, runtime: str, count: int
) -> None:
    model = save_model(tmp_path / "m.onnx", size=8, batch=4)
    with open_backend(f"{runtime}{model}") as backend:
        assert static_batch(backend) == 4
        batch = images(count)
        if backend.max_batch is not None and count > backend.max_batch:
            with pytest.raises(BackendError, match=f"1 to 4 images at a time, not {count}"):
                backend.submit(batch)
            return
        scores = backend.run(batch)
        np.testing.assert_allclose(scores, batch.mean(axis=(2, 3)), rtol=1e-5)


def test_float16_scores_are_widened(tmp_path: Path, runtime: str) -> None:
    model = save_model(tmp_path / "m.onnx", size=8, dtype="float16")
    with open_backend(f"{runtime}{model}") as backend:
        check_recipe(backend, Recipe(resize=8, crop=8, dtype="float16"))
        assert backend.run(images(2, dtype="float16")).dtype == np.float32


def test_the_output_is_found_or_named(tmp_path: Path, runtime: str) -> None:
    model = f"{runtime}{save_model(tmp_path / 'm.onnx', size=8, extra_output=True)}"
    with pytest.raises(BackendError, match=r"more than one.*class float32 \[N, 3\].*colour"):
        open_backend(model)
    with pytest.raises(BackendError, match="no float output named nose"):
        open_backend(model, output="nose")
    with open_backend(model, output="colour") as backend:
        assert backend.outputs[0].name == "colour"


def test_unknown_models(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"model\.bin: regcore cannot run such.*simulated:RATE"):
        open_backend("model.bin")
    with pytest.raises(BackendError, match="no such model file"):
        open_backend(tmp_path / "nothing.onnx")
    pytest.importorskip("onnxruntime")
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    with pytest.raises(BackendError, match=r"broken\.onnx") as caught:
        open_backend(tmp_path / "broken.onnx")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_a_failing_run_is_one_line(tmp_path: Path, runtime: str) -> None:
    with (
        open_backend(f"{runtime}{save_model(tmp_path / 'm.onnx', size=8)}") as backend,
        pytest.raises(BackendError, match=r"m\.onnx") as caught,
    ):
        backend.run(images(1, size=9))
    assert "\n" not in str(caught.value)


def test_onnxruntime_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BackendError, match=r"pip install 'regcore\[onnx\]'"):
        open_backend(tmp_path / "m.onnx")


@pytest.mark.parametrize("provider", ["nonsense", "NonsenseExecutionProvider"])
def test_a_provider_that_is_not_there(tmp_path: Path, provider: str) -> None:
    with pytest.raises(BackendError, match=f"no provider {provider}.*CPUExecutionProvider"):
        open_backend(save_model(tmp_path / "m.onnx"), provider=provider)


@pytest.mark.parametrize("provider", ["cuda", "CUDAExecutionProvider"])
def test_a_provider_that_falls_back_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    opened = SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *_, **__: opened)
    with pytest.raises(BackendError, match=r"asked for CUDAEx.*fell back to CPUEx"):
        open_backend(save_model(tmp_path / "m.onnx"), provider=provider)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(resize=16, crop=16),
        Recipe(resize=8, crop=8, dtype="float16"),
        Recipe(resize=8, crop=8, layout="nhwc"),
    ],
)
def test_a_recipe_that_does_not_fit_shows_both(
    tmp_path: Path, runtime: str, recipe: Recipe
) -> None:
    with (
        open_backend(f"{runtime}{save_model(tmp_path / 'm.onnx', size=8)}") as backend,
        pytest.raises(BackendError, match=r"takes image float32 \[N, 3, 8, 8\]") as caught,
    ):
        check_recipe(backend, recipe)
    message = str(caught.value)
    assert recipe.dtype in message
    assert ", ".join(map(str, recipe.image_shape)) in message
    assert recipe.layout in message


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "fast", "1:0", "1:x", "1:2:3", "1:"])
def test_simulated_models_are_checked(text: str) -> None:
    with pytest.raises(BackendError, match=r"expected simulated:RATE"):
        open_backend(f"simulated:{text}")


def test_a_simulated_model_runs_nowhere_else() -> None:
    with pytest.raises(BackendError, match="no choice of provider"):
        open_backend("simulated:5", provider="cuda")


def test_simulated_scores_depend_on_the_pixels_alone() -> None:
    with open_backend("simulated:1e6:50") as backend:
        check_recipe(backend, RECIPE)
        batch = images(6)
        scores = backend.run(batch)
        assert scores.shape == (6, 50)
        assert scores.dtype == np.float32
        assert len(np.unique(scores, axis=0)) == 6
        np.testing.assert_array_equal(backend.run(batch[3:]), scores[3:])
    assert open_backend("simulated:5").outputs[0].shape == (None, 1000)


def test_simulated_time_follows_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=100.0)

    def sleep(seconds: float) -> None:
        clock.now += seconds + 0.001

    monkeypatch.setattr("regcore.backends.simulated.backend.time.perf_counter", lambda: clock.now)
    monkeypatch.setattr("regcore.backends.simulated.backend.time.sleep", sleep)
    backend = SimulatedBackend(rate=100)
    backend.submit(images(4))
    for _ in range(9):
        backend.submit(images(4))
        backend.result()
    backend.result()
    # Ten times 40 ms, and the millisecond that only the last sleep took too long.
    assert clock.now == pytest.approx(100 + 0.4 + 0.001)
    clock.now += 5
    backend.run(images(4))
    assert clock.now == pytest.approx(105.401 + 0.04, abs=0.0011)

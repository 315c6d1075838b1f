"""Providers of ONNX Runtime that are packages of their own: made up, and one that is real."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import save_model

from regcore.backends.registry import open_backend
from regcore.errors import BackendError

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
if not hasattr(onnxruntime, "OrtDeviceMemoryType"):
    pytest.skip("this ONNX Runtime tells no memory of plugins", allow_module_level=True)
from onnxruntime_plugins import Registry, install_plugins, write_package  # noqa: E402
from onnxruntime_stand_in import EpDevice, Session, install  # noqa: E402

FAST = "FastExecutionProvider"
OPENVINO = "OpenVINOExecutionProvider"


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> type[Session]:
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
    return install(monkeypatch)


@pytest.fixture
def plugins(
    made_up: type[Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Registry]:
    """One, with a GPU that has memory of its own and an NPU that has none."""
    registry = install_plugins(monkeypatch)
    registry.libraries["/fast.so"] = [
        EpDevice(FAST, "GPU", "Fast Inc", own_memory=True),
        EpDevice(FAST, "NPU", "Fast Inc", own_memory=False),
    ]
    packages = tmp_path / "packages"
    packages.mkdir()
    write_package(packages, "very_fast", "/fast.so", FAST)
    monkeypatch.syspath_prepend(packages)
    forget_packages()
    yield registry
    forget_packages()


def forget_packages() -> None:
    """That real ones were imported, too."""
    for name in [name for name in sys.modules if name.startswith("onnxruntime_ep_")]:
        del sys.modules[name]


def add_openvino(plugins: Registry, folder: Path, *kinds: str) -> None:
    plugins.libraries["/ov.so"] = [
        EpDevice(OPENVINO, kind, "Intel", own_memory=False) for kind in kinds
    ]
    for kind, device in zip(kinds, plugins.libraries["/ov.so"], strict=True):
        device.ep_metadata["ov_device"] = kind
    write_package(folder / "packages", "openvino", "/ov.so", OPENVINO)


def images(count: int) -> Any:
    return np.random.default_rng(count).random((count, 3, 8, 8)).astype(np.float32)


@pytest.mark.parametrize("asked", ["very-fast", "fast", "FastExecutionProvider:0", "FAST:1"])
def test_a_plugin_is_found_by_its_package_or_its_provider(
    plugins: Registry, made_up: type[Session], tmp_path: Path, asked: str
) -> None:
    model = save_model(tmp_path / "m.onnx", size=8)
    for _ in range(2):  # it is registered once
        with open_backend(model, provider=asked) as backend:
            assert (backend.provider, backend.depth, backend.precision) == (FAST, 1, "")
            for count in (4, 3):
                backend.submit(images(count))
                result = backend.result()
                expected = images(count).mean(axis=(2, 3))
                np.testing.assert_allclose(result.scores, expected, rtol=1e-5)
            stages = [(span.stage, span.device) for span in result.spans]
            own_memory = [("h2d", 0), ("compute", 0), ("d2h", 0)]
            assert stages == ([("compute", 0)] if asked.endswith("1") else own_memory)
    assert plugins.registered == {FAST: "/fast.so"}
    assert {name for opened in made_up.opened for name, _ in opened} == {FAST}


def test_devices_that_are_not_there(plugins: Registry, tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx", size=8)
    with pytest.raises(BackendError, match=r"fast:2: the dev.*0 GPU of Fast Inc, 1 NPU of Fast"):
        open_backend(model, provider="fast:2")
    with pytest.raises(BackendError, match="no provider slow here, only"):
        open_backend(model, provider="slow")
    plugins.unregister_execution_provider_library(FAST)
    plugins.libraries["/fast.so"] = []
    for _ in range(2):
        with pytest.raises(BackendError, match="FastExecutionProvider finds no device here"):
            open_backend(model, provider="fast")
    del plugins.libraries["/fast.so"]
    with pytest.raises(BackendError, match=r"FastEx.* does not load: .*Failed to load lib"):
        open_backend(model, provider="fast")


def test_packages_that_do_not_import(plugins: Registry, tmp_path: Path) -> None:
    broken = tmp_path / "packages" / "onnxruntime_ep_broken"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise OSError('no libbroken.so')")
    model = save_model(tmp_path / "m.onnx", size=8)
    with pytest.raises(BackendError, match=r"onnxruntime_ep_broken does not import: no libbroken"):
        open_backend(model, provider="broken")
    with open_backend(model, provider="fast") as backend:
        assert backend.provider == FAST


def test_a_plugin_that_takes_part_of_a_model(
    plugins: Registry, made_up: type[Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(made_up, "refused", ("GlobalAveragePool",))
    model = save_model(tmp_path / "m.onnx", size=8)
    with pytest.raises(BackendError, match=r"1 GlobalAveragePool would run on the CPU"):
        open_backend(model, provider="fast")
    with open_backend(model, provider="fast", allow_fallback=True) as backend:
        assert backend.provider == FAST


def test_openvino_computes_float32_in_less_only_where_asked_to(
    plugins: Registry, made_up: type[Session], tmp_path: Path
) -> None:
    add_openvino(plugins, tmp_path, "CPU", "GPU", "NPU")
    model = save_model(tmp_path / "m.onnx", size=8)
    for asked, precision, hint in (
        ("openvino", None, '{"CPU": {"INFERENCE_PRECISION_HINT": "f32"}}'),
        ("openvino:1", None, '{"GPU": {"INFERENCE_PRECISION_HINT": "f32"}}'),
        ("openvino", "bfloat16", '{"CPU": {"INFERENCE_PRECISION_HINT": "bf16"}}'),
        ("openvino:1", "float16", '{"GPU": {"INFERENCE_PRECISION_HINT": "f16"}}'),
    ):
        with open_backend(model, provider=asked, precision=precision) as backend:
            assert backend.precision == (precision or "")
        assert made_up.opened.pop() == [(OPENVINO, {"load_config": hint})]
    with open_backend(model, provider="openvino:2") as backend:
        assert backend.precision == "float16"  # an NPU knows nothing else
    assert made_up.opened.pop() == [(OPENVINO, {})]
    with pytest.raises(BackendError, match=r"no precision tf32 on OpenVINO.*bfloat16 and float16"):
        open_backend(model, provider="openvino", precision="tf32")


def test_a_runtime_without_plugins(
    plugins: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(onnxruntime, "register_execution_provider_library")
    with pytest.raises(BackendError, match="no provider fast here"):
        open_backend(save_model(tmp_path / "m.onnx", size=8), provider="fast")


_REAL = """
import sys
import numpy as np
from regcore.backends.registry import open_backend
batch = np.random.default_rng(0).random((5, 3, 8, 8)).astype(np.float32)
for number in ("", ":0"):
    with open_backend(sys.argv[1], provider="openvino" + number, threads=1) as backend:
        scores = backend.run(batch)
        print(backend.provider, np.abs(scores - batch.mean(axis=(2, 3))).max() < 1e-5)
"""


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("onnxruntime_ep_openvino") is None, reason="onnxruntime-ep-openvino is not installed"
)
def test_the_real_plugin_of_openvino(tmp_path: Path) -> None:
    """In a process of its own, as what is registered stays so."""
    model = save_model(tmp_path / "m.onnx", size=8)
    command = [sys.executable, "-c", _REAL, str(model)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if "finds no device here" in done.stderr:
        pytest.skip("the plugin takes Intel's devices alone")
    assert done.stdout.splitlines() == [f"{OPENVINO} True"] * 2, done.stderr

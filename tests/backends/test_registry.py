"""Backends by the names of their models, and those that other distributions bring."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from regcore import RegcoreError
from regcore.backends.kind import ModelKind
from regcore.backends.registry import kind_of, kinds, open_backend

DOCUMENT = Path(__file__).parents[2] / "docs" / "adding-a-backend.md"
USE = """
import sys
import numpy as np
from regcore.backends.registry import open_backend
from regcore.errors import RegcoreError
try:
    with open_backend(sys.argv[1]) as backend:
        print(backend.run(np.ones((2, 3, 8, 8), np.float32)).tolist())
except RegcoreError as error:
    print(type(error).__name__, error)
"""


def use(folder: Path, model: str) -> str:
    command = [sys.executable, "-c", USE, model]
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    return run.stdout.strip()


@pytest.fixture
def distribution(tmp_path: Path) -> Path:
    """A folder for sys.path, with the distribution of docs/adding-a-backend.md."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (point,) = re.findall(r"^bright = \"(.*)\"$", DOCUMENT.read_text(), re.MULTILINE)
    (tmp_path / "toy_backend.py").write_text(code)
    info = tmp_path / "toy_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[regcore.backends]\nbright = {point}\n")
    return tmp_path


@pytest.mark.slow
def test_another_distribution_can_bring_a_backend(distribution: Path) -> None:
    assert use(distribution, "m.bright") == "[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]"
    assert "torch:MODEL[.TAG][:WEIGHTS], simulated:RATE[:CLASSES] or FILE.bright" in use(
        distribution, "m.unknown"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("absent:KIND", "bright of toy-backend does not load: ModuleNotFoundError"),
        ("toy_backend:NO_KIND", "bright of toy-backend does not load: AttributeError"),
        ("toy_backend:Brightness", "bright of toy-backend registers no ModelKind"),
    ],
)
def test_a_backend_that_does_not_load_is_named(distribution: Path, target: str, words: str) -> None:
    info = distribution / "toy_backend-1.0.dist-info"
    (info / "entry_points.txt").write_text(f"[regcore.backends]\nbright = {target}\n")
    assert f"BackendError the backend {words}" in use(distribution, "m.bright")
    # regcore's own do not depend on it, nor do other distributions'.
    assert use(distribution, "simulated:1e6").startswith("[[")
    (info / "entry_points.txt").write_text(
        f"[regcore.backends]\nbright = {target}\nsound = toy_backend:KIND\n"
    )
    assert use(distribution, "m.bright").startswith("[[1.0")


def test_no_suffix_or_prefix_is_registered_twice() -> None:
    names = [name for kind in kinds() for name in (*kind.suffixes, *kind.prefixes)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("model", "spelling"),
    [
        ("a/b.ONNX", "FILE.onnx"),
        ("a:b.onnx", "FILE.onnx"),
        ("b.plan", "FILE.engine"),
        ("openvino:a/b.onnx", "openvino:FILE.onnx (or FILE.xml)"),
        ("openvino:b", "openvino:FILE.onnx (or FILE.xml)"),
        ("b.xml", "openvino:FILE.onnx (or FILE.xml)"),
        ("a:b.xml", "openvino:FILE.onnx (or FILE.xml)"),
        ("torch-half:x", "torch:MODEL[.TAG][:WEIGHTS]"),
        ("torch", None),
        ("torch.pt", None),
        ("simulated", None),
    ],
)
def test_models_are_known_by_their_names(model: str, spelling: str | None) -> None:
    kind: ModelKind | None = kind_of(model)
    assert (kind and kind.spelling) == spelling


@pytest.mark.parametrize(
    ("model", "option"),
    [
        ("m.onnx", {"devices": (0,)}),
        ("m.om", {"provider": "cpu"}),
        ("openvino:m.onnx", {"devices": (0,)}),
        ("torch:x", {"output": "y"}),
        ("simulated:5", {"provider": "cpu"}),
    ],
)
def test_an_option_that_a_kind_lacks_is_refused(model: str, option: dict[str, object]) -> None:
    (name,) = option
    with pytest.raises(RegcoreError, match=f"{model}: has no choice of {name}"):
        open_backend(model, **option)  # type: ignore[arg-type]

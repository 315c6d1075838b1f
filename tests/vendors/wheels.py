"""Vendors' wheels from the package index, each unpacked into a folder of its own."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from vendors.use import Use

#: Wheels and what is unpacked of them; beyond a week or so there are newer ones.
CACHE = Path(tempfile.gettempdir()) / f"regcore-vendors-{os.getuid()}"
_SECONDS = 90
_DESCRIBE = Path(__file__).with_name("describe.py")
#: What TensorRT's bindings want of the libraries, which no wheel of the package index has.
_SYMBOLS = (
    "createInferBuilder_INTERNAL",
    "createInferRefitter_INTERNAL",
    "createInferRuntime_INTERNAL",
    "createNvOnnxParserRefitter_INTERNAL",
    "createNvOnnxParser_INTERNAL",
    "getBuilderPluginRegistry",
    "getNvOnnxParserVersion",
    "getPluginRegistry",
    "initLibNvInferPlugins",
)


def unpacked(requirement: str) -> Path:
    """The newest wheel of a requirement for this Python, unpacked; the test is skipped without."""
    # It is small, and there is one for every Python.
    reason = _download("cuda-pathfinder")[1]
    if reason:
        pytest.skip(f"the package index does not answer: {reason}")
    folder, reason = _download(requirement)
    if reason:
        pytest.skip(f"{requirement}: no wheel for this Python: {reason}")
    wheel = max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    target = folder / wheel.stem
    if not target.is_dir():
        partial = folder / f"{wheel.stem}.{os.getpid()}"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(partial)
        partial.rename(target)
    return target


@functools.cache
def _download(requirement: str) -> tuple[Path, str]:
    """The folder with the wheel, and why it is not there, if it is not."""
    folder = CACHE / quote(requirement, safe="")
    folder.mkdir(parents=True, exist_ok=True)
    command = [*_pip(), "download", "-q", "--no-deps", "--only-binary", ":all:"]
    command += ["--retries", "1", "--timeout", "10", "-d", str(folder), requirement]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return folder, f"no answer in {_SECONDS} s"
    if done.returncode != 0:
        return folder, (done.stderr.strip().splitlines() or ["pip failed"])[-1]
    return folder, ""


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    program = shutil.which("pip")
    if program is None:
        pytest.skip("pip is not here")
    return [program, "--python", sys.executable]


def describe(
    uses: list[Use], *folders: Path, libraries: Path | None = None
) -> list[dict[str, Any]]:
    """What describe.py says of each use, with the packages in `folders`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    if libraries is not None:
        environment["LD_LIBRARY_PATH"] = str(libraries)
    done = subprocess.run(
        [sys.executable, str(_DESCRIBE)],
        input=json.dumps([use.question() for use in uses]),
        capture_output=True,
        text=True,
        env=environment,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def stub_libraries(folder: Path, major: int) -> Path:
    """Empty libraries of TensorRT, with which its bindings load; a compiler makes them."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("there is no C compiler for stand-ins of TensorRT's libraries")
    source = folder / "stub.c"
    source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in _SYMBOLS))
    for library in ("nvinfer", "nvinfer_plugin", "nvonnxparser"):
        name = f"lib{library}.so.{major}"
        options = ["-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", str(folder / name)]
        subprocess.run([compiler, *options, str(source)], check=True, timeout=_SECONDS)
    return folder

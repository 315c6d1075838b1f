"""Killed, out of space or with a failing disk at any call that writes, a command loses nothing.

The next run of the same command leaves the same bytes and no litter. By default every few calls are
tried; with REGCORE_FAULTS=all in the environment every one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from faults.commands import COMMANDS, lay_out

pytestmark = pytest.mark.slow

_HERE = Path(__file__).parent
_SHOWN = 12


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that injects the faults, built."""
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs Linux and a C++ compiler")
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    warnings = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
    source = str(_HERE / "shim.cc")
    subprocess.run(
        [compiler, "-std=c++20", "-O1", *warnings, "-shared", "-fPIC", "-o", str(library), source],
        check=True,
    )
    return library


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("jinja2")
    folder = tmp_path_factory.mktemp("inputs") / "made"
    lay_out(folder)
    return folder


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("fault", ["kill", "full", "io"])
def test_faults(shim: Path, inputs: Path, tmp_path: Path, command: str, fault: str) -> None:
    stride = "1" if os.environ.get("REGCORE_FAULTS") == "all" else "5"
    arguments = [command, fault, str(shim), str(inputs), str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "faults.inject", *arguments, "--stride", stride],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        env={
            **os.environ,
            "LD_PRELOAD": str(shim),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "OPENBLAS_NUM_THREADS": "1",
        },
    )
    *found, last = done.stdout.splitlines() or [""]
    counted = re.fullmatch(r"done: ([0-9]+) faults, ([0-9]+) of them noticed", last)
    assert counted is not None, f"ended with {done.returncode}: {done.stderr[-2000:]}"
    shown = "\n".join(found[:_SHOWN])
    again = f"{' '.join(map(repr, arguments))} --call N"
    assert not found, f"{len(found)} faults; one of them again: faults.inject {again}\n{shown}"
    assert int(counted[1]) >= 1
    assert int(counted[2]) >= 1  # a fault that no command can see would test nothing

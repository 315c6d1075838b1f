"""A build on a machine that lacks everything names all of it at once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_one_message_names_all_that_is_missing(tmp_path: Path) -> None:
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("needs CMake")
    empty = tmp_path / "empty"
    empty.mkdir()
    nowhere = [f"-DCMAKE_FIND_ROOT_PATH_MODE_{kind}=ONLY" for kind in ("INCLUDE", "LIBRARY")]
    configured = subprocess.run(
        [
            *(cmake, "-S", str(ROOT), "-B", str(tmp_path / "build"), "-G", "Unix Makefiles"),
            *("-DCMAKE_MAKE_PROGRAM=/bin/true", f"-DCMAKE_FIND_ROOT_PATH={empty}", *nowhere),
        ],
        env={"PATH": str(empty)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert configured.returncode != 0
    (error, *others) = configured.stderr.split("CMake Error")[1:]
    assert not others
    for line in (
        "apt-get install g++ libjpeg-dev libxxhash-dev python3-dev",
        "dnf install gcc-c++ libjpeg-turbo-devel xxhash-devel python3-devel",
        "brew install llvm jpeg-turbo xxhash python",
    ):
        assert line in error, configured.stderr

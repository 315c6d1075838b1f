"""Standard streams that are closed, full or gone: the work is done, and the exit code is right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REGCORE = f"{sys.executable} -m regcore"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )


@pytest.mark.slow
def test_closed_stderr_changes_nothing() -> None:
    with_it = shell(f"{REGCORE} schema run")
    without = shell(f"{REGCORE} schema run 2>&-")
    assert with_it.returncode == without.returncode == 0
    assert with_it.stdout == without.stdout != ""
    assert shell(f"{REGCORE} schema nonsense 2>&-").returncode == 2
    assert shell(f"{REGCORE} schema nonsense 2>/dev/full").returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    ["schema run", "--help", "run --help", "--version", "info --help", "help run"],
)
@pytest.mark.parametrize("stdout", [">/dev/full", ">&-"])
def test_an_answer_that_cannot_be_written_is_one_line(command: str, stdout: str) -> None:
    result = shell(f"{REGCORE} {command} {stdout}")
    assert result.returncode == 4
    cause = {">/dev/full": "No space left on device", ">&-": "Bad file descriptor"}[stdout]
    assert result.stderr == f"regcore: stdout: cannot write the answer: {cause}\n"


@pytest.mark.slow
def test_a_table_that_cannot_be_written_says_where() -> None:
    result = shell(f"{REGCORE} recipe list >/dev/full")
    assert result.returncode == 4
    assert result.stderr == "regcore: stdout: cannot write the answer: No space left on device\n"


@pytest.mark.slow
@pytest.mark.parametrize("stdout", [">/dev/full", ">&-"])
def test_a_sentence_that_cannot_be_written_is_one_line(tmp_path: Path, stdout: str) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(4))
    result = shell(f"cd {tmp_path}; {REGCORE} info bin . out.info 1 1 {stdout}")
    assert result.returncode == 4
    assert result.stderr.startswith("regcore: stdout: cannot write the answer: ")
    assert result.stderr.count("\n") == 1
    assert (tmp_path / "out.info").read_text() != ""


def test_a_reader_that_goes_is_no_error() -> None:
    result = shell(f"set -o pipefail; {REGCORE} schema comparison | head -c 1")
    assert result.returncode in {0, 141}
    assert result.stderr == ""


@pytest.mark.parametrize("command", ["--help", "--version", "run --help", "schema comparison"])
def test_a_reader_that_was_never_there(command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "regcore", *command.split()],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writer)
    assert (result.returncode, result.stderr) == (141, b"")


def test_all_closed() -> None:
    assert shell(f"{REGCORE} schema nonsense <&- >&- 2>&-").returncode == 2


@pytest.mark.slow
def test_any_encoding(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.onnx")).write_bytes(b"no model")
    result = shell(
        f"{REGCORE} inspect {tmp_path}/$'\\xff'.onnx", PYTHONIOENCODING="ascii", PYTHONUTF8="0"
    )
    assert result.returncode == 4
    assert "\\udcff.onnx" in result.stderr
    assert result.stderr.count("\n") == 1

"""Folders for a while: they go with their block, and what killed processes left goes as well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from regcore.files.scratch_folder import scratch_folder

_HOLD = """
import sys
from regcore.files.scratch_folder import scratch_folder
with scratch_folder() as folder:
    (folder / "content").touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_it_goes_at_the_end(parent: Path) -> None:
    with scratch_folder() as folder, scratch_folder() as other:
        (folder / "below").mkdir()
        (folder / "below" / "file").touch()
        assert folder != other
        assert {folder, other} == set(parent.iterdir())
    assert not list(parent.iterdir())
    with pytest.raises(KeyError), scratch_folder():
        raise KeyError
    assert not list(parent.iterdir())


def test_only_what_dead_processes_left_is_removed(parent: Path) -> None:
    (parent / "regcore-scratch-file").touch()
    (parent / "others").mkdir()
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        held = Path(holder.stdout.readline().strip())
        with scratch_folder():
            assert (held / "content").exists()
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    assert held.exists()
    with scratch_folder():
        assert not held.exists()
    assert {path.name for path in parent.iterdir()} == {"regcore-scratch-file", "others"}

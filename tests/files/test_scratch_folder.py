"""Folders for a while: they go with their block, and what killed processes left goes as well."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from regcore.errors import OutputError
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


def test_a_file_system_without_locks(parent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (parent / "regcore-scratch-of-others").mkdir()

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with scratch_folder() as folder:
        (folder / "file").touch()
    assert [path.name for path in parent.iterdir()] == ["regcore-scratch-of-others"]


def test_a_folder_that_cannot_be_made(parent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "mkdtemp", refuse)
        wanted = rf"^{parent}: cannot keep temporary files: Permission denied; \$TMPDIR may"
        with pytest.raises(OutputError, match=wanted), scratch_folder():
            pass
    with monkeypatch.context() as patch:
        patch.setattr("regcore.files.scratch_folder._open", refuse)
        with pytest.raises(OutputError, match=r"/regcore-scratch-.*Permission"), scratch_folder():
            pass
    assert not list(parent.iterdir())
    assert parent.exists()

"""Files appear whole and durable; what died writers left goes, and nothing else."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from regcore.errors import OutputError
from regcore.files.atomic import replacing, write_text
from regcore.files.temporary_file import remove_abandoned
from regcore.store.pack_file import PackFile


def test_replacing(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)  # as long as a name may be
    write_text(path, "one")
    with replacing(path) as a, replacing(path) as b:
        assert a != b
        a.write_text("a")
        b.write_text("b")
    assert path.read_text() == "a"
    with pytest.raises(FileNotFoundError), replacing(path) as temporary:
        temporary.with_name("absent").read_text()
    assert path.read_text() == "a"
    assert list(tmp_path.iterdir()) == [path]


def test_synced_before_and_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    real = os.fsync

    def note(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    with replacing(tmp_path / "a") as temporary:
        temporary.write_text("x")
    assert synced == [str(temporary), str(tmp_path)]


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"a\.json: cannot write: No space left"):
        write_text(tmp_path / "a.json", "x")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("interrupted", ["open", "flock", "samestat"])
def test_ctrl_c_at_any_time_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted: str
) -> None:
    module = next(each for each in (os, fcntl, os.path) if hasattr(each, interrupted))
    real = getattr(module, interrupted)

    def interrupt(*arguments: object) -> None:
        real(*arguments)
        raise KeyboardInterrupt  # before the caller knows what it got

    def write(path: Path) -> None:
        pack = PackFile(path, 1)
        try:
            pack.create()
            os.write(pack.descriptor, b"x")
            pack.publish()
        finally:
            pack.discard()

    for use in (write, lambda path: write_text(path, "x")):
        with monkeypatch.context() as patch:
            patch.setattr(module, interrupted, interrupt)
            with pytest.raises(KeyboardInterrupt):
                use(tmp_path / "a")
        assert not list(tmp_path.iterdir())
        use(tmp_path / "a")
        (tmp_path / "a").unlink()


def test_only_the_litter_of_the_dead_goes(tmp_path: Path) -> None:
    dead = tmp_path / ".regcore-0123456789abcdef.tmp"
    others = [tmp_path / name for name in (".x.part", ".a.json.1234.tmp", ".regcore-0.tmp")]
    for path in (dead, *others):
        path.write_text("x")
    with replacing(tmp_path / "a") as alive:
        remove_abandoned(tmp_path)
        assert alive.exists()
    assert not dead.exists()
    assert all(path.exists() for path in others)


def test_a_file_that_was_taken_for_abandoned_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, taken = fcntl.flock, []

    def late(descriptor: int, how: int) -> None:
        if not taken:
            taken.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
            Path(taken[0]).unlink()
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    write_text(tmp_path / "a", "x")
    assert (tmp_path / "a").read_text() == "x"


def test_a_pipe_or_device_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="is a device or pipe"):
        write_text(pipe, "x")
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]

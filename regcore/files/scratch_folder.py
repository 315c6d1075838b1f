"""Folders for a while, and what died processes left of them."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from regcore.errors import OutputError

_PREFIX = "regcore-scratch-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new, empty folder where the system keeps temporary files; it goes at the end of the block.

    It is locked as long as its process lives: what a killed one left goes when the next is made.
    Where the file system has no locks, it stays. Raises OutputError where it cannot be made.
    """
    folder, descriptor = _made_and_locked()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _made_and_locked() -> tuple[Path, int]:
    try:
        parent = Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise OutputError(f"{error.strerror}; $TMPDIR may name one") from error
    _remove_abandoned(parent)
    while True:
        try:
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        except OSError as error:
            raise _refusal(parent, error) from error
        # Another process may take it for abandoned before it is locked: then it is gone, or goes.
        with suppress(FileNotFoundError, BlockingIOError):
            descriptor = _locked(folder)
            if folder.is_dir():
                return folder, descriptor
            os.close(descriptor)


def _locked(folder: Path) -> int:
    """Raises BlockingIOError where another process has it, OutputError where it is refused."""
    try:
        descriptor = _open(folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        with suppress(OSError):
            folder.rmdir()
        raise _refusal(folder, error) from error
    try:
        _lock(descriptor)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:  # a file system without locks
        pass
    return descriptor


def _refusal(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{folder}: cannot keep temporary files: {error.strerror}; $TMPDIR may name another folder"
    )


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _lock(descriptor: int) -> None:
    """Raises OSError where another process has it, or there are no locks."""
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # of others, or in use
            descriptor = _open(folder)
            try:
                _lock(descriptor)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)

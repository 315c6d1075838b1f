"""Folders for a while, and what died processes left of them."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "regcore-scratch-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new, empty folder where the system keeps temporary files; it goes at the end of the block.

    It is locked as long as its process lives: what a killed one left goes when the next is made.
    """
    _remove_abandoned(Path(tempfile.gettempdir()))
    folder, descriptor = _made_and_locked()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _made_and_locked() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with suppress(FileNotFoundError, BlockingIOError):
            descriptor = _lock(folder)
            if folder.is_dir():
                return folder, descriptor
            os.close(descriptor)  # it was taken for abandoned in the moment before it was locked


def _lock(folder: Path) -> int:
    """Raises OSError where another process has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # of others, or in use
            descriptor = _lock(folder)
            try:
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)

"""Files that survive a power cut; many of them with one wait."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from regcore.errors import OutputError


def sync_file_systems(folders: Iterable[Path]) -> None:
    """Waits until the disks have all that was written to the file systems of these folders.

    A hundred thousand files take one wait each with fsync, and one together with this. Raises
    OutputError where the system could not write something, which os.sync would not tell.
    """
    told: set[int] = set()
    for folder in folders:
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            device = os.fstat(descriptor).st_dev
            if device not in told:
                told.add(device)
                _sync_file_system(descriptor)
        except OSError as error:
            raise OutputError(f"{folder}: cannot write: {error.strerror}") from error
        finally:
            os.close(descriptor)


def sync_data(descriptor: int) -> None:
    """Waits until the disk has a file's bytes and its length; macOS only offers to wait for all."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


def _sync_file_system(descriptor: int) -> None:
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:  # not Linux
        os.sync()
    elif syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))

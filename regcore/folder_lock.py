"""A file that only one process has at a time, and with it the folder in which it lies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from regcore.errors import OutputError, RegcoreError


def open_locked(path: Path) -> BinaryIO:
    """Opens a file to read it and to append to it; nobody else can until it is closed.

    Raises RegcoreError where another process has it, OutputError where it cannot be written.
    """
    while True:
        try:
            file = path.open("a+b")
        except OSError as error:
            raise OutputError(f"{path}: cannot write: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The one who had it may have removed it meanwhile: then this is nobody's file.
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except BlockingIOError:
            file.close()
            raise RegcoreError(
                f"{path.parent}: another process is writing to this folder; wait for it, "
                "or choose another folder"
            ) from None
        except OSError as error:
            file.close()
            raise OutputError(f"{path}: cannot lock: {error.strerror}") from error
        file.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Has an empty file for the block, which goes at its end; errors are those of open_locked."""
    with open_locked(path):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

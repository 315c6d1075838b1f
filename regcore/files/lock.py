"""A file that only one process has at a time, and with it the folder in which it lies."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from regcore.errors import OutputError, RegcoreError, UsageError


def open_locked(path: Path) -> BinaryIO:
    """Opens a file to read it and to append to it; nobody else can until it is closed.

    Raises RegcoreError where another process has it, OutputError where it cannot be written or is
    a link, a folder, a FIFO or the like, which nobody of regcore's has made.
    """
    while True:
        file = _open_to_append(path)
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


def _open_to_append(path: Path) -> BinaryIO:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        reason = "it is a link" if error.errno == errno.ELOOP else error.strerror
        raise OutputError(f"{path}: cannot write: {reason}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OutputError(f"{path}: cannot write: it is not a regular file")
    return os.fdopen(descriptor, "a+b")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Has an empty file for the block, which goes at its end; errors are those of open_locked.

    Also raises UsageError where the file has content, as it is then somebody else's.
    """
    with open_locked(path) as file:
        if os.fstat(file.fileno()).st_size:
            raise UsageError(f"{path}: is there and was not written by regcore; move it away")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

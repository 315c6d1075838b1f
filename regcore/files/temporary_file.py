"""Files that have no name for others yet, and what died writers left of them."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

#: Shared with csrc/files: short, whatever the target's name, and not derivable by anybody.
_TEMPORARY = re.compile(r"\.regcore-[0-9a-f]{16}\.tmp")


class TemporaryFile:
    """A file beside `target` under a name of its own, locked as long as it is open.

    descriptor: that of the file, -1 while there is none.
    """

    def __init__(self, target: Path) -> None:
        self.descriptor = -1
        self._target = target
        self._path: Path | None = None

    def create(self) -> Path:
        """Makes the file, empty. Whoever calls this must see to `discard` first."""
        while True:
            # The name is known before there is a file: Ctrl-C may come at any time.
            self._path = path = self._target.with_name(f".regcore-{secrets.token_hex(8)}.tmp")
            with suppress(FileExistsError):
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                self.descriptor = os.open(path, flags, 0o666)
                with suppress(OSError):  # a file system without locks
                    fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(self.descriptor), path.stat()):
                        return path
                self._close()  # it was taken for abandoned in the moment before it was locked

    def rename(self) -> None:
        """Gives the file the name of its target."""
        if self._path is None:
            raise ValueError("a file gets its name once, after it was created")
        self._path.rename(self._target)
        self._path = None

    def is_named(self, name: str | bytes) -> bool:
        """Whether this is the file's own name, as an OSError gives it."""
        return self._path is not None and Path(os.fsdecode(name)) == self._path

    def discard(self) -> None:
        """Deletes the file if it has not got its name, and closes it."""
        try:
            if self._path is not None:
                # While the lock is held, nobody takes the file for one that a dead process left.
                self._path.unlink(missing_ok=True)
                self._path = None
        finally:
            self._close()

    def _close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def remove_abandoned(folder: Path) -> None:
    """Removes what died writers of regcore left in `folder`, and nothing else.

    A living writer holds a lock on its temporary file, so that it keeps it.
    """
    try:
        left = [entry.path for entry in os.scandir(folder) if _TEMPORARY.fullmatch(entry.name)]
    except OSError:
        return
    for name in left:
        with suppress(OSError):  # another process removes it as well, or it belongs to others
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name)  # noqa: PTH108  (a name is all that scandir gives)
            finally:
                os.close(descriptor)

"""Files that appear whole or not at all, and survive a power cut once they are there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from regcore.errors import OutputError, UsageError
from regcore.files.temporary_file import TemporaryFile


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yields a fresh, empty file beside `path`; what was written there becomes `path` at the end.

    The content is on the disk before the name is, and the name before this returns. Where the
    block raises, the temporary file goes and `path` stays as it was.
    Raises OutputError, which names `path`, where the system refuses to write, and where a device or
    a pipe is there, which a file would replace.
    """
    path = Path(path)
    refuse_special(path)
    temporary = TemporaryFile(path)
    try:
        content = temporary.create()
        yield content
        _sync(content)
        temporary.rename()
        _sync(path.parent)
    except OSError as error:
        if error.filename is None or temporary.is_named(error.filename):
            raise OutputError(f"{path}: cannot write: {error.strerror}") from error
        raise
    finally:
        with suppress(OSError):
            temporary.discard()


def refuse_special(path: str | Path) -> None:
    """Raises OutputError where `path` is a device, a pipe or a socket, which has no second copy."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return  # nothing is there, or the writing will say what is wrong
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
        raise OutputError(f"{path}: is a device or pipe, which a file would replace")


def write_text(path: str | Path, text: str) -> None:
    """Writes a file of UTF-8 text, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sync(path: Path) -> None:
    """Waits until the disk has a file, or the names in a folder; OutputError where it refuses."""
    try:
        _sync(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror}") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_target(out: Path, suffix: str) -> None:
    """Refuses a file `out` that cannot be written, before the long work begins.

    Raises UsageError where its name does not end in `suffix`, by which commands know its format;
    OutputError where its folder is missing or read-only.
    """
    if out.suffix.lower() != suffix:
        raise UsageError(f"{out}: the name of the result must end in {suffix}")
    check_writable(out)


def check_writable(out: Path) -> None:
    """Raises OutputError where the file `out` cannot be written, before the long work begins."""
    if out.is_dir():
        raise OutputError(f"{out}: is a folder, not a file to write")
    if not out.parent.is_dir():
        raise OutputError(f"{out.parent}: no such folder to write {out.name} into")
    if not os.access(out.parent, os.W_OK):
        raise OutputError(f"{out.parent}: no permission to write {out.name} there")

"""Files that somebody else wrote, read whole: regular ones only, and none without a bound."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from regcore.errors import DatasetError, RegcoreError

#: Enough for every text, list and record that regcore reads; pixels and weights are not read here.
MAX_INPUT_BYTES = 1 << 30

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
#: The process or the machine is out of something: this says nothing about the file.
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}


def read_input(
    path: str | Path,
    max_bytes: int = MAX_INPUT_BYTES,
    *,
    error: type[RegcoreError] = DatasetError,
) -> bytes:
    """The bytes of a regular file, also through a link.

    Raises `error` where the file is absent, unreadable, of another kind (a FIFO would wait for
    ever, a device has no end) or larger than `max_bytes`; RegcoreError where the process has no
    file handles or memory left.
    """
    if "\0" in str(path):
        raise error(f"{str(path)!r}: a path cannot hold a NUL character")
    try:
        # Opening a FIFO would wait for its writer; regular files know no difference.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as failure:
        if failure.errno == errno.ENXIO:
            raise error(f"{path}: is a socket or device, not a regular file") from failure
        raise _explained(path, failure, error) from failure
    status = os.fstat(descriptor)
    mode = status.st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "something odd")
        raise error(f"{path}: is {kind}, not a regular file")
    too_large = error(
        f"{path}: larger than {max_bytes} bytes, the most that is read of such a file"
    )
    if status.st_size > max_bytes:
        os.close(descriptor)
        raise too_large
    try:
        with os.fdopen(descriptor, "rb") as file:
            # As much memory as the file needs is taken, not as much as it may; it can have grown.
            content = file.read(status.st_size + 1)
    except OSError as failure:
        raise _explained(path, failure, error) from failure
    if len(content) > max_bytes:
        raise too_large
    return content


def read_input_text(
    path: str | Path,
    max_bytes: int = MAX_INPUT_BYTES,
    *,
    error: type[RegcoreError] = DatasetError,
) -> str:
    """The text of a file in UTF-8, or in UTF-16 with its mark, as PowerShell writes it.

    Errors are those of `read_input`; a text in another encoding is an `error`, too.
    """
    return decode_text(read_input(path, max_bytes, error=error), path, error=error)


def decode_text(
    content: bytes, name: str | Path, *, error: type[RegcoreError] = DatasetError
) -> str:
    """The text of a file's bytes; `name` stands in the error where the encoding is another."""
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as failure:
        line = content.count(b"\n", 0, failure.start) + 1
        raise error(
            f"{name}, line {line}: not UTF-8 text (perhaps GBK or Latin-1); convert it, for "
            "instance with iconv"
        ) from failure


def _explained(path: str | Path, failure: OSError, error: type[RegcoreError]) -> RegcoreError:
    kind = RegcoreError if failure.errno in _EXHAUSTED else error
    return kind(f"{path}: {failure.strerror}")

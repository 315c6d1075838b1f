"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regcore.errors import OutputError, UsageError


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yields a fresh path beside `path`; what was written there becomes `path` at the end.

    Where the block raises, the temporary file goes and `path` stays as it was.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Writes a file of UTF-8 text, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


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

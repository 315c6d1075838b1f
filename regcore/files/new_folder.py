"""A folder that is made for what is to be written into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from regcore.errors import OutputError


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Makes a folder, and those above it, for the block; OutputError where that is refused.

    Where the block fails before anything stands in them, the folders that were made go again.
    """
    absent = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot create: {error.strerror}") from error
    try:
        yield
    except BaseException:
        with suppress(OSError):  # one is not empty
            for path in absent:
                path.rmdir()
        raise

"""The files into which images are prepared: none is written twice, or over an image to read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from regcore._native import pipeline as native
from regcore.errors import UsageError
from regcore.images.sources import FilePart


def as_targets(paths: Sequence[str | os.PathLike[str]]) -> list[str]:
    """The paths to write, as text; UsageError for what is no list of paths."""
    if isinstance(paths, (str, bytes, os.PathLike)) or not isinstance(paths, Iterable):
        raise UsageError("paths must be a sequence, with one path for each image")
    try:
        targets = [os.fsdecode(path) for path in paths]
    except TypeError as error:
        raise UsageError(f"a path to write is no path: {error}") from None
    if any("\0" in target for target in targets):
        raise UsageError("a path cannot hold a NUL character")
    return targets


def check_targets(targets: Sequence[str], items: Sequence[native.Item]) -> None:
    """Raises UsageError where a file would be written twice, or over one of the images.

    A target is replaced by its name, so that of a link counts, not what the link leads to.
    """
    folders: dict[str, str] = {}

    def place(path: str) -> tuple[str, str]:
        folder, name = os.path.split(path)
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        return folders[folder], name

    written: dict[tuple[str, str], str] = {}
    for count, target in enumerate(targets, 1):
        other = written.setdefault(place(target), target)
        if len(written) < count:
            raise UsageError(
                f"two images cannot become one file: it is given twice, as {other} and {target}"
            )
    archives = {item.path for item in items if isinstance(item, FilePart)}
    for read in chain((item for item in items if isinstance(item, str)), archives):
        # What is read through a link is where the link leads.
        for path in {read, os.path.realpath(read)} if Path(read).is_symlink() else (read,):
            if place(path) in written:
                raise UsageError(f"{read}: is an image to read, so it cannot be written as well")

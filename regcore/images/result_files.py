"""The files into which images are prepared: none is written twice, or over an image to read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from regcore._native import pipeline as native
from regcore.errors import UsageError


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
    for item in items:
        if not isinstance(item, str):
            continue
        # An image that is read through a link is where the link leads.
        for path in {item, os.path.realpath(item)} if Path(item).is_symlink() else (item,):
            if place(path) in written:
                raise UsageError(f"{item}: is an image to read, so it cannot be written as well")

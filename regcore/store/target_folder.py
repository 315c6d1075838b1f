"""What lies in the folder of a store before it is written: nothing of others may be destroyed."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from regcore.counted import counted
from regcore.errors import UsageError
from regcore.files.temporary_file import remove_abandoned
from regcore.store.layout import SUFFIX

#: What killed writers of earlier versions left; today's are those of regcore.files.atomic.
_OLD_TEMPORARY = re.compile(r"\.(regcore-[0-9]+-[0-9]+|pack-[0-9]{5,}\.bin)\.part")


def value_files(folder: Path) -> dict[str, int]:
    """The value files below the folder, whoever made them, with their sizes in bytes."""
    found = {}
    for place, _, names in os.walk(folder):
        below = os.path.relpath(place, folder)
        prefix = "" if below == "." else f"{below}/"
        for name in names:
            if name.endswith(SUFFIX):
                with suppress(FileNotFoundError):
                    size = os.lstat(f"{place}/{name}").st_size  # a link is a name that is taken
                    found[f"{prefix}{name}"] = size
    return found


def check_surplus(folder: str | Path, there: Iterable[str], allowed: Collection[str]) -> None:
    """Raises UsageError for files that would be taken for one of the images."""
    surplus = [file for file in there if file not in allowed]
    if surplus:
        raise UsageError(
            f"{folder} holds {counted(len(surplus), f'other {SUFFIX} file')}, the first is "
            f"{min(surplus)}; delete them, or choose another folder"
        )


def check_foreign(folder: str | Path, foreign: Collection[str]) -> None:
    """Raises UsageError for files of the names to be written, in a folder without a store."""
    if foreign:
        raise UsageError(
            f"{folder} holds {counted(len(foreign), f'{SUFFIX} file')} that no store here has "
            f"made, the first is {min(foreign)}; choose another folder, or --force to replace them"
        )


def check_unlisted(folder: str | Path, known: Collection[str], listed: Collection[str]) -> None:
    """Raises UsageError where a store has images that are not listed now."""
    unlisted = set(known) - set(listed)
    if unlisted:
        raise UsageError(
            f"{folder} holds {counted(len(unlisted), 'image that is', 'images that are')} not "
            f"listed now, the first is {min(unlisted)}; choose another folder, or --force to start "
            "anew"
        )


def check_inputs(folder: Path, files: Iterable[str], sources: Iterable[Path]) -> None:
    """Raises UsageError where one of the files is one of the sources, be it by a link."""
    there = {_identity(folder / file): file for file in files}
    there.pop(None, None)
    if not there:
        return
    for source in sources:
        file = there.get(_identity(source))
        if file is not None:
            raise UsageError(
                f"{folder / file}: would be written over the input {source}; choose another folder"
            )


def check_inside(folder: Path, files: Sequence[str]) -> None:
    """Raises UsageError where a folder of these files is a link that leads out of `folder`."""
    root = os.path.realpath(folder)
    for below in {os.path.dirname(file) for file in files}:  # noqa: PTH120  (a million times)
        place = os.path.realpath(folder / below)
        if os.path.commonpath((root, place)) != root:
            raise UsageError(f"{folder / below}: leads out of {folder}, to {place}")


def remove_leftovers(folder: Path, files: Sequence[str]) -> None:
    """Removes what killed writers left in the folders of these files, and nothing of others."""
    below = {os.path.dirname(file) for file in files}  # noqa: PTH120  (a million times)
    for place in {"", *below}:
        remove_abandoned(folder / place)
        with suppress(OSError):
            for name in os.listdir(folder / place):  # noqa: PTH208
                if _OLD_TEMPORARY.fullmatch(name):
                    (folder / place / name).unlink()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116  (a million times)
    except OSError:
        return None
    return status.st_dev, status.st_ino

"""Whether the disk has room for what is about to be written."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from regcore.counted import in_units
from regcore.errors import OutputError


def peak_growth(files: Iterable[tuple[int, int]], in_work: int) -> int:
    """By how many bytes a folder grows at most while files are replaced one after another.

    files: of each the bytes of the new one and of that which it replaces, 0 where there is none.
    in_work: how many new ones are there at once before they take the place of old ones.
    """
    peak = grown = 0
    open_files: deque[tuple[int, int]] = deque()
    waiting = 0
    for new, old in files:
        if len(open_files) == in_work:
            done, freed = open_files.popleft()
            waiting -= done
            grown += done - freed
        open_files.append((new, old))
        waiting += new
        peak = max(peak, grown + waiting)
    return peak


def check_space(folder: Path, needed: int) -> None:
    """Raises OutputError where the disk of `folder` has less than `needed` bytes left."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise OutputError(
            f"{folder}: needs {in_units(needed, up=True)}, but the disk has {in_units(free)} left; "
            "free some, or choose a smaller --dtype"
        )

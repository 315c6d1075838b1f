"""Names of files: their order as people count, and what identifies an image in them."""

from __future__ import annotations

import os
import re
from pathlib import Path

#: Between the name of an archive, a table or a database and that of an image in it.
ARCHIVE_MARK = "::"

_ARCHIVE = re.compile(rf"\.(?:tar|zip|parquet|arrow|feather|mdb|lmdb){ARCHIVE_MARK}", re.IGNORECASE)

#: Longer runs of digits are no numbers that anybody counts, and slow to convert.
_LONGEST_NUMBER = 255


def natural_key(path: str | Path) -> tuple[tuple[tuple[str | int, ...], str], ...]:
    """Sort key that compares digit runs as numbers, folder by folder: `a2` before `a10`.

    The order is total: names that differ only in leading zeros are told apart by their text.
    """
    return tuple((digit_runs(part), part) for part in Path(path).parts)


def digit_runs(text: str) -> tuple[str | int, ...]:
    """A name in pieces that compare as they should, text and numbers in turn."""
    # Splitting on a group puts text at even and digits at odd places, so like meets like.
    pieces = re.split(rf"([0-9]{{1,{_LONGEST_NUMBER}}})", text)
    return tuple(int(piece) if i % 2 else piece for i, piece in enumerate(pieces))


def image_key(path: str | Path) -> str:
    """The file name up to its first dot, as the guide names its outputs: `a/b.c.JPEG` -> `b`.

    Of an image in an archive the name there: `a/shard.tar::b.c.jpg` -> `b`.
    """
    # Not Path.name, which takes eight times as long: there are as many as images.
    name = os.fspath(path).rpartition("/")[2]
    if ARCHIVE_MARK in name and (split := split_member(name)) is not None:
        name = split[1]
    return name.split(".", 1)[0]


def split_member(name: str) -> tuple[str, str] | None:
    """Archive and member of `shard-000.tar::n01440764/x.jpg`; None for the name of a file."""
    found = _ARCHIVE.search(name)
    return None if found is None else (name[: found.end() - len(ARCHIVE_MARK)], name[found.end() :])

"""The image files of a run, of which few are wanted: from folders, and out of archives."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from regcore.errors import RegcoreError
from regcore.files.names import split_member
from regcore.images.sources import FilePart, Image, ImageOnDemand

_MAX_BYTES = 1 << 28


def image_files(root: Path, names: Sequence[str]) -> list[Path | bytes | None]:
    """What each image is read from: its file, or its bytes; None where they cannot be had.

    root: the folder below which the names lie.
    """
    found: list[Path | bytes | None] = [
        path if (path := root / name).is_file() else None for name in names
    ]
    members: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if found[place] is None and (split := split_member(name)):
            members.setdefault(split[0], []).append(place)
    for archive, places in members.items():
        wanted = [names[place] for place in places]
        for place, content in zip(places, _out_of(root, archive, wanted), strict=True):
            found[place] = content
    return found


def _out_of(root: Path, archive: str, names: Sequence[str]) -> Sequence[bytes | None]:
    from regcore.sources.kinds import open_archives

    try:
        with closing(open_archives(str(root), [archive])) as source:
            return [_content(image) for image in source.chosen(names).read()]
    except (RegcoreError, OSError):
        return [None] * len(names)


def _content(image: Image) -> bytes | None:
    try:
        if isinstance(image, FilePart) and image.size <= _MAX_BYTES:
            return image.read()
        return bytes(image.read()) if isinstance(image, ImageOnDemand) else None
    except Exception:  # noqa: BLE001  # whatever a foreign archive brings
        return None

"""The pictures that every decoder gets: files of this package, the same on all machines."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

_FOLDER = "pictures"


@dataclass(frozen=True)
class Picture:
    """A file in memory; the name says what it is of, as in `jpeg-exif-6.jpg`."""

    name: str
    encoded: bytes


def builtin_pictures() -> tuple[Picture, ...]:
    """All of them, by name."""
    found = (file for file in files(__package__).joinpath(_FOLDER).iterdir() if "-" in file.name)
    pictures = (Picture(file.name, file.read_bytes()) for file in found)
    return tuple(sorted(pictures, key=lambda picture: picture.name))

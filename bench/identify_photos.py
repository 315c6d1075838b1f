"""Photos that tell pipelines apart: cuts of the demo's, with other ratios, one turned by EXIF."""

from __future__ import annotations

from pathlib import Path

from machine import find_photos
from PIL import Image

#: Left, top, right, bottom of each cut, and its EXIF orientation.
SHOWN = (
    ((0, 0, 500, 375), 1), ((10, 20, 385, 511), 6), ((140, 0, 377, 507), 1), ((0, 60, 512, 437), 1),
)  # fmt: skip
HELD_OUT = (
    ((0, 0, 333, 500), 8), ((20, 3, 507, 480), 1), ((100, 0, 339, 509), 3), ((7, 0, 512, 261), 1),
)  # fmt: skip
_ORIENTATION = 0x0112


def make_photos(folder: Path) -> tuple[list[str], list[str]]:
    """Those that are shown to identify, and others of which its answer is tried."""
    sources = find_photos(None)
    return (
        _cut(folder, "shown", sources, SHOWN),
        _cut(folder, "other", sources[len(SHOWN) :], HELD_OUT),
    )


def _cut(
    folder: Path,
    name: str,
    sources: list[str],
    cuts: tuple[tuple[tuple[int, int, int, int], int], ...],
) -> list[str]:
    paths = []
    for number, (source, (box, orientation)) in enumerate(zip(sources, cuts, strict=False)):
        path = folder / f"{name}{number}.jpg"
        exif = Image.Exif()
        exif[_ORIENTATION] = orientation
        with Image.open(source) as image:
            image.convert("RGB").crop(box).save(path, quality=93, exif=exif)
        paths.append(str(path))
    return paths

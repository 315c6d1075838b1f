"""Photos for identify: cuts of the demo's, of several ratios, one turned by EXIF, one tall."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

#: Left, top, right, bottom of each cut, and its EXIF orientation.
CUTS = (
    ((0, 0, 500, 375), 1), ((10, 20, 385, 511), 6), ((140, 0, 377, 507), 1), ((0, 60, 512, 437), 1),
)  # fmt: skip
_ORIENTATION = 0x0112


def cut_photos(sources: Sequence[str], folder: Path, *, turned: bool = True) -> list[str]:
    """Writes the cuts of so many of the sources, and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, (source, (box, orientation)) in enumerate(zip(sources, CUTS, strict=False)):
        exif = Image.Exif()
        exif[_ORIENTATION] = orientation if turned else 1
        path = folder / f"photo{number}.jpg"
        with Image.open(source) as image:
            image.convert("RGB").crop(box).save(path, quality=92, exif=exif)
        paths.append(str(path))
    return paths

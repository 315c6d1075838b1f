"""Writes the fuzzer's first inputs into a folder: small JPEGs of every kind.

python tests/cpp/fuzz/seeds.py FOLDER
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image

_SIZES = ((1, 1), (17, 33), (40, 24))


def _exif() -> bytes:
    data = Image.Exif()
    data[0x0112] = 6
    return data.tobytes()


def seeds() -> Iterator[bytes]:
    """Baseline and progressive, with and without restarts, every sampling and colour space."""
    rng = np.random.default_rng(0)
    for (width, height), progressive, restart in product(_SIZES, (False, True), (0, 1)):
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
        options = {"quality": 40, "progressive": progressive, "restart_marker_blocks": restart}
        for mode, sampling in product(("RGB", "L", "CMYK"), ("4:4:4", "4:2:2", "4:2:0")):
            if mode == "L" and sampling != "4:4:4":
                continue
            file = io.BytesIO()
            Image.fromarray(pixels).convert(mode).save(
                file, "JPEG", subsampling=sampling, exif=_exif(), **options
            )
            yield file.getvalue()
        for sampling in ("440", "411"):
            yield simplejpeg.encode_jpeg(pixels, quality=40, colorsubsampling=sampling)
        inks = rng.integers(0, 256, (height, width, 4), np.uint8)
        for sampling in ("444", "422", "420"):  # of YCCK, whose black is of the whole size
            yield simplejpeg.encode_jpeg(inks, 40, "CMYK", sampling)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", keep_rgb=True, **options)
        yield file.getvalue()


def main() -> None:
    """Writes each seed as a file of its own."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (folder / f"{number:03}.jpg").write_bytes(seed)


if __name__ == "__main__":
    main()

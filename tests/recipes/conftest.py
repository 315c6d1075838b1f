from __future__ import annotations

from pathlib import Path

import pytest
from labelled_photos import LabelledPhotos
from oracles import jpeg, open_rgb, photo_like
from PIL import Image

#: Width and height: small, narrow, wide, with halves of a pixel beside the crop, smaller than it.
_ODD_SIZES = ((131, 97), (61, 340), (351, 50), (640, 481), (225, 227), (20, 31))


@pytest.fixture(scope="session")
def odd_pictures(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """JPEGs and PNGs of sizes that photos seldom have."""
    folder = tmp_path_factory.mktemp("odd")
    paths = []
    for number, size in enumerate(_ODD_SIZES):
        pixels = photo_like(*size, seed=number)
        path = folder / f"{size[0]}x{size[1]}.{'png' if number % 2 else 'jpg'}"
        if number % 2:
            Image.fromarray(pixels).save(path)
        else:
            path.write_bytes(jpeg(pixels))
        paths.append(str(path))
    return paths


@pytest.fixture(scope="session")
def pictures(labelled_photos: LabelledPhotos, odd_pictures: list[str]) -> list[str]:
    """Two photos and the odd pictures."""
    photos = sorted(map(str, Path(labelled_photos.folder).iterdir()))
    return [photos[0], photos[7], *odd_pictures]


@pytest.fixture(scope="session")
def opened(pictures: list[str]) -> list[Image.Image]:
    """The pictures as Pillow opens them."""
    return [open_rgb(path) for path in pictures]

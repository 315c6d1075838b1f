"""The built-in pictures are what their names say, and what their script makes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from trust import doctor_pictures as made

from regcore.trust.doctor import reference
from regcore.trust.doctor.builtin_pictures import builtin_pictures

PICTURES = {picture.name: picture.encoded for picture in builtin_pictures()}
SAMPLINGS = {"444": (1, 1), "422": (2, 1), "420": (2, 2), "440": (1, 2), "411": (4, 1)}
SOF0, SOF2, RESTARTS, ADOBE = b"\xff\xc0", b"\xff\xc2", b"\xff\xdd", b"Adobe"


def sampling(encoded: bytes) -> tuple[int, int]:
    """Of the luma: two hexadecimal digits in the frame's header."""
    factors = encoded[encoded.index(SOF0) + 11]
    return factors >> 4, factors & 15


def test_there_are_about_forty_and_they_are_small() -> None:
    assert 40 <= len(PICTURES) <= 50
    assert sum(map(len, PICTURES.values())) < 100_000


@pytest.mark.parametrize("name", list(SAMPLINGS))
def test_samplings(name: str) -> None:
    assert sampling(PICTURES[f"jpeg-{name}.jpg"]) == SAMPLINGS[name]


def test_jpegs_of_other_kinds() -> None:
    assert SOF2 in PICTURES["jpeg-progressive.jpg"]
    assert RESTARTS in PICTURES["jpeg-restarts.jpg"]
    for name, transform in (("rgb", 0), ("cmyk", 0), ("ycck", 2)):
        encoded = PICTURES[f"jpeg-{name}.jpg"]
        if name != "rgb":
            assert encoded[encoded.index(ADOBE) + 11] == transform
            assert Image.open(io.BytesIO(encoded)).mode == "CMYK"
    for orientation in range(1, 9):
        exif = Image.open(io.BytesIO(PICTURES[f"jpeg-exif-{orientation}.jpg"])).getexif()
        assert exif[0x0112] == orientation


def test_ycck_is_cmyk_in_other_words() -> None:
    """Were the marker wrong, its luma and chroma would be shown as colours."""
    scene = made.scene(made.WIDTH, made.HEIGHT).astype(int)
    shown = reference.decode(PICTURES["jpeg-ycck.jpg"]).astype(int)
    correlation = np.corrcoef(scene.ravel(), shown.ravel())[0, 1]
    assert correlation > 0.9


def test_pngs_of_other_kinds() -> None:
    for name, depth, colour, interlaced in (
        ("rgb", 8, 2, 0),
        ("interlaced", 8, 2, 1),
        ("alpha", 8, 6, 0),
        ("grey-16-bit", 16, 0, 0),
        ("rgb-16-bit", 16, 2, 0),
        ("palette-alpha", 8, 3, 0),
        ("bilevel", 1, 0, 0),
    ):
        header = PICTURES[f"png-{name}.png"][24:29]
        assert (header[0], header[1], header[4]) == (depth, colour, interlaced), name
    assert b"tRNS" in PICTURES["png-palette-alpha.png"]


def test_the_script_makes_them() -> None:
    """Bytes depend on the versions of encoders; names, sides and lossless pixels do not."""
    pytest.importorskip("simplejpeg")
    again = dict((*made.jpegs(), *made.others()))
    assert again.keys() == PICTURES.keys()
    for name, encoded in again.items():
        ours, theirs = reference.decode(PICTURES[name]), reference.decode(encoded)
        assert ours.shape == theirs.shape, name
        if name.startswith(("png", "bmp", "webp-lossless", "webp-alpha")):
            assert np.array_equal(ours, theirs), name
        assert np.abs(ours.astype(int) - theirs).mean() < 3, name

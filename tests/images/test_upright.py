"""Whole pictures and their resize, turned as EXIF says, as `exif_transpose` turns them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import assert_same_bytes, photo_like
from PIL import Image, ImageOps

from regcore import UsageError, decode, resize

ORIENTATIONS = range(1, 9)
MODES = ("L", "RGB", "RGBA")
KINDS: dict[str, dict[str, Any]] = {
    "JPEG": {},
    "progressive": {"format": "JPEG", "progressive": True},
    "grey": {"format": "JPEG"},
    "CMYK": {"format": "JPEG"},
    "PNG": {},
    "WEBP": {},
    "TIFF": {},
}


def file_of(size: tuple[int, int], orientation: int, kind: str = "JPEG") -> bytes:
    """A picture of that width and height as stored."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(photo_like(*size))
    image = image.convert({"grey": "L", "CMYK": "CMYK"}.get(kind, "RGB"))
    file = io.BytesIO()
    image.save(file, **{"format": kind, "exif": exif, **KINDS[kind]})
    return file.getvalue()


def upright(file: bytes, mode: str) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(io.BytesIO(file))).convert(mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_orientation(kind: str, mode: Any) -> None:
    for orientation in ORIENTATIONS:
        file = file_of((83, 61), orientation, kind)
        expected = upright(file, mode)
        assert_same_bytes(decode([file], mode=mode, exif="apply")[0], np.asarray(expected))
        result = resize([file], (31, 40), mode=mode, exif="apply")[0]
        assert_same_bytes(result, np.asarray(expected.resize((31, 40), Image.Resampling.BICUBIC)))


def test_orientations_are_ignored_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    path.write_bytes(file_of((83, 61), 6))
    stored, turned = decode([path])[0], decode([path], exif="apply")[0]
    assert stored.shape == (61, 83, 3)
    assert_same_bytes(turned, np.ascontiguousarray(np.rot90(stored, -1)))


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    to=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    orientation=st.sampled_from(ORIENTATIONS),
    mode=st.sampled_from(MODES),
    box=st.none() | st.tuples(*[st.floats(0, 0.45)] * 4),
    name=st.sampled_from(["nearest", "bilinear", "lanczos"]),
    gap=st.sampled_from([None, 1.5]),
)
def test_parts_of_turned_pictures(
    size: tuple[int, int],
    to: tuple[int, int],
    orientation: int,
    mode: Any,
    box: tuple[float, ...] | None,
    name: str,
    gap: float | None,
) -> None:
    """Of a JPEG no more is decoded than the box needs, which is that of the upright picture."""
    file = file_of(size, orientation)
    picture = upright(file, mode)
    ends = None
    if box is not None:
        width, height = picture.size
        ends = (box[0] * width, box[1] * height, (1 - box[2]) * width, (1 - box[3]) * height)
    expected = picture.resize(to, Image.Resampling[name.upper()], ends, gap)
    result = resize([file], to, filter=name, box=ends, reducing_gap=gap, mode=mode, exif="apply")
    assert_same_bytes(result[0], np.asarray(expected))


def test_images_of_pillow() -> None:
    file = file_of((83, 61), 5)
    image = Image.open(io.BytesIO(file))
    assert_same_bytes(decode([image], exif="apply")[0], np.asarray(upright(file, "RGB")))
    assert decode([image])[0].shape == (61, 83, 3)


def test_pixels_have_no_orientation() -> None:
    pixels: NDArray[np.uint8] = photo_like(9, 8)
    assert_same_bytes(decode([pixels], exif="apply")[0], pixels)


def test_another_word_is_refused() -> None:
    for function in (lambda **exif: resize([], (1, 1), **exif), lambda **exif: decode([], **exif)):
        with pytest.raises(UsageError, match="exif"):
            function(exif="upright")

"""Whole pictures, byte for byte as Pillow decodes them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import assert_same_bytes, jpeg, photo_like
from PIL import Image

from regcore import DecodeError, decode


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


PHOTO = Image.fromarray(photo_like(61, 83))
FILES = {
    "JPEG": saved(PHOTO, "JPEG"),
    "progressive JPEG": saved(PHOTO, "JPEG", progressive=True),
    "JPEG of 4:4:4": saved(PHOTO, "JPEG", subsampling=0),
    "grey JPEG": saved(PHOTO.convert("L"), "JPEG"),
    "CMYK JPEG": saved(PHOTO.convert("CMYK"), "JPEG"),
    "PNG": saved(PHOTO, "PNG"),
    "PNG with alpha": saved(Image.fromarray(photo_like(61, 83)).convert("RGBA"), "PNG"),
    "PNG of a palette": saved(PHOTO.convert("P"), "PNG", transparency=3),
    "WebP": saved(PHOTO, "WEBP"),
}


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("kind", FILES)
def test_every_file_in_every_mode(kind: str, mode: Any) -> None:
    expected = np.asarray(Image.open(io.BytesIO(FILES[kind])).convert(mode))
    assert_same_bytes(decode([FILES[kind]], mode=mode, workers=1)[0], expected)


def test_a_list_by_several_workers(simd: str) -> None:
    sizes = [(1, 1), (2, 9), (17, 33), (300, 171), (90, 500)]
    files = [jpeg(photo_like(*size)) for size in sizes]
    for file, result in zip(files, decode(files, workers=3), strict=True):
        assert_same_bytes(result, np.asarray(Image.open(io.BytesIO(file)).convert("RGB")))


def test_results_may_be_written_and_outlive_the_call() -> None:
    results = decode([FILES["JPEG"]] * 2)
    results[0][:] = 7
    again = decode([FILES["JPEG"]])
    assert_same_bytes(results[1], again[0])
    assert results[0].min() == results[0].max() == 7
    assert results[0].flags.c_contiguous


def test_pixels_come_back_as_a_copy() -> None:
    pixels = photo_like(9, 8)
    grey = pixels[:, :, 0]
    result, other = decode([pixels, grey])
    assert_same_bytes(result, pixels)
    assert_same_bytes(other, np.ascontiguousarray(grey))
    assert not np.shares_memory(result, pixels)


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.jpg"
    with pytest.raises(DecodeError, match=r"missing.jpg: .*[Nn]o such file"):
        decode([FILES["PNG"], missing])
    results = decode([FILES["JPEG"][:300], FILES["PNG"]], on_error="report")
    assert isinstance(results[0], DecodeError)
    assert_same_bytes(results[1], np.asarray(PHOTO))

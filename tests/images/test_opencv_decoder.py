"""What the core does not decode, in OpenCV's flavour: OpenCV's own pixels, or an error."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import assert_same_bytes
from PIL import Image
from pipeline_twins import opencv

from regcore import DecodeError, Preprocessor, Recipe, RegcoreError
from regcore.trust.doctor.builtin_pictures import builtin_pictures

RANDOM = np.random.default_rng(0)
RGBA = Image.fromarray(RANDOM.integers(0, 256, (30, 41, 4), np.uint8))
RGB = RGBA.convert("RGB")
GREY_16 = Image.fromarray(RANDOM.integers(0, 1 << 16, (30, 41)).astype(np.uint16))


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def made() -> Iterator[tuple[str, bytes]]:
    for image, forms in (
        (RGB, ("PNG", "TIFF", "BMP", "WEBP", "PPM")),
        (RGB.convert("L"), ("PNG", "TIFF", "BMP", "PPM")),
        (RGB.convert("1"), ("PNG", "TIFF", "BMP")),
        (RGB.convert("P"), ("PNG", "GIF", "BMP")),
        (RGBA, ("PNG", "TIFF", "WEBP")),
        (RGBA.convert("LA"), ("PNG",)),
        (RGB.convert("CMYK"), ("JPEG", "TIFF")),
        (GREY_16, ("PNG", "TIFF", "PPM")),
    ):
        for form in forms:
            yield f"{form} of {image.mode}", encoded(image, form)
    yield "PNG, transparent colour", encoded(RGB, "PNG", transparency=(1, 2, 3))
    yield "PNG, transparent entry", encoded(RGB.convert("P"), "PNG", transparency=3)


PICTURES = dict(made()) | {picture.name: picture.encoded for picture in builtin_pictures()}


def unchanged(picture: bytes, sides: tuple[int, int], exif: str) -> NDArray[np.uint8]:
    recipe = Recipe(
        resize=None, crop=sides, filter="bilinear", flavour="opencv", dtype="uint8", layout="nhwc",
        channels="bgr", crop_offset="floor", exif=exif,
    )  # fmt: skip
    return Preprocessor(recipe, workers=1)([picture])[0]


@pytest.mark.parametrize("exif", ["ignore", "apply"])
@pytest.mark.parametrize("name", PICTURES)
def test_the_pixels_of_imread(name: str, exif: str) -> None:
    cv2 = opencv()
    flags = cv2.IMREAD_COLOR | (0 if exif == "apply" else cv2.IMREAD_IGNORE_ORIENTATION)
    expected = cv2.imdecode(np.frombuffer(PICTURES[name], np.uint8), flags)
    assert_same_bytes(unchanged(PICTURES[name], expected.shape[:2], exif), expected)


def test_without_opencv_only_what_is_the_same_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert_same_bytes(
        unchanged(encoded(RGB, "PNG"), (30, 41), "ignore"), np.asarray(RGB)[..., ::-1]
    )
    with pytest.raises(RegcoreError, match="a JPEG of mode CMYK has other pixels in OpenCV"):
        unchanged(PICTURES["JPEG of CMYK"], (30, 41), "ignore")


def test_what_opencv_does_not_take() -> None:
    opencv()
    picture = encoded(Image.fromarray(np.ones((4, 5), np.float32)), "TIFF")
    with pytest.raises(DecodeError, match="OpenCV does not decode this TIFF of mode F"):
        unchanged(picture, (4, 5), "ignore")
    with pytest.raises(DecodeError, match="not an image of a known format"):
        unchanged(b"no picture", (4, 5), "ignore")

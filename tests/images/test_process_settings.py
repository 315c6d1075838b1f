"""What the process sets, lacks or holds open decides nothing about an image."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import photo_like
from PIL import Image, ImageFile

from regcore import DecodeError, Preprocessor, Recipe
from regcore.images import preprocessor
from regcore.images.pillow_decoder import Canvas

RECIPE = Recipe(resize=20, crop=16, dtype="uint8")


def encoded(kind: str, mode: str = "RGB", side: int = 60, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(photo_like(side, side)).convert(mode).save(file, kind, **options)
    return file.getvalue()


def lacking_scans() -> bytes:
    whole = encoded("JPEG", progressive=True)
    return whole[: whole.rindex(b"\xff\xda")] + b"\xff\xd9"


PILLOW_DECODES = {
    **{kind: encoded(kind) for kind in ("PNG", "GIF", "BMP", "TIFF")},
    "TIFF of CMYK": encoded("TIFF", "CMYK"),
    "JPEG that lacks scans": lacking_scans(),
}


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)


@pytest.mark.usefixtures("careless")
@pytest.mark.parametrize("kind", PILLOW_DECODES)
def test_pillows_switches_change_no_verdict(kind: str) -> None:
    whole = PILLOW_DECODES[kind]
    with pytest.raises(DecodeError):
        Preprocessor(RECIPE)([whole[: len(whole) // 2]])
    assert Preprocessor(RECIPE)([whole]).shape == (1, 3, 16, 16)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Preprocessor(RECIPE)([whole])


PRINT_WARNINGS = """
import sys
from PIL import Image
from regcore import Preprocessor, Recipe
if sys.argv[2] == "pillow":
    Image.open(sys.argv[1]).convert("RGB")
else:
    Preprocessor(Recipe(resize=16, crop=16))([sys.argv[1]])
"""


@pytest.mark.slow
@pytest.mark.parametrize(("who", "warned"), [("pillow", True), ("regcore", False)])
def test_pillows_warnings_are_not_printed(tmp_path: Path, who: str, *, warned: bool) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(photo_like(20, 20)).convert("P").save(path, transparency=b"\0\1\2")
    command = [sys.executable, "-W", "always", "-c", PRINT_WARNINGS, str(path), who]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ("Palette images" in run.stderr) == warned


@pytest.mark.parametrize("kind", ["fifo", "socket", "device"])
def test_what_is_no_regular_file_is_named_at_once(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        if kind == "socket":
            server.bind(os.path.relpath(path))
        with pytest.raises(DecodeError, match="not a regular file"):
            Preprocessor(RECIPE)([path])


NO_HANDLES = """
import os, sys, resource
from regcore import RegcoreError
from regcore import DecodeError, Preprocessor, Recipe
core = Preprocessor(Recipe(resize=20, crop=16), workers=1)
if sys.argv[2] == "loaded":
    core([sys.argv[1]])
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
try:
    if sys.argv[3] == "stream":
        with core.stream([sys.argv[1]], 1, on_error="report") as stream:
            list(stream)
    else:
        core([sys.argv[1]])
except DecodeError as error:
    print("the photo is blamed:", error)
except RegcoreError as error:
    print("environment:", error.exit_code, error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", ["stream", "call"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_lack_of_file_handles_blames_no_photo(kind: str, way: str, tmp_path: Path) -> None:
    path = tmp_path / "a.image"
    path.write_bytes(encoded(kind))
    command = [sys.executable, "-c", NO_HANDLES, str(path), "loaded", way]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("environment: 4 "), result.stdout + result.stderr
    assert "Too many open files" in result.stdout


NAMED = {
    "a HEIC image": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
    "an AVIF image": b"\0\0\0\x1cftypavif\0\0\0\0mif1avif" + bytes(40),
    "a JPEG 2000 image": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40),
    "a Photoshop (PSD) image": b"8BPS\0\1" + bytes(40),
    "a TGA image": b"\0\0\2" + bytes(9) + b"\5\0\5\0\x18\0" + bytes(75),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_format_that_is_not_taken_is_named(name: str) -> None:
    with pytest.raises(DecodeError) as raised:
        Preprocessor(RECIPE)([NAMED[name]])
    assert f"is {name}, which is not an image of a known format (JPEG, PNG" in str(raised.value)


@pytest.mark.usefixtures("careless")
def test_pixels_do_not_depend_on_the_switches() -> None:
    kinds = ("PNG", "BMP", "TIFF", "PPM")
    images = Preprocessor(RECIPE)([encoded(kind) for kind in kinds])
    assert all(np.array_equal(image, images[0]) for image in images)


@pytest.mark.parametrize("kind", ["BMP", "PPM", "TIFF", "WEBP", "PNG"])
def test_what_was_read_is_decoded_whatever_becomes_of_the_file(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.image"
    path.write_bytes(encoded(kind))
    expected = Preprocessor(RECIPE)([path])
    decode = preprocessor.decode_rgb

    def overwrite_and_decode(item: bytes, canvas: Canvas) -> tuple[int, bool]:
        path.write_bytes(encoded(kind, side=90))
        return decode(item, canvas)

    monkeypatch.setattr(preprocessor, "decode_rgb", overwrite_and_decode)
    assert np.array_equal(Preprocessor(RECIPE)([path]), expected)
    assert not np.array_equal(Preprocessor(RECIPE)([path]), expected)

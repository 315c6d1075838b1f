"""Limits that hold before anything is allocated: bombs are refused by name, in milliseconds."""

from __future__ import annotations

import io
import re
import struct
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from oracles import assert_same_bytes, jpeg, photo_like, reference
from PIL import Image

from regcore import DecodeError, Preprocessor, Recipe, UsageError
from regcore.cli import cli

SMALL = Recipe(resize=40, crop=33)
PHOTO = jpeg(photo_like(300, 400))
MIB = 1 << 20


def claiming(item: bytes, width: int, height: int) -> bytes:
    """A JPEG with another size in its frame header."""
    frame = max(item.find(b"\xff\xc0"), item.find(b"\xff\xc2"))
    return item[: frame + 5] + struct.pack(">HH", height, width) + item[frame + 9 :]


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header claims that size, with hardly any data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def saved(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def refusal(item: bytes | str, **settings: int) -> str:
    with pytest.raises(DecodeError) as caught:
        Preprocessor(SMALL, workers=1, **settings)([item])  # type: ignore[arg-type]
    return caught.value.detail


def test_pixels() -> None:
    progressive = jpeg(photo_like(30, 40), progressive=True)
    for item in (claiming(PHOTO, 65000, 65000), claiming(progressive, 20000, 9000)):
        assert "pixels are over the limit of 178956970" in refusal(item)
    assert refusal(PHOTO, max_pixels=119_999) == "300 x 400 pixels are over the limit of 119999"
    assert_same_bytes(Preprocessor(SMALL, max_pixels=120_000)([PHOTO])[0], reference(PHOTO, SMALL))
    png = saved(photo_like(30, 40), "PNG")
    assert refusal(png, max_pixels=1199) == "30 x 40 pixels are over the limit of 1199"
    assert_same_bytes(Preprocessor(SMALL, max_pixels=1200)([png])[0], reference(png, SMALL))
    assert "decompression bomb" in refusal(png_of(60000, 60000))  # by Pillow itself


def test_file_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(PHOTO)
    size = len(PHOTO)
    message = f"file of {size} bytes is over the limit of {size - 1}"
    assert refusal(str(path), max_file_bytes=size - 1) == message
    assert refusal(PHOTO, max_file_bytes=size - 1) == message
    Preprocessor(SMALL, max_file_bytes=size)([str(path), PHOTO])


def test_scans() -> None:
    """A progressive JPEG whose last scan is repeated a thousand times."""
    item = jpeg(photo_like(64, 64), progressive=True)
    last = item.rindex(b"\xff\xda")
    scan = item[last:-2]
    bomb = item[:-2] + scan * 1000 + b"\xff\xd9"
    scans = item.count(b"\xff\xda")
    assert refusal(bomb) == f"{scans + 1000} scans are over the limit of 100"
    assert refusal(item, max_scans=scans - 1).endswith(f"over the limit of {scans - 1}")
    assert_same_bytes(Preprocessor(SMALL, max_scans=scans)([item])[0], reference(item, SMALL))


def test_memory_refuses_by_name() -> None:
    bomb = claiming(jpeg(photo_like(30, 40), progressive=True), 12000, 10000)
    words = "a budget of 64 MiB gives one image 48 MiB"
    for item in (claiming(PHOTO, 12000, 10000), bomb, png_of(8000, 8000)):
        detail = refusal(item, memory=64 * MIB)
        assert detail.startswith("needs ")
        assert detail.endswith(words)


def test_a_small_budget_is_told_in_units_that_fit() -> None:
    detail = refusal(jpeg(photo_like(600, 500)), memory=MIB)
    assert re.fullmatch(
        r"needs [\d.]+ [KM]iB of memory; a budget of 1 MiB gives one image 768 KiB", detail
    )


def test_the_window_around_a_small_picture_is_of_the_memory() -> None:
    recipe = Recipe(resize=64, crop=2048, fill=(0, 0, 0), dtype="uint8")
    pixels = photo_like(80, 64)
    for item in (jpeg(pixels), saved(pixels, "PNG"), pixels):
        with pytest.raises(DecodeError, match=r"needs 12\.\d MiB of memory; a budget of 12 MiB"):
            Preprocessor(recipe, workers=1, memory=12 * MIB)([item])
        Preprocessor(recipe, workers=1, memory=24 * MIB)([item])


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 8])
def test_memory_changes_no_pixel(workers: int, tmp_path: Path) -> None:
    """Budgets in which every image must wait for the others, and one alone fits."""
    items: list[bytes | str] = []
    for seed in range(12):
        pixels = photo_like(500 + seed, 400, seed)
        kind = ("PNG", "JPEG", "WEBP")[seed % 3]
        items.append(saved(pixels, kind))
        path = tmp_path / f"{seed}.jpg"
        path.write_bytes(jpeg(pixels, progressive=bool(seed % 2)))
        items.append(str(path))
    plain = Preprocessor(SMALL, workers=workers)(items)
    tight = Preprocessor(SMALL, workers=workers, memory=12 * MIB)
    assert_same_bytes(tight(items), plain)
    # A second team beside the first, which keeps its share.
    with tight.stream(items, 5) as stream:
        for batch in stream:
            assert_same_bytes(batch.images, plain[batch.indices])


@pytest.mark.slow
def test_two_streams_share_a_budget() -> None:
    items = [saved(photo_like(600, 400), "PNG")] * 30
    preprocessor = Preprocessor(SMALL, workers=3, memory=10 * MIB)
    counts: list[int] = []

    def consume() -> None:
        with preprocessor.stream(items, 4) as stream:
            counts.append(sum(len(batch.images) for batch in stream))

    threads = [threading.Thread(target=consume) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert counts == [30, 30, 30]


def test_wrong_limits_are_usage_errors() -> None:
    for name in ("max_pixels", "max_file_bytes", "max_scans"):
        with pytest.raises(UsageError, match=f"{name} must be 1 to"):
            Preprocessor(SMALL, **{name: 0})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"memory must be 1048576 to .* bytes, not 1000"):
        Preprocessor(SMALL, memory=1000)


def test_command_line(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "good.jpg").write_bytes(PHOTO)
    (tmp_path / "photos" / "bomb.jpg").write_bytes(claiming(PHOTO, 12000, 10000))
    arguments = ["preprocess", str(tmp_path / "photos"), str(tmp_path / "out")]
    result = CliRunner().invoke(cli, [*arguments, "--memory", "64MiB"])
    assert result.exit_code == 3
    assert "bomb.jpg: needs" in result.stderr
    result = CliRunner().invoke(cli, [*arguments, "--memory", "lots"])
    assert result.exit_code == 2
    assert "is not a size such as 512MiB" in result.stderr
    result = CliRunner().invoke(cli, [*arguments, "--max-file-bytes", "1kB"])
    assert result.exit_code == 3
    assert "is over the limit of 1000" in result.stderr

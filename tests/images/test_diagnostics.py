"""Repaired damage, rotation by EXIF, clipped values: told, and nothing else changed by them."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import assert_same_bytes, jpeg, photo_like, reference
from PIL import Image

from regcore import DecodeError, Preprocessor, Recipe, UsageError, open_store, write_report
from regcore.cli import cli
from regcore.images.diagnostics import Diagnostic
from regcore.store.ledger import Ledger

SMALL = Recipe(resize=40, crop=33)
# Damage shows at the latest at the next restart marker, and otherwise often only at the end.
PHOTO = jpeg(photo_like(300, 400), restart_marker_rows=1)
SCAN = PHOTO.index(b"\xff\xda") + 14


def damaged(part: float) -> bytes:
    """The photo with ones, which are no Huffman code, so far into its scan; libjpeg goes on."""
    place = SCAN + int(part * (len(PHOTO) - 40 - SCAN))
    return PHOTO[:place] + b"\xff\x00" * 15 + PHOTO[place + 30 :]


def exif(orientation: int, byte_order: str = "II") -> bytes:
    data = Image.Exif()
    data.endian = "<" if byte_order == "II" else ">"
    data[0x010F] = "maker"
    data[0x0112] = orientation
    return data.tobytes()


def diagnostics_of(
    items: list[bytes], preprocessor: Preprocessor | None = None
) -> dict[str, Diagnostic]:
    found: list[Diagnostic] = []
    (preprocessor or Preprocessor(SMALL, workers=2))(items, on_diagnostic=found.append)
    assert len({f.path for f in found}) == len(found)
    return {f.path: f for f in found}


@pytest.mark.parametrize("byte_order", ["II", "MM"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_told_and_ignored(orientation: int, byte_order: str) -> None:
    item = jpeg(photo_like(60, 50), exif=exif(orientation, byte_order))
    with Image.open(io.BytesIO(item)) as image:
        assert image.getexif()[0x0112] == orientation
    expected = {"item 0": Diagnostic("item 0", orientation=orientation)} if orientation > 1 else {}
    assert diagnostics_of([item]) == expected
    assert_same_bytes(Preprocessor(SMALL)([item])[0], reference(item, SMALL))


@given(st.binary(max_size=60), st.integers(0, 60), st.booleans())
def test_any_exif_bytes_are_harmless(noise: bytes, place: int, valid: bool) -> None:  # noqa: FBT001
    data = bytearray(exif(6))
    if valid:
        data[place : place + len(noise)] = noise[: max(0, len(data) - place)]
    else:
        data = bytearray(b"Exif\0\0" + noise)
    segment = b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + bytes(data)
    item = jpeg(photo_like(40, 40))
    found = diagnostics_of([item[:2] + segment + item[2:]], Preprocessor(SMALL, workers=1))
    assert all(f.orientation in range(1, 9) for f in found.values())


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_orientation_of_what_pillow_decodes(kind: str) -> None:
    file = io.BytesIO()
    Image.fromarray(photo_like(60, 50)).save(file, kind, exif=exif(6))
    item = file.getvalue()
    # Pillow turns TIFFs itself: there is nothing to tell.
    expected = {} if kind == "TIFF" else {"item 0": Diagnostic("item 0", orientation=6)}
    assert diagnostics_of([item]) == expected
    assert_same_bytes(Preprocessor(SMALL)([item])[0], reference(item, SMALL))


RANDOM = np.random.default_rng(16)
GREY_16 = RANDOM.integers(0, 1 << 16, (50, 60)).astype(np.uint16)
CLIPPED = {
    "I;16 PNG": (Image.fromarray(GREY_16), "PNG"),
    "I;16 TIFF": (Image.fromarray(GREY_16), "TIFF"),
    "I;16B TIFF": (Image.frombytes("I;16B", (60, 50), GREY_16.astype(">u2").tobytes()), "TIFF"),
    "I TIFF": (Image.fromarray(GREY_16.astype(np.int32)), "TIFF"),
    "I PGM": (Image.fromarray(GREY_16.astype(np.int32)), "PPM"),
    "F TIFF": (Image.fromarray(RANDOM.random((50, 60), np.float32)), "TIFF"),
}


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("name", CLIPPED)
def test_values_of_more_than_8_bits_are_pillows_and_told(name: str) -> None:
    item = encoded(*CLIPPED[name])
    assert diagnostics_of([item]) == {"item 0": Diagnostic("item 0", clipped=True)}
    assert_same_bytes(Preprocessor(SMALL)([item])[0], reference(item, SMALL))


@pytest.mark.parametrize("name", CLIPPED)
def test_the_same_is_told_of_an_image_of_pillow(name: str, tmp_path: Path) -> None:
    image, kind = CLIPPED[name]
    opened = Image.open(io.BytesIO(encoded(image, kind)))
    expected = Diagnostic("item 1", clipped=True, index=1)
    for item in (image, opened):
        assert diagnostics_of([photo_like(50, 60), item]) == {"item 1": expected}
        assert_same_bytes(Preprocessor(SMALL)([item]), Preprocessor(SMALL)([encoded(image, kind)]))
        with Preprocessor(SMALL).stream([PHOTO, item], 1) as stream:
            assert [batch.diagnostics for batch in stream] == [(), (expected,)]
        found: list[Diagnostic] = []
        paths = [tmp_path / "0.bin", tmp_path / "1.bin"]
        Preprocessor(SMALL).to_files([PHOTO, item], paths, on_diagnostic=found.append)
        assert found == [expected]


def test_nothing_is_told_of_8_bits() -> None:
    photo = Image.fromarray(photo_like(60, 50))
    modes = ("1", "L", "P", "RGB", "RGBA", "LA")
    assert diagnostics_of([encoded(photo.convert(mode), "PNG") for mode in modes]) == {}
    assert diagnostics_of([photo.convert(mode) for mode in modes]) == {}


def png_in_colour_of_16_bits() -> bytes:
    rows = b"".join(b"\0" + row.tobytes() for row in np.repeat(GREY_16, 3, axis=1).astype(">u2"))
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", 60, 50, 16, 2, 0, 0, 0),
        b"IDAT": zlib.compress(rows),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts.items()
    )


def test_nothing_is_told_of_16_bits_in_colour_whose_lower_halves_pillow_drops() -> None:
    item = png_in_colour_of_16_bits()
    with Image.open(io.BytesIO(item)) as image:
        assert np.array_equal(np.asarray(image)[..., 0], GREY_16 >> 8)
    assert diagnostics_of([item]) == {}


def test_damage_is_counted_as_in_a_full_decode(tmp_path: Path) -> None:
    items = [damaged(part) for part in (0.2, 0.4, 0.6)]
    region = diagnostics_of([PHOTO, *items])
    assert list(region) == ["item 1", "item 2", "item 3"]
    assert region == diagnostics_of([PHOTO, *items], Preprocessor(SMALL, full_decode=True))
    for diagnostic in region.values():
        assert diagnostic.warnings > 0
        assert diagnostic.first_warning.startswith("Corrupt JPEG data: ")
    for item, row in zip(items, Preprocessor(SMALL)(items), strict=True):
        assert_same_bytes(row, reference(item, SMALL))

    found: list[Diagnostic] = []
    paths = [tmp_path / f"{i}.bin" for i in range(4)]
    Preprocessor(SMALL).to_files([PHOTO, *items], paths, on_diagnostic=found.append)
    assert found == list(region.values())
    assert all(path.exists() for path in paths)

    with Preprocessor(SMALL).stream([PHOTO, b"no image", *items], 3, on_error="report") as stream:
        batches = [(list(b.indices), [f.path for f in b.diagnostics]) for b in stream]
    assert batches == [([0, 2], ["item 2"]), ([3, 4], ["item 3", "item 4"])]


def test_damage_behind_the_crop_is_seen() -> None:
    item = damaged(0.99)
    found = diagnostics_of([item])
    assert list(found) == ["item 0"]
    assert found == diagnostics_of([item], Preprocessor(SMALL, full_decode=True))
    assert diagnostics_of([item], Preprocessor(SMALL, on_warning="ignore")) == {}


WITHOUT_RESTARTS = jpeg(photo_like(300, 400), subsampling="4:2:0")


@pytest.mark.slow
@settings(max_examples=200)
@given(st.data(), st.sampled_from([PHOTO, WITHOUT_RESTARTS]))
def test_any_damage_is_told_as_by_a_full_decode(data: st.DataObject, photo: bytes) -> None:
    item = bytearray(photo)
    for _ in range(data.draw(st.integers(1, 3))):
        noise = data.draw(st.binary(min_size=1, max_size=20))
        place = data.draw(st.integers(SCAN, len(photo) - 3))
        item[place : place + len(noise)] = noise[: len(photo) - place]

    def outcome(*, full_decode: bool) -> tuple[bytes | str, list[Diagnostic]]:
        found: list[Diagnostic] = []
        preprocessor = Preprocessor(SMALL, workers=1, full_decode=full_decode)
        try:
            pixels = preprocessor([bytes(item)], on_diagnostic=found.append).tobytes()
        except DecodeError as error:
            return error.detail, []
        return pixels, found

    assert outcome(full_decode=False) == outcome(full_decode=True)


def test_on_warning() -> None:
    for part in (0.3, 0.99):  # also behind the crop
        with pytest.raises(DecodeError, match=r"damaged, \d+ decoder warnings.*Corrupt JPEG"):
            Preprocessor(SMALL, on_warning="fail")([damaged(part)])
    assert_same_bytes(Preprocessor(SMALL, on_warning="fail")([PHOTO])[0], reference(PHOTO, SMALL))
    rotated = jpeg(photo_like(60, 50), exif=exif(3))
    ignoring = Preprocessor(SMALL, on_warning="ignore")
    assert list(diagnostics_of([damaged(0.3), rotated], ignoring)) == ["item 1"]
    with pytest.raises(UsageError, match="on_warning is one of ignore, report, fail"):
        Preprocessor(SMALL, on_warning="explode")  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(PHOTO)
    (photos / "b.jpg").write_bytes(damaged(0.3))
    (photos / "c.jpg").write_bytes(jpeg(photo_like(60, 50), exif=exif(8)))
    (photos / "d.png").write_bytes(encoded(*CLIPPED["I;16 PNG"]))
    return photos


def kept_diagnostics(store: Path) -> list[Diagnostic]:
    return [one for batch in open_store(store).batches(2) for one in batch.diagnostics]


def test_lines_of_older_ledgers_say_nothing_of_clipping() -> None:
    line = b'["a.jpg",1,1,"a.bin",0,"0123456789abcdef",null,[0,"",6]]\n'
    (record,) = Ledger.read(io.BytesIO(line), "images.jsonl")
    assert record.diagnostic("photos") == Diagnostic("photos/a.jpg", orientation=6)


def test_preprocess_command_tells(folder: Path, tmp_path: Path) -> None:
    arguments = ["preprocess", str(folder), str(tmp_path / "out")]
    result = CliRunner().invoke(cli, [*arguments, "--json"])
    answer = json.loads(result.stdout)
    assert answer["complete"]
    assert [Path(f["path"]).name for f in answer["damaged"]] == ["b.jpg"]
    assert answer["damaged"][0]["warnings"] > 0
    assert [(Path(f["path"]).name, f["orientation"]) for f in answer["rotated"]] == [("c.jpg", 8)]
    assert [Path(f["path"]).name for f in answer["clipped"]] == ["d.png"]
    assert [Path(d.path).name for d in kept_diagnostics(tmp_path / "out") if d.clipped] == ["d.png"]
    failing = CliRunner().invoke(cli, [*arguments, "--on-warning", "fail"])
    assert failing.exit_code == 3
    assert "b.jpg: damaged" in failing.stderr


def test_run_command_tells(folder: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"{name}.jpg 1\n" for name in "abc") + "d.png 1\n")
    arguments = ["run", "simulated:9999", str(folder), "--labels", str(labels)]
    result = CliRunner().invoke(cli, [*arguments, "--out", str(tmp_path)])
    assert result.exit_code == 0, result.stderr
    assert "1 image with decoder warnings" in result.stdout
    assert "1 image by EXIF, which is ignored" in result.stdout
    assert "1 image of more than 8 bits a value, which Pillow clips" in result.stdout
    as_json = CliRunner().invoke(cli, [*arguments, "--out", str(tmp_path), "--json"])
    answer = json.loads(as_json.stdout)
    assert len(answer["damaged"]) == 1
    assert [Path(f["path"]).name for f in answer["clipped"]] == ["d.png"]
    write_report(tmp_path)
    assert "1 has more than 8 bits a value" in (tmp_path / "report.html").read_text()


def test_the_same_for_any_number_of_workers() -> None:
    rng = np.random.default_rng(3)
    items = [damaged(float(part)) for part in rng.uniform(0, 0.7, 60)]
    assert diagnostics_of(items, Preprocessor(SMALL, workers=1)) == diagnostics_of(
        items, Preprocessor(SMALL, workers=8)
    )

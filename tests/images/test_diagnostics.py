"""Damage that is repaired and rotation by EXIF: counted, told, and nothing else changed by it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import assert_same_bytes, jpeg, photo_like, reference
from PIL import Image

from regcore import DecodeError, Preprocessor, Recipe, UsageError
from regcore.cli import cli
from regcore.images.diagnostics import Diagnostic

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
    return photos


def test_preprocess_command_tells(folder: Path, tmp_path: Path) -> None:
    arguments = ["preprocess", str(folder), str(tmp_path / "out")]
    result = CliRunner().invoke(cli, [*arguments, "--json"])
    answer = json.loads(result.stdout)
    assert answer["complete"]
    assert [Path(f["path"]).name for f in answer["damaged"]] == ["b.jpg"]
    assert answer["damaged"][0]["warnings"] > 0
    assert [(Path(f["path"]).name, f["orientation"]) for f in answer["rotated"]] == [("c.jpg", 8)]
    failing = CliRunner().invoke(cli, [*arguments, "--on-warning", "fail"])
    assert failing.exit_code == 3
    assert "b.jpg: damaged" in failing.stderr


def test_run_command_tells(folder: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"{name}.jpg 1\n" for name in "abc"))
    arguments = ["run", "simulated:9999", str(folder), "--labels", str(labels)]
    result = CliRunner().invoke(cli, [*arguments, "--out", str(tmp_path)])
    assert result.exit_code == 0, result.stderr
    assert "1 image with decoder warnings" in result.stdout
    assert "1 image by EXIF, which is ignored" in result.stdout
    as_json = CliRunner().invoke(cli, [*arguments, "--out", str(tmp_path), "--json"])
    assert len(json.loads(as_json.stdout)["damaged"]) == 1


def test_the_same_for_any_number_of_workers() -> None:
    rng = np.random.default_rng(3)
    items = [damaged(float(part)) for part in rng.uniform(0, 0.7, 60)]
    assert diagnostics_of(items, Preprocessor(SMALL, workers=1)) == diagnostics_of(
        items, Preprocessor(SMALL, workers=8)
    )

"""regcore info: the lines of the guide's get_info.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from oracles import save_photos
from store_forms import PACKS, RECIPE

from regcore import Preprocessor, write_store
from regcore.cli import cli


def info(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["info", *map(str, arguments)])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_bin_lines_are_those_of_get_info(here: Path) -> None:
    (here / "prep").mkdir()
    for name in ("b_10.bin", "b_9.bin", "a.bin", "notes.txt", ".hidden.bin"):
        (here / "prep" / name).write_bytes(b"")
    result = info("bin", "./prep", "prep.info", 224, 200)
    assert (result.exit_code, result.stdout) == (0, "3 images in prep.info\n")
    assert (here / "prep.info").read_text() == (
        "0 ./prep/a.bin 224 200\n1 ./prep/b_9.bin 224 200\n2 ./prep/b_10.bin 224 200\n"
    )


def test_jpg_lines_have_the_size_of_every_file(here: Path) -> None:
    save_photos(here / "photos", 3)
    (here / "photos" / "2.JPEG").rename(here / "photos" / "x.jpg")
    assert info("jpg", "photos", "jpg.info").exit_code == 0
    assert (here / "jpg.info").read_text() == (
        "0 photos/0.JPEG 40 36\n1 photos/1.JPEG 43 41\n2 photos/x.jpg 46 46\n"
    )


def test_what_is_no_jpeg_is_left_out_and_told(here: Path) -> None:
    save_photos(here / "photos", 2)
    for name in ("x.heic", "y.jpg.1", "z", ".hidden"):
        (here / "photos" / name).write_bytes(b"")
    result = info("jpg", "photos", "jpg.info")
    assert (result.exit_code, result.stdout) == (0, "2 images in jpg.info\n")
    assert "photos: left out: 3 files that are no .jpg or .jpeg (x.heic, y.jpg.1, z)" in (
        result.stderr
    )


def test_a_store_must_have_all_its_files(here: Path) -> None:
    names = save_photos(here / "photos", 3)
    write_store(Preprocessor(RECIPE), "photos", names, "out")
    assert info("bin", "out", "x.info", 24, 24).exit_code == 0
    (here / "out" / "1.bin").unlink()
    result = info("bin", "out", "x.info", 24, 24)
    assert result.exit_code == 3
    assert "out/1.bin: missing" in result.stderr
    (here / "out" / "manifest.json").rename(here / "out" / "images.jsonl.part")
    assert info("bin", "out", "x.info", 24, 24).exit_code == 3
    write_store(Preprocessor(RECIPE), "photos", names, "packs", PACKS)
    assert info("bin", "packs", "x.info", 24, 24).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("bin", "empty", "x.info", 224, 224), 3, "no .bin files"),
        (("jpg", "empty", "x.info"), 3, "no .jpg or .jpeg files"),
        (("bin", "empty", "x.info"), 2, "needs WIDTH and HEIGHT"),
        (("jpg", "empty", "x.info", 224, 224), 2, "reads width and height"),
        (("jpg", "bad", "x.info"), 3, "bad/x.jpg: "),
        (("bin", "spaces", "x.info", 1, 1), 3, "white space"),
        (("png", "bad", "x.info"), 2, "'png' is not one of"),
    ],
)
def test_refusals(here: Path, arguments: tuple[object, ...], code: int, words: str) -> None:
    for folder, name in (("bad", "x.jpg"), ("spaces", "a b.bin"), ("empty", "notes.txt")):
        (here / folder).mkdir()
        (here / folder / name).write_bytes(b"no picture")
    result = info(*arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert not (here / "x.info").exists()


def test_nothing_but_an_info_file_is_replaced(here: Path) -> None:
    names = save_photos(here / "photos", 2)
    write_store(Preprocessor(RECIPE), "photos", names, "out")
    (here / "notes.info").write_text("mine\n")
    (here / "link.info").symlink_to(here / "out" / "0.bin")
    photo = (here / "photos" / "0.JPEG").read_bytes()
    values = (here / "out" / "0.bin").read_bytes()
    for force in ((), ("--force",)):
        for target in ("out/0.bin", "out/manifest.json", "link.info"):
            result = info("bin", "out", target, 24, 24, *force)
            assert (result.exit_code, "over the input" in result.stderr) == (2, True), target
        assert info("jpg", "photos", "photos/0.JPEG", *force).exit_code == 2
        result = info("bin", "out", "/dev/null", 24, 24, *force)
        assert (result.exit_code, "a device" in result.stderr) == (4, True)
    assert Path("/dev/null").is_char_device()
    assert (here / "out" / "0.bin").read_bytes() == values
    assert (here / "photos" / "0.JPEG").read_bytes() == photo
    result = info("bin", "out", "notes.info", 24, 24)
    assert (result.exit_code, "--force" in result.stderr) == (2, True)
    assert (here / "notes.info").read_text() == "mine\n"
    for options in (("--force",), ()):  # then it is one of ours
        assert info("bin", "out", "notes.info", 24, 24, *options).exit_code == 0


def test_a_store_without_images_has_no_info_file(here: Path) -> None:
    write_store(Preprocessor(RECIPE), here, [], "out")
    result = info("bin", "out", "x.info", 24, 24)
    assert (result.exit_code, (here / "x.info").exists()) == (3, False)
    assert "no images" in result.stderr


def test_leftovers_of_a_killed_command_go(here: Path) -> None:
    save_photos(here / "photos", 1)
    left, other = here / ".regcore-0123456789abcdef.tmp", here / ".mine.tmp"
    left.write_bytes(b"of a killed command")
    other.write_bytes(b"of another program")
    assert info("jpg", "photos", "x.info").exit_code == 0
    assert (left.exists(), other.exists()) == (False, True)

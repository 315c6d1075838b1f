"""regcore preprocess and regcore verify: options, words and exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from oracles import assert_same_bytes, reference, save_photos

from regcore import Preprocessor, Recipe, open_store
from regcore.api.recipe_choice import GUIDES_RECIPE

STORE_FILES = ["images.jsonl", "manifest.json"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    save_photos(tmp_path / "photos", 9)
    return tmp_path / "photos"


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_it_writes_the_bare_arrays(photos: Path, tmp_path: Path) -> None:
    (photos / "more").mkdir()
    (photos / "0.JPEG").rename(photos / "more" / "x.y.z.JPEG")
    out = tmp_path / "out"
    result = regcore("preprocess", photos, out, "--workers", 2)
    assert result.exit_code == 0, result.output
    assert "9 images in" in result.stdout
    assert "images/s" in result.stdout
    assert names(out) == sorted(["x.bin", *(f"{i}.bin" for i in range(1, 9)), *STORE_FILES])
    expected = Preprocessor(Recipe.preset("regnety_016"))([photos / "more" / "x.y.z.JPEG"])
    assert (out / "x.bin").read_bytes() == expected.tobytes()

    result = regcore("preprocess", photos, out)
    assert result.exit_code == 0
    assert "9 kept and verified" in result.stdout


def test_another_dtype_and_layout(photos: Path, tmp_path: Path) -> None:
    options = ("--dtype", "uint8", "--layout", "nhwc", "--json")
    result = regcore("preprocess", photos / "1.JPEG", tmp_path / "out", *options)
    answer = json.loads(result.stdout)
    assert (answer["images"], answer["dtype"], answer["shape"]) == (1, "uint8", [224, 224, 3])
    assert answer["bytes_written"] == 224 * 224 * 3
    recipe = Recipe(dtype="uint8", layout="nhwc")
    pixels = np.fromfile(tmp_path / "out" / "1.bin", np.uint8).reshape(224, 224, 3)
    assert_same_bytes(pixels, reference(str(photos / "1.JPEG"), recipe))


def test_packs(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--pack", 2, "--pad", "--pack-bytes", "600KiB", "--dtype", "uint8")
    result = regcore("preprocess", photos, out, *options)
    assert result.exit_code == 0, result.output
    assert names(out) == sorted([f"pack-0000{i}.bin" for i in range(3)] + STORE_FILES)
    store = open_store(out)
    assert [len(pack) for pack in store.packs] == [4, 4, 1]
    assert store.names == tuple(f"{i}.JPEG" for i in range(9))


def test_what_failed_is_named(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (photos / "3.JPEG").write_bytes(b"")
    (photos / "5.JPEG").write_bytes(b"\xff\xd8 broken")
    (out / "5.bin").write_bytes(b"of another program")
    result = regcore("preprocess", photos, out)
    assert result.exit_code == 2
    assert "1 .bin file that no store here has made, the first is 5.bin" in result.stderr
    assert names(out) == ["5.bin"]
    result = regcore("preprocess", photos, out, "--force")
    assert result.exit_code == 3
    assert "INCOMPLETE: 7 of 9 images" in result.stdout
    assert f"{photos / '3.JPEG'}: " in result.stderr
    assert f"{photos / '5.JPEG'}: " in result.stderr
    assert names(out) == sorted([f"{i}.bin" for i in (0, 1, 2, 4, 6, 7, 8)] + STORE_FILES)
    result = regcore("preprocess", photos, out, "--json")
    assert result.exit_code == 3
    answer = json.loads(result.stdout)
    assert (answer["complete"], answer["kept"], answer["written"]) == (False, 7, 0)
    failed = [str(photos / name) for name in ("3.JPEG", "5.JPEG")]
    assert [image["path"] for image in answer["failed"]] == failed


@pytest.mark.parametrize("options", [("--on-error", "fail"), ("--max-bad", 1)])
def test_bad_images_can_stop_it(photos: Path, tmp_path: Path, options: tuple[object, ...]) -> None:
    for name in ("3.JPEG", "5.JPEG"):
        (photos / name).write_bytes(b"")
    result = regcore("preprocess", photos, tmp_path / "out", *options)
    assert result.exit_code == 3
    assert "stopped at" in result.stderr
    assert "3.JPEG" in result.stderr
    assert result.stdout == ""


def test_equal_names_are_refused_before_any_work(photos: Path, tmp_path: Path) -> None:
    (photos / "more").mkdir()
    (photos / "8.JPEG").rename(photos / "more" / "1.b.png")
    result = regcore("preprocess", photos, tmp_path / "out")
    assert result.exit_code == 2
    assert "1.JPEG and more/1.b.png would both become 1.bin" in result.stderr
    assert not (tmp_path / "out").exists()
    assert regcore("preprocess", photos, tmp_path / "out", "--keep-folders").exit_code == 0
    assert "more/1.bin" in names(tmp_path / "out")


@pytest.mark.parametrize("separator", ["\n", "\0"])
def test_a_list_says_which_images_and_in_which_order(
    photos: Path, tmp_path: Path, separator: str
) -> None:
    (photos / "a\nb.JPEG").write_bytes((photos / "0.JPEG").read_bytes())
    listed = ["7.JPEG", str(photos / "2.JPEG"), "4.JPEG"]
    if separator == "\0":
        listed.append("a\nb.JPEG")
    (tmp_path / "list.txt").write_text("".join(name + separator for name in listed))
    out = tmp_path / "out"
    command = ("preprocess", photos, out, "--pack", 4, "--list", tmp_path / "list.txt")
    assert regcore(*command).exit_code == 0
    expected = ("7.JPEG", "2.JPEG", *listed[2:])
    assert open_store(out).names == expected
    assert regcore(*command, "--limit", 2, "--force").exit_code == 0
    assert open_store(out).names == expected[:2]


def test_lists_of_other_systems(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_bytes(
        b"\xef\xbb\xbf7.JPEG\r\n" + f"{photos.absolute()}/2.JPEG\r\n  \r\n".encode()
    )
    source = os.path.relpath(photos)
    out = tmp_path / "out"
    assert regcore("preprocess", source, out, "--list", "list.txt").exit_code == 0
    assert open_store(out).names == ("7.JPEG", "2.JPEG")


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("", 3, "lists no images"),
        ("/etc/passwd\n", 3, "does not lie below"),
        ("../x.JPEG\n", 3, "may lead out"),
        ("1.JPEG\n1.JPEG\n", 2, "1.JPEG is listed 2 times"),
        ("absent.JPEG\n", 3, "absent.JPEG: cannot open"),
    ],
)
def test_lists_that_are_wrong(
    photos: Path, tmp_path: Path, content: str, code: int, words: str
) -> None:
    (tmp_path / "list.txt").write_text(content)
    result = regcore("preprocess", photos, tmp_path / "out", "--list", tmp_path / "list.txt")
    assert result.exit_code == code
    assert words in result.stderr


def test_the_help_says_which_recipe_is_the_default() -> None:
    """There need be no model that says one."""
    told = " ".join(regcore("preprocess", "--help").stdout.split())
    assert f"[default: that of --for MODEL; without it {GUIDES_RECIPE}, which is told]" in told
    assert "the model itself" not in told
    assert "[default: what the model itself says]" in " ".join(
        regcore("run", "--help").stdout.split()
    )


def test_a_dry_run_does_nothing(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("preprocess", photos, tmp_path / "out", "--dry-run")
    result = regcore(*command)
    assert result.exit_code == 0
    assert "9 images would fill 5.2 MiB" in result.stdout
    assert json.loads(regcore(*command, "--json").stdout)["bytes"] == 9 * 4 * 3 * 224 * 224
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 5 << 20}))
    result = regcore(*command)
    assert result.exit_code == 4
    assert "needs 5.2 MiB, but the disk has 5 MiB left" in result.stderr
    assert regcore("preprocess", photos, tmp_path / "new" / "out").exit_code == 4
    assert not (tmp_path / "new").exists()
    (tmp_path / "out").mkdir()
    assert regcore(*command[:3]).exit_code == 4
    assert (tmp_path / "out").is_dir()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--pad",), "--pad needs --pack"),
        (("--pack", 4, "--keep-folders"), "for single files"),
        (("--pack-bytes", "much"), "not a size such as"),
        (("--pack", 0), "must be at least 1, not 0"),
    ],
)
def test_contradictions_are_refused(
    photos: Path, tmp_path: Path, options: tuple[object, ...], words: str
) -> None:
    result = regcore("preprocess", photos, tmp_path / "out", *options)
    assert result.exit_code == 2
    assert words in result.stderr


def test_another_recipe_in_the_same_folder_is_a_mismatch(photos: Path, tmp_path: Path) -> None:
    assert regcore("preprocess", photos, tmp_path / "out").exit_code == 0
    result = regcore("preprocess", photos, tmp_path / "out", "--dtype", "uint8")
    assert result.exit_code == 5
    assert "dtype float32 there, uint8 here" in result.stderr
    assert (
        regcore("preprocess", photos, tmp_path / "out", "--dtype", "uint8", "--force").exit_code
        == 0
    )
    assert (tmp_path / "out" / "1.bin").stat().st_size == 3 * 224 * 224


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_what_the_same_command_continues(
    photos: Path, tmp_path: Path, stop: signal.Signals
) -> None:
    for i in range(9, 600):
        (photos / f"{i}.JPEG").hardlink_to(photos / f"{i % 9}.JPEG")
    out = tmp_path / "out"
    command = ["preprocess", photos, out, "--pack", 16, "--pack-bytes", "3MB", "--dtype", "uint8"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from regcore.__main__ import main; main()", *map(str, command)],
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(out.glob("pack-*")) and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(stop)
    assert "interrupted" in process.communicate()[1]
    assert process.returncode == 128 + stop
    assert not (out / "manifest.json").exists()
    assert not list(out.glob(".*"))
    result = regcore(*command, "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["kept"] > 0
    assert answer["kept"] + answer["written"] == 600


def test_verify(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert regcore("verify", out).exit_code == 2
    regcore("preprocess", photos, out, "--dtype", "uint8")
    result = regcore("verify", out)
    assert (result.exit_code, result.stdout) == (0, "9 of 9 images compared: 0 differ\n")
    result = regcore("verify", out, "--sample", "30%", "--json")
    assert json.loads(result.stdout)["compared"] == 3
    values = bytearray((out / "4.bin").read_bytes())
    values[0] ^= 1
    (out / "4.bin").write_bytes(values)
    result = regcore("verify", out)
    assert result.exit_code == 5
    assert "4.JPEG: stored values differ" in result.stderr
    (out / "4.bin").write_bytes(Preprocessor(open_store(out).recipe)([photos / "4.JPEG"]).tobytes())
    (photos / "2.JPEG").unlink()
    result = regcore("verify", out)
    assert result.exit_code == 3
    assert "2.JPEG" in result.stderr
    for share in ("0", "2", "x%", "101%"):
        assert regcore("verify", out, "--sample", share).exit_code == 2


def test_a_file_name_cannot_write_to_the_terminal(photos: Path, tmp_path: Path) -> None:
    (photos / "\x1b]0;owned\x07\udcff.JPEG").write_bytes(b"no picture")
    result = regcore("preprocess", photos, tmp_path / "out")
    assert result.exit_code == 3
    assert r"\x1b]0;owned\x07\udcff.JPEG: " in result.stderr
    assert "\x1b" not in result.output

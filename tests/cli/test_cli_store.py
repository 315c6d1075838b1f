"""What preprocess and verify say of a store, and with which exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import regcore
from oracles import save_photos

from regcore import Recipe, open_store
from regcore.store.journal import JOURNAL


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    save_photos(tmp_path / "photos", 5)
    return tmp_path / "photos"


def test_the_guides_recipe_is_named_first(photos: Path, tmp_path: Path) -> None:
    identity = Recipe.preset("regnety_016").identity
    result = regcore("preprocess", photos, tmp_path / "out")
    first = result.stderr.splitlines()[0]
    assert f"by the recipe regnety_016 ({identity}), the guide's" in first
    assert f"recipe regnety_016 ({identity})" in result.stdout
    assert open_store(tmp_path / "out").manifest.description.recipe_chosen is False
    result = regcore("preprocess", photos, tmp_path / "out", "--recipe", "regnety_016")
    assert result.stderr == ""
    assert f"recipe regnety_016 ({identity})" in result.stdout
    assert open_store(tmp_path / "out").manifest.description.recipe_chosen is True
    regcore("preprocess", photos, tmp_path / "out")  # which takes nothing back
    assert open_store(tmp_path / "out").manifest.description.recipe_chosen is True


def test_a_manifest_of_an_earlier_version_does_not_tell(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    regcore("preprocess", photos, out)
    fields = json.loads((out / "manifest.json").read_text())
    del fields["recipe_chosen"]
    text = json.dumps(fields, indent=2) + "\n"
    (out / "manifest.json").write_text(text)
    assert open_store(out).manifest.description.recipe_chosen is None
    assert regcore("preprocess", photos, out).exit_code == 0
    assert (out / "manifest.json").read_text() == text


def test_what_is_left_out_is_said_once(photos: Path, tmp_path: Path) -> None:
    for name in ("a.heic", "b.jpg.1", "c", "labels.txt"):
        (photos / name).write_bytes(b"x")
    for options in ((), ("--dry-run",)):
        result = regcore("preprocess", photos, tmp_path / "out", *options)
        assert result.exit_code == 0
        lines = [line for line in result.stderr.splitlines() if "left out" in line]
        assert len(lines) == 1
        assert "3 of a kind that is not read (a.heic, b.jpg.1, c)" in lines[0]
        assert "1 text, hidden or system files (labels.txt)" in lines[0]


def test_a_link_in_a_circle_is_named_and_the_rest_is_done(photos: Path, tmp_path: Path) -> None:
    (photos / "x").symlink_to("x")
    out = tmp_path / "out"
    result = regcore("preprocess", photos, out, "--json")
    assert result.exit_code == 3
    assert f"{photos / 'x'}: a link that leads nowhere: Too many levels" in result.stderr
    answer = json.loads(result.stdout)
    assert (answer["complete"], answer["images"], answer["expected_images"]) == (False, 5, 6)
    assert [image["path"] for image in answer["failed"]] == [str(photos / "x")]
    assert len(open_store(out)) == 5
    assert regcore("preprocess", photos, tmp_path / "o", "--max-bad", 1).exit_code == 3
    assert "complete" not in regcore("preprocess", photos, out, "--on-error", "fail").stdout
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        (("img.001.JPEG", "img.002.JPEG"), "or put the images into packs (--pack)"),
        (("a.JPEG", "a.png"), "or put the images into packs (--pack)"),
        (("x/a.JPEG", "y/a.JPEG"), "or keep their folders (--keep-folders)"),
    ],
)
def test_advice_that_helps(
    photos: Path, tmp_path: Path, names: tuple[str, str], advice: str
) -> None:
    for number, name in enumerate(names):
        (photos / name).parent.mkdir(exist_ok=True)
        (photos / f"{number}.JPEG").rename(photos / name)
    result = regcore("preprocess", photos, tmp_path / "out")
    assert (result.exit_code, advice in result.stderr) == (2, True)
    option = ("--keep-folders",) if "keep" in advice else ("--pack", 4)
    assert regcore("preprocess", photos, tmp_path / "out", *option).exit_code == 0


def test_the_photos_own_folder_is_refused(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(photos)
    for source, out in ((photos, tmp_path / "link"), (photos / "1.JPEG", photos)):
        result = regcore("preprocess", source, out)
        assert (result.exit_code, "OUT is the folder of SRC" in result.stderr) == (2, True)
    assert len(list(photos.iterdir())) == 5


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_says_what_is_done_and_loses_nothing(
    photos: Path, tmp_path: Path, stop: signal.Signals
) -> None:
    for i in range(5, 3000):
        (photos / f"{i}.JPEG").hardlink_to(photos / f"{i % 5}.JPEG")
    out = tmp_path / "out"
    command = ["preprocess", str(photos), str(out), "--dtype", "uint8", "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from regcore.__main__ import main; main()", *command],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    while len(list(out.glob("*.bin"))) < 20 and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(stop)
    stderr = process.communicate()[1]
    assert process.returncode == 128 + stop, stderr
    files = len(list(out.glob("*.bin")))
    assert f"interrupted: {files} of 3000 images are in {out} (0 kept, {files} written)" in stderr
    assert "the same command goes on" in stderr
    assert (out / JOURNAL).read_bytes().count(b"\n") == files + 1
    answer = json.loads(regcore(*command, "--json").stdout)
    assert (answer["kept"], answer["written"]) == (files, 3000 - files)


def test_verify_tells_gone_from_changed_from_touched(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    regcore("preprocess", photos, out, "--dtype", "uint8")
    os.utime(photos / "0.JPEG", (1, 1))
    result = regcore("verify", out)
    assert (result.exit_code, result.stdout) == (0, "5 of 5 images compared: 0 differ\n")
    assert open_store(out).recipe.identity in result.stderr
    (photos / "1.JPEG").unlink()
    (photos / "2.JPEG").write_bytes((photos / "3.JPEG").read_bytes())
    result = regcore("verify", out, "--json")
    answer = json.loads(result.stdout)
    assert (answer["gone"], answer["changed"]) == (["1.JPEG"], ["2.JPEG"])
    assert (answer["failed"], answer["differing"]) == ([], ["2.JPEG"])
    assert "1.JPEG: the source is gone" in result.stderr
    assert "2.JPEG: the source has changed since" in result.stderr
    assert result.exit_code == 5
    (out / "3.bin").unlink()
    answer = json.loads(regcore("verify", out, "--json").stdout)
    assert [image["path"] for image in answer["failed"]] == ["3.JPEG"]


@pytest.mark.parametrize("option", [(), ("--ledger",)])
def test_nothing_compared_is_no_success(
    photos: Path, tmp_path: Path, option: tuple[str, ...]
) -> None:
    for path in photos.iterdir():
        path.write_bytes(b"no picture")
    out = tmp_path / "out"
    assert regcore("preprocess", photos, out).exit_code == 3
    result = regcore("verify", out, *option)
    assert (result.exit_code, "NOTHING was compared" in result.stderr) == (3, True)
    assert "5 of 5 listed images have no values" in result.stderr
    assert regcore("verify", photos, *option).exit_code == 3
    assert regcore("info", "bin", out, tmp_path / "x.info", 224, 224).exit_code == 3


def test_an_interrupted_verify_says_how_far_it_came(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    regcore("preprocess", photos, out)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("regcore.store.verify.checksum", interrupt)
    result = regcore("verify", out)
    assert result.exit_code == 130
    assert "interrupted: 0 of 5 images were looked at" in result.stderr

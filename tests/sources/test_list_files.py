"""Text files that list images: as other systems write them, and each image once."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import regcore
from kept_photos import some_photos, write_tar

from regcore import DatasetError, UsageError
from regcore.sources.spelling import open_source

PHOTOS = some_photos(3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content, _ in PHOTOS:
        path = tmp_path / "n01440764" / Path(name).name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def test_a_mark_and_carriage_returns_are_no_part_of_a_name(folder: Path) -> None:
    (folder / "all.lst").write_bytes(
        b"\xef\xbb\xbfn01440764/001.JPEG\r\n\r\nn01440764/000.JPEG\r\n"
    )
    with open_source(folder / "all.lst") as source:
        assert list(source.names) == ["001.JPEG", "000.JPEG"]
        assert (source.versions() >= 0).all()


def test_paths_of_the_current_folder_are_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The paths of a list are from its own folder on, those of --list from that of the images."""
    monkeypatch.chdir(folder)
    Path("lists").mkdir()
    Path("lists/all.lst").write_text("n01440764/000.JPEG\n")
    words = rf"lists/all\.lst: n01440764/000\.JPEG .* its own folder, {tmp_path}/lists; write"
    with pytest.raises(DatasetError, match=words):
        open_source("lists/all.lst")
    result = regcore("preprocess", "n01440764", "out", "--list", "lists/all.lst")
    assert result.exit_code == 3
    assert result.stderr.endswith("but the paths of --list begin at n01440764; write 000.JPEG\n")
    Path("lists/all.lst").write_text("000.JPEG\n")
    result = regcore("preprocess", "n01440764", "out", "--list", "lists/all.lst")
    assert result.exit_code == 0


def test_no_image_counts_twice(folder: Path) -> None:
    names = ["n01440764/000.JPEG", "n01440764/001.JPEG", "./n01440764/000.JPEG"]
    (folder / "all.lst").write_text("\n".join(names))
    with pytest.raises(UsageError, match=r"all\.lst: 000\.JPEG is named 2 times"):
        open_source(folder / "all.lst")
    twice = f"{folder}/n0144076{{4,4}}/002.JPEG"
    result = regcore("run", "simulated:1000", twice, "--out", folder / "out")
    assert result.exit_code == 2
    assert result.stderr == f"regcore: {twice}: 002.JPEG is named 2 times\n"
    result = regcore("run", "simulated:1000", f"{folder}/n01440764/00{{1,*}}.JPEG")
    assert (result.exit_code, "001.JPEG is named 2 times" in result.stderr) == (2, True)


def test_a_list_of_which_no_archive_has_an_image_says_so(tmp_path: Path) -> None:
    write_tar(tmp_path / "s.tar", PHOTOS)
    (tmp_path / "bare.txt").write_text(PHOTOS[0][0])
    result = regcore("run", "simulated:1000", tmp_path / "s.tar", "--list", tmp_path / "bare.txt")
    assert result.exit_code == 3
    assert f"{PHOTOS[0][0]}: no image in an archive is called so, but s.tar::PATH" in result.stderr

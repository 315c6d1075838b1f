"""Listing images: order, links, what is left out, and every way to be wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regcore import DatasetError
from regcore.files.names import image_key, natural_key
from regcore.images.listing import list_images, listing


def touch(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return [folder / name for name in names]


def test_natural_order_by_folder(tmp_path: Path) -> None:
    names = ["a/2.jpg", "a/10.jpg", "a-b/1.jpg", "img1.png", "img01.png", "img2.PNG", "img10.JPEG"]
    touch(tmp_path, *reversed(names))
    listed = [path.relative_to(tmp_path).as_posix() for path in list_images(tmp_path)]
    expected = ["a/2.jpg", "a/10.jpg", "a-b/1.jpg"]
    assert listed == [*expected, "img01.png", "img1.png", "img2.PNG", "img10.JPEG"]


@given(st.lists(st.text(alphabet="ab01/.\uff12", min_size=1), unique_by=Path))
def test_natural_order_is_total(names: list[str]) -> None:
    backwards = names[::-1]
    assert sorted(names, key=natural_key) == sorted(backwards, key=natural_key)


def test_only_visible_images_are_listed(tmp_path: Path) -> None:
    touch(tmp_path, "x.jpg", "x.txt", "._x.jpg", ".hidden/y.jpg", "jpg", "a.b.Tiff", "z.webp")
    assert [path.name for path in list_images(tmp_path)] == ["a.b.Tiff", "x.jpg", "z.webp"]


def test_a_single_file_needs_no_suffix(tmp_path: Path) -> None:
    (path,) = touch(tmp_path, "photo")
    assert list_images(path) == (path,)


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    touch(tmp_path, "root/1.jpg", "elsewhere/2.jpg")
    (tmp_path / "root" / "up").symlink_to(tmp_path / "root")
    (tmp_path / "root" / "other").symlink_to(tmp_path / "elsewhere")
    names = [path.relative_to(tmp_path).as_posix() for path in list_images(tmp_path / "root")]
    assert names == ["root/1.jpg", "root/other/2.jpg"]


def test_a_link_in_a_circle_is_one_broken_entry(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg", "notes.txt")
    for name in ("loop", "loop.jpg", "loop.txt"):
        (tmp_path / name).symlink_to(tmp_path / name)
    (tmp_path / "gone").symlink_to(tmp_path / "an unmounted disk")
    found = listing(tmp_path)
    assert found.names == ["1.jpg", "loop.jpg"]  # loop.jpg shows when it is read
    assert [error.path for error in found.broken] == [str(tmp_path / n) for n in ("gone", "loop")]
    assert "Too many levels of symbolic links" in str(found.broken[1])
    assert "No such file" in str(found.broken[0])


def test_two_folders_linked_into_each_other_are_listed_once(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "b/2.jpg")
    (tmp_path / "a" / "x").symlink_to("../b")
    (tmp_path / "b" / "y").symlink_to("../a")
    found = listing(tmp_path)
    assert found.names == ["a/1.jpg", "b/2.jpg"]
    assert found.left_out() == "2 links to folders that are listed already (a/x, b/y)"


def test_no_folder_outside_is_visited_twice(tmp_path: Path) -> None:
    touch(tmp_path, "root/1.jpg", "disk/in/2.jpg", "root/.cache/3.jpg")
    for name, target in (("d1", "disk/in"), ("d2", "disk"), ("c", "root/.cache"), ("up", ".")):
        (tmp_path / "root" / name).symlink_to(tmp_path / target)
    (tmp_path / "disk" / "back").symlink_to(tmp_path / "root")
    found = listing(tmp_path / "root")
    assert found.names == ["1.jpg", "c/3.jpg", "d1/2.jpg"]
    assert found.linked.first == ["d2/back", "d2/in", "up"]


def test_a_folder_that_may_not_be_read_is_a_broken_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "a/1.jpg", "b/2.jpg")
    scan = os.scandir

    def refuse(path: Path) -> object:  # root may read everything
        if path == tmp_path / "a":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr("os.scandir", refuse)
    found = listing(tmp_path)
    assert found.names == ["b/2.jpg"]
    assert [str(error) for error in found.broken] == [f"{tmp_path / 'a'}: Permission denied"]


@pytest.mark.slow
def test_folders_deeper_than_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for depth in range(1, 1201):
        Path("d/" * depth).mkdir()
    image = Path("d/" * 1200, "1.jpg")
    image.touch()
    try:
        assert listing(".").names == [str(image)]
    finally:  # what deletes the folder of the test would go down by calls
        image.unlink()
        os.removedirs(image.parent)


def test_what_is_left_out_is_counted_and_named(tmp_path: Path) -> None:
    taken = ["1.pgm", "2.PNM", "3.ppm"]
    unknown = ["a.heic", "b.jpg.1", "c", "d.mpo", "e.pbm"]
    touch(tmp_path, *taken, *unknown, "labels.txt", ".DS_Store", "README", "x/.git/config")
    found = listing(tmp_path)
    assert found.names == taken
    assert found.left_out() == (
        "5 of a kind that is not read (a.heic, b.jpg.1, c, ...); "
        "4 text, hidden or system files (.DS_Store, README, labels.txt, ...)"
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "is a FIFO, where a folder"),
        (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
        (lambda path: touch(path, "a.heic"), r"no images in this folder .* left out: 1 .*a\.heic"),
        (lambda path: (path.mkdir(), (path / "x").symlink_to("x")), "no image can be reached"),
    ],
)
def test_a_source_that_is_none(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    make(tmp_path / "source")
    with pytest.raises(DatasetError, match=words):
        listing(tmp_path / "source")


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_a_folder_without_images(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=name) as caught:
        list_images(tmp_path / name)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("name", "expected"), [("d.x/a.b.JPEG", "a"), ("a.jpg", "a"), ("a", "a"), ("a b.png", "a b")]
)
def test_stem(name: str, expected: str) -> None:
    assert image_key(name) == expected

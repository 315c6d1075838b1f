"""Listing images and matching labels: order, forms of the label file, and every way to be wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regcore import DatasetError
from regcore.files.names import image_key, natural_key
from regcore.images.labels import label_images, read_labels
from regcore.images.listing import list_images, listing


def touch(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return [folder / name for name in names]


def label_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "val_label.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


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


@pytest.mark.parametrize(
    "content",
    [
        "a.JPEG 65\nb.JPEG 970",
        "a.JPEG\t65\r\n\r\n  b.JPEG   970 \r\n",
        b"\xef\xbb\xbfa.JPEG 65\nb.JPEG 0970\n\n",
        "a.JPEG 65\nb.JPEG 970\na.JPEG 65\n",
    ],
)
def test_read_labels(tmp_path: Path, content: str | bytes) -> None:
    assert read_labels(label_file(tmp_path, content)) == {"a.JPEG": 65, "b.JPEG": 970}


@pytest.mark.parametrize(
    "line", ['"my photo.JPEG" 65', "my photo.JPEG\t65", "my photo.JPEG \t 65\r"]
)
def test_a_name_with_white_space(tmp_path: Path, line: str) -> None:
    assert read_labels(label_file(tmp_path, f"a 1\n{line}\n")) == {"a": 1, "my photo.JPEG": 65}


@pytest.mark.parametrize(
    "line",
    [
        "b",
        "b c 1",
        "b\tc\t1",
        '"b c 1',
        "b\0 1",
        "b 1 2",
        "b x",
        "b 1.0",
        "b 1_0",
        "b -1",
        "b 99999999999",
        "a 2",
        "b \u0661",
        f"b {'9' * 5000}",
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = label_file(tmp_path, f"a 1\n\n{line}\n")
    with pytest.raises(DatasetError) as caught:
        read_labels(path)
    assert f"{path}, line 3: {line!r}" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n \n", b"a 1\n\xff 2\n"])
def test_not_a_label_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DatasetError, match=r"val_label\.txt"):
        read_labels(label_file(tmp_path, content))


def test_label_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        read_labels(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["d/a.b.JPEG", "./d/a.b.JPEG", "a.b.JPEG", "a", "a.png", "d/a.x"])
def test_label_by_path_by_name_by_stem(tmp_path: Path, name: str) -> None:
    paths = touch(tmp_path, "d/a.b.JPEG")
    found = label_images(paths, tmp_path, {"other": 3, name: 7})
    assert found.paths == tuple(paths)
    assert found.labels.tolist() == [7]
    assert found.missing == ("other",)


def test_the_path_tells_equal_names_apart(tmp_path: Path) -> None:
    paths = touch(tmp_path, "x/1.jpg", "y/1.jpg")
    assert label_images(paths, tmp_path, {"y/1.jpg": 2, "x/1.jpg": 1}).labels.tolist() == [1, 2]


def test_labels_below_a_folder_that_is_not_part_of_the_list(tmp_path: Path) -> None:
    paths = touch(tmp_path, "val/1.jpg")
    assert label_images(paths, tmp_path / "val", {"val/1.jpg": 5}).labels.tolist() == [5]
    with pytest.raises(DatasetError, match="no label"):
        label_images(paths, tmp_path / "val", {"train/1.jpg": 5})


def test_images_without_a_label_are_counted_and_named(tmp_path: Path) -> None:
    paths = touch(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    with pytest.raises(DatasetError, match=r"2 of 3 images have no label.*2\.jpg"):
        label_images(paths, tmp_path, {"1.jpg": 0})


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["a.jpg", "a.png"], {"a": 1}),
        (["x/a.jpg", "y/a.jpg"], {"a.jpg": 1}),
        (["a.jpg"], {"a.png": 1, "a.webp": 2}),
    ],
)
def test_ambiguous_names(tmp_path: Path, names: list[str], labels: dict[str, int]) -> None:
    with pytest.raises(DatasetError, match=r"fits? "):
        label_images(touch(tmp_path, *names), tmp_path, labels)


def test_two_hundred_photos(shared_data: Path) -> None:
    root = shared_data / "imagenet-200"
    found = label_images(
        list_images(root), root, read_labels(shared_data / "imagenet-200.label.txt")
    )
    assert len(found.paths) == 200
    assert found.missing == ()
    assert found.labels[:3].tolist() == [2, 7, 12]


def test_the_official_labels(shared_data: Path) -> None:
    labels = read_labels(shared_data / "imagenet_val_label.txt")
    assert len(labels) == 50_000
    assert list(labels.values())[:5] == [65, 970, 230, 809, 516]

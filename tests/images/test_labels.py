"""Which label belongs to which image: by names, by class folders, and where two contradict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from label_forms import (
    IDS,
    devkit,
    shuffled_order,
    timm_info,
    wordnet_folders,
    write,
)

from regcore import DatasetError, UsageError
from regcore.errors import LabelError
from regcore.frameworks import import_timm, import_torchvision
from regcore.images.label_agreement import check_class_order
from regcore.images.label_matching import NO_LABEL, match_labels
from regcore.images.labels import LabelledImages, label_images
from regcore.images.listing import listing


def match(
    names: Sequence[str], root: Path, labels: Mapping[str, int]
) -> tuple[list[int], tuple[str, ...]]:
    found, missing = match_labels(names, labels, root)
    return found.tolist(), missing


@pytest.mark.parametrize("name", ["d/a.b.JPEG", "./d/a.b.JPEG", "a.b.JPEG", "a", "a.png", "d/a.x"])
def test_label_by_path_by_name_by_stem(tmp_path: Path, name: str) -> None:
    paths = ["d/a.b.JPEG"]
    labels, missing = match(paths, tmp_path, {"other": 3, name: 7})
    assert labels == [7]
    assert missing == ("other",)


def test_the_path_tells_equal_names_apart(tmp_path: Path) -> None:
    paths = ["x/1.jpg", "y/1.jpg"]
    assert match(paths, tmp_path, {"y/1.jpg": 2, "x/1.jpg": 1})[0] == [1, 2]


def test_labels_below_a_folder_that_is_not_part_of_the_list(tmp_path: Path) -> None:
    paths = ["1.jpg"]
    assert match(paths, tmp_path / "val", {"val/1": 5})[0] == [5]
    assert match(paths, tmp_path / "val", {"train/1": 5})[0] == [NO_LABEL]


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
        match_labels(names, labels, tmp_path)


def test_spellings_of_one_path(tmp_path: Path) -> None:
    same = {"./1.jpg": 5, "1.jpg": 5, "a//2.jpg": 6}
    assert match(["1.jpg", "a/2.jpg"], tmp_path, same) == ([5, 6], ())
    with pytest.raises(DatasetError, match=r"\./1\.jpg and 1\.jpg are one image with two labels"):
        match_labels(["1.jpg"], {"./1.jpg": 5, "1.jpg": 6}, tmp_path)


def test_members_of_shards(tmp_path: Path) -> None:
    names = ["a-00.tar::n0/1.jpg", "a-01.tar::2.jpg", "a-01.tar::x/3.b.jpg"]
    labels = {"n0/1.jpg": 5, "2": 6, "a-01.tar/x/3": 7}
    assert match(names, tmp_path, labels) == ([5, 6, 7], ())


def test_images_without_a_label_are_counted_and_named(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.txt", "1.jpg 0\n4.jpg 9\n")
    names = ["1.jpg", "2.jpg", "3.jpg"]
    with pytest.raises(
        DatasetError, match=r"labels\.txt: 2 of 3 images have no label.*2\.jpg.*--subset"
    ):
        label_images(names, path)
    with pytest.raises(DatasetError, match=r"labels\.txt: the label 1\.jpg fits two images"):
        label_images(["a/1.jpg", "b/1.jpg"], path)
    found = label_images(names, path, subset=True)
    assert (found.names, found.labels.tolist()) == (("1.jpg",), [0])
    assert (found.missing, found.unlabelled) == (("4.jpg",), ("2.jpg", "3.jpg"))
    assert label_images(names, path, needed=1).labels.tolist() == [0]
    with pytest.raises(DatasetError, match="2 of 2 images have no label"):
        label_images(names[1:], path, subset=True)


def test_two_hundred_photos(shared_data: Path) -> None:
    root = shared_data / "imagenet-200"
    found = label_images(listing(root).names, shared_data / "imagenet-200.label.txt", root=root)
    assert len(found.names) == 200
    assert found.missing == ()
    assert found.labels[:3].tolist() == [2, 7, 12]
    assert found.labels.tolist() == [IDS.index(name[:9]) for name in found.names]


def test_the_official_labels(shared_data: Path) -> None:
    names = [f"val/ILSVRC2012_val_{n:08d}.JPEG" for n in range(1, 50_001)]
    found = label_images(names, shared_data / "imagenet_val_label.txt")
    assert found.labels[:5].tolist() == [65, 970, 230, 809, 516]
    assert np.bincount(found.labels).tolist() == [50] * 1000


@pytest.mark.parametrize("part", ["imagenet_a", "imagenet_r"])
def test_200_classes_of_imagenet_are_timms(tmp_path: Path, part: str) -> None:
    indices = list(map(int, (timm_info() / f"{part}_indices.txt").read_text().split()))
    root = wordnet_folders(tmp_path, indices)
    found = label_images(listing(root).names, root=root)
    assert found.labels.tolist() == indices
    assert found.origin == "200 of ImageNet's 1,000 classes, by folders with WordNet ids"
    check_class_order(found, 1000)
    check_class_order(found, 1001)


def test_folders_above_and_below_the_wordnet_id() -> None:
    names = ["val/n01443537/a.jpg", "val/n01440764/more/b.jpg", "s.tar::n01443537/c.jpg"]
    assert label_images(names).labels.tolist() == [1, 0, 1]


def test_imagenet_v2_is_numbered() -> None:
    names = [f"{n}/{k}.jpeg" for n in sorted(map(str, range(1000))) for k in range(2)]
    found = label_images(names)
    assert found.labels.tolist() == [int(name.split("/")[0]) for name in names]
    assert found.origin == "1000 classes, by folders called by their numbers"
    with pytest.raises(DatasetError, match="the model has 100 classes"):
        check_class_order(found, 100)


@pytest.mark.parametrize(
    "names",
    [
        ["a.jpg", "b.jpg"],
        ["cat/a.jpg", "dog/b.jpg"],
        [f"{n}/a.jpg" for n in range(11)],
        ["1/a.jpg", "2/a.jpg"],
        ["00/a.jpg", "01/b.jpg"],
        ["0/a.jpg", "1/a.jpg", "b.jpg"],
        ["0/a.jpg"],
    ],
)
def test_an_order_that_leaves_a_doubt_is_not_taken(names: list[str]) -> None:
    with pytest.raises(UsageError, match="nothing says the labels: --labels FILE"):
        label_images(names)


def test_an_order_that_is_asked_for() -> None:
    names = ["dog/a.jpg", "cat/b.jpg", "Cat/c.jpg"]
    assert label_images(names, "folders").labels.tolist() == [2, 1, 0]
    assert label_images(names, "folders", folders=["Ape"]).labels.tolist() == [3, 2, 1]
    assert label_images(["10/a", "2/b"], "folders").labels.tolist() == [0, 1]
    assert label_images(["10/a", "2/b"], "numbers").labels.tolist() == [10, 2]
    with pytest.raises(DatasetError, match="the folder '02' is not called by the number"):
        label_images(["02/a"], "numbers")
    with pytest.raises(DatasetError, match="n00000001 is none of ImageNet's 1000 classes"):
        label_images(["n00000001/a"], "wordnet")
    with pytest.raises(DatasetError, match=r"1 of 2 images has no label: b\.jpg"):
        label_images(["n01440764/a", "b.jpg"])


@pytest.mark.parametrize(
    ("names", "folders", "level"),
    [
        (["train/apple/a.jpg", "train/bee/b.jpg"], ["train"], "'train', and .*'apple', 'bee'"),
        (["train/apple/a.jpg", "train/bee/b.jpg"], ["test", "train"], "'train', and the class"),
        (["cf.tar::cf/a/1.jpg", "cf.tar::cf/b/2.jpg"], [], "'cf', and the class"),
        (["x/s-0.tar::cf/a/1.jpg", "x/s-1.tar::cf/b/2.jpg"], [], "'cf', and the class"),
        (["a/b/c/1.jpg", "a/b/d/e/2.jpg"], [], r"'a/b', and the class folders \('c', 'd'\)"),
        (["train/apple/a.jpg"], ["train"], "'train', and the class"),
    ],
)
def test_a_folder_around_the_class_folders(
    names: list[str], folders: list[str], level: str
) -> None:
    with pytest.raises(DatasetError, match=f"all images lie in the one folder {level}") as error:
        label_images(names, "folders", folders=folders)
    assert "give this folder itself" in str(error.value)
    assert "class map" in str(error.value)


def test_class_folders_with_folders_of_their_own() -> None:
    names = ["a/x/1.jpg", "b/y/2.jpg", "b/3.jpg"]
    assert label_images(names, "folders").labels.tolist() == [0, 1, 1]
    assert label_images(["b/y/2.jpg"], "folders", folders=["a", "b"]).labels.tolist() == [1]


def test_one_class_folder_is_no_order_of_several_classes() -> None:
    found = label_images(["dog/1.jpg", "dog/2.jpg"], "folders", folders=["dog"])
    with pytest.raises(DatasetError, match="'dog' is the only class folder, and the model has 10"):
        check_class_order(found, 10)
    check_class_order(label_images(["dog/1.jpg"], "folders", folders=["cat", "dog"]), 10)


@pytest.mark.slow
def test_sorted_folders_are_torchvisions(tmp_path: Path) -> None:
    timm_info()  # torchvision comes with it
    torchvision = import_torchvision()
    for name in ("b/1.jpg", "B/2.jpg", "a b/3.jpg", "10/4.jpg", "2/5.jpg"):
        write(tmp_path / name, b"")
    names = listing(tmp_path).names
    theirs = {
        Path(path).relative_to(tmp_path).as_posix(): label
        for path, label in torchvision.datasets.ImageFolder(tmp_path).samples
    }
    assert label_images(names, "folders").labels.tolist() == [theirs[name] for name in names]


@pytest.mark.slow
def test_a_class_map_is_timms(tmp_path: Path) -> None:
    timm_info()
    import_timm()
    from timm.data.readers.reader_image_folder import ReaderImageFolder

    for name in ("n1/1.jpg", "x/n0/2.jpg", "n2/3.jpg"):
        write(tmp_path / "photos" / name, b"")
    path = write(tmp_path / "class_map.txt", "n2\nn0\nn1\n")
    reader = ReaderImageFolder(str(tmp_path / "photos"), class_map=str(path))
    theirs = {
        Path(file).relative_to(tmp_path / "photos").as_posix(): label
        for file, label in reader.samples
    }
    names = listing(tmp_path / "photos").names
    assert label_images(names, path).labels.tolist() == [theirs[name] for name in names]
    write(path, "n2\nn0\n")  # timm leaves out the images of other folders, and says nothing
    with pytest.raises(DatasetError, match=r"1 of 3 images has no label: n1/1\.jpg"):
        label_images(names, path)


def test_a_file_and_folders_that_contradict_each_other(tmp_path: Path) -> None:
    names = [f"{IDS[n]}/{n}.jpg" for n in range(0, 1000, 5)]
    right = write(tmp_path / "right.txt", "".join(f"{5 * n}.jpg {5 * n}\n" for n in range(200)))
    check_class_order(label_images(names, right), 1000)
    shifted = write(tmp_path / "one.txt", "".join(f"{5 * n}.jpg {5 * n + 1}\n" for n in range(200)))
    found = label_images(names, shifted)
    words = (
        r"one\.txt and the class folders contradict each other on 200 of 200 images: "
        r"n01440764/0\.jpg is class 1 by the one, and 0 by the other"
    )
    for classes, background in ((1000, None), (1001, None), (1001, True)):
        with pytest.raises(DatasetError, match=words):
            check_class_order(found, classes, background=background)
    check_class_order(found, 1001, background=False)
    check_class_order(found, 200)  # of a model with other classes the folders say nothing


@pytest.mark.parametrize(
    ("listed", "classes", "background", "words"),
    [
        (11, 10, None, "the class map lists 11 classes, and the model has 10: a map of another"),
        (10, 10, True, "the model has 9 beside the background, class 0 of 10.*--no-background"),
        (1001, 1001, None, "has 1000 beside the background, class 0 of 1001.*--no-background"),
        (1002, 1001, False, "lists 1002 classes, and the model has 1001: "),
        (10, 10, None, None),
        (9, 10, None, None),
        (9, 10, True, None),
        (1000, 1001, None, None),
        (1001, 1001, False, None),
    ],
)
def test_a_class_map_of_more_classes_than_the_model_has(
    tmp_path: Path, *, listed: int, classes: int, background: bool | None, words: str | None
) -> None:
    path = write(tmp_path / "classes.txt", "".join(f"c{n}\n" for n in range(listed)))
    found = label_images(["c1/a.jpg", "c2/b.jpg"], path)
    if words is None:
        check_class_order(found, classes, background=background)
        return
    with pytest.raises(LabelError, match=words):
        check_class_order(found, classes, background=background)


@pytest.mark.parametrize("name", [r"C:\photos\apple\x.JPEG", r"apple\x.JPEG"])
def test_paths_of_windows_in_a_label_file(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "labels.txt", f"{name} 0\n")
    with pytest.raises(DatasetError) as error:
        label_images(["apple/x.JPEG"], path, root="photos")
    told = (
        f"the names in the label file have backslashes, as on Windows ({name}): write them with /"
    )
    assert f"1 of 1 image has no label: photos/apple/x.JPEG; {told}, below photos" in str(
        error.value
    )
    assert label_images([name], path).labels.tolist() == [0]  # where a file is called so


def test_sorted_folders_of_a_part_contradict_imagenet() -> None:
    names = [f"{IDS[n]}/{n}.jpg" for n in range(0, 1000, 5)]
    found = label_images(names, "folders")
    check_class_order(found, 200)
    with pytest.raises(DatasetError, match="contradict each other on 199 of 200"):
        check_class_order(found, 1000)


def test_wordnet_ids_are_not_the_classes_of_another_model() -> None:
    found = label_images(["n01440764/a.jpg", "n01443537/b.jpg"])
    with pytest.raises(DatasetError, match=r"the model has 21841 classes.*--labels folders"):
        check_class_order(found, 21841)


def test_a_sources_own_labels(tmp_path: Path) -> None:
    names = ["a.jpg", "b.jpg"]
    found = label_images(names, own=[3, 4])
    assert (found.labels.tolist(), found.origin) == ([3, 4], "the source's own")
    path = write(tmp_path / "labels.txt", "a.jpg 5\nb.jpg 6\n")
    assert label_images(names, path).labels.tolist() == [5, 6]
    with pytest.raises(ValueError, match="do not go with 2 images"):
        label_images(names, own=[3])


def test_images_in_archives(tmp_path: Path) -> None:
    names = ["s-0.tar::n01443537/a.jpg", f"{IDS[7]}.tar::b.jpg", f"{IDS[9]}/s.zip::x/c.jpg"]
    assert label_images(names).labels.tolist() == [1, 7, 9]
    assert label_images(names[:1], "folders", folders=["n01440764"]).labels.tolist() == [1]
    path = write(tmp_path / "labels.csv", "path,label\ns-0.tar::n01443537/a.jpg,1\nb,7\nx/c,9\n")
    assert label_images(names, path).labels.tolist() == [1, 7, 9]
    with pytest.raises(DatasetError, match=r"no label: s3://b/s\.tar::a\.jpg; "):
        label_images(["s.tar::a.jpg", "s.tar::b.jpg"], write(path, "b 1\n"), root="s3://b")


@pytest.mark.slow
def test_the_ground_truth_with_images_of_any_suffix(tmp_path: Path) -> None:
    order = shuffled_order()
    path = devkit(tmp_path, [1 + place % 1000 for place in range(50_000)], order)
    found = label_images(["val/ILSVRC2012_val_00000003.JPEG", "ILSVRC2012_val_00000001.png"], path)
    assert found.labels.tolist() == [order[2], order[0]]
    assert len(found.missing) == 49_998


@pytest.mark.slow
def test_a_million_names() -> None:
    names = [f"{IDS[n % 1000]}/{n}.JPEG" for n in range(1_000_000)]
    found: LabelledImages = label_images(names)
    assert found.labels[-1] == 999

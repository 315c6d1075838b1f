"""Labels, and parts of a folder, on the command line: what is taken, told and refused."""

from __future__ import annotations

import csv
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from label_forms import IDS, write
from onnx_models import COLOURS, save_model
from PIL import Image

_COLOURS = ("red", "lime", "blue")


def photos_in(root: Path, folders: tuple[str, ...], images: int = 3) -> Path:
    """`images` photos of the colour of class n in the n-th folder."""
    for folder, colour in zip(folders, _COLOURS, strict=True):
        (root / folder).mkdir(parents=True)
        for image in range(images):
            photo = Image.new("RGB", (30, 30 + image), colour)
            photo.save(root / folder / f"{colour}{image}.JPEG")
    return root


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_model(tmp_path / "colours.onnx")


def model_of_1000(path: Path, classes: list[int], count: int = 1000) -> Path:
    """Red, green and blue images belong to these classes."""
    weights = np.full((3, count), -1, np.float32)
    weights[:, classes] = COLOURS
    return save_model(path, weights=weights)


def run(model: Path, photos: Path, out: Path, *options: object, code: int = 0) -> str:
    """What it says on stderr; all images must be right where it does not fail."""
    result = regcore("run", model, photos, "--out", out, "--json", *options)
    assert result.exit_code == code, result.output
    if code == 0:
        answer = json.loads(result.stdout)
        assert answer["hits"][0] == answer["images"] > 0, answer
    return result.stderr


def evaluated(out: Path) -> dict[str, str]:
    """The label of each image in predictions.csv."""
    with (out / "predictions.csv").open(newline="") as file:
        return {row["image"]: row["label"] for row in csv.DictReader(file)}


def test_class_folders_need_no_label_file(model: Path, tmp_path: Path) -> None:
    photos = photos_in(tmp_path / "photos", ("0", "1", "2"))
    said = run(model, photos, tmp_path / "out")
    assert "labels: 3 classes, by folders called by their numbers\n" in said
    assert evaluated(tmp_path / "out")["2/blue1.JPEG"] == "2"


def test_wordnet_ids_are_imagenets_classes(tmp_path: Path) -> None:
    classes = [7, 500, 999]
    photos = photos_in(tmp_path / "photos", (IDS[7], IDS[500], IDS[999]))
    model = model_of_1000(tmp_path / "1000.onnx", classes)
    said = run(model, photos, tmp_path / "out")
    assert "labels: 3 of ImageNet's 1,000 classes, by folders with WordNet ids\n" in said
    assert evaluated(tmp_path / "out")[f"{IDS[999]}/blue0.JPEG"] == "999"
    background = model_of_1000(tmp_path / "1001.onnx", [8, 501, 1000], 1001)
    run(background, photos, tmp_path / "out")
    three = save_model(tmp_path / "3.onnx")
    said = run(three, photos, tmp_path / "new", code=3)
    assert "the model has 3 classes, and the folders are called by ImageNet's 1,000" in said
    assert not (tmp_path / "new").exists()
    run(three, photos, tmp_path / "new", "--labels", "folders")


def test_no_number_where_labels_and_folders_contradict(tmp_path: Path) -> None:
    photos = photos_in(tmp_path / "photos", (IDS[7], IDS[500], IDS[998]))
    model = model_of_1000(tmp_path / "1000.onnx", [8, 501, 999])
    names = [path.relative_to(photos).as_posix() for path in sorted(photos.glob("*/*"))]
    text = "".join(f"{name},{IDS.index(name[:9]) + 1}\n" for name in names)
    labels = write(tmp_path / "labels.csv", f"path,label\n{text}")
    said = run(model, photos, tmp_path / "out", "--labels", labels, code=3)
    assert f"{labels}: a table, labels in the column 'label' and the class folders contra" in said
    assert f"on 9 of 9 images: {IDS[7]}/red0.JPEG is class 8 by the one, and 7 by the other" in said
    assert not (tmp_path / "out").exists()
    order = [*IDS[999:], *IDS[:999]]  # what the model's maker says of it
    classes = write(tmp_path / "classes.txt", "\n".join(order))
    assert "3 of 1000 classes" in run(model, photos, tmp_path / "out", "--labels", classes)


def test_an_order_of_folders_is_taken_where_it_is_asked_for(model: Path, tmp_path: Path) -> None:
    photos = photos_in(tmp_path / "photos", ("A red", "Lime", "blue"))
    said = run(model, photos, tmp_path / "out", code=2)
    assert "nothing says the labels: --labels FILE is needed, or --labels folders" in said
    said = run(model, photos, tmp_path / "out", "--labels", "folders")
    assert "labels: 3 class folders, in the order of their sorted names\n" in said
    part = write(tmp_path / "part.txt", "blue/blue2.JPEG\nLime/lime0.JPEG\n")
    run(model, photos, tmp_path / "out", "--labels", "folders", "--list", part)
    assert evaluated(tmp_path / "out") == {"blue/blue2.JPEG": "2", "Lime/lime0.JPEG": "1"}
    (photos / "empty").mkdir()  # a class of the training, of which nothing is here
    run(model, photos, tmp_path / "out", "--labels", "folders")


@pytest.mark.parametrize("is_store", [False, True], ids=["photos", "store"])
def test_a_part_of_the_images(model: Path, tmp_path: Path, *, is_store: bool) -> None:
    photos = photos_in(tmp_path / "photos", ("a", "b", "c"))
    (photos / "b" / "lime2.JPEG").write_bytes(b"no picture")
    images = photos
    if is_store:
        images = tmp_path / "store"
        assert regcore("preprocess", photos, images, "--for", model).exit_code == 3
    text = "c/blue1 2\na/red2.JPEG 0\nb/lime0.JPEG 1\nlime1 1\nelsewhere.jpg 7\n"
    labels = write(tmp_path / "val_label.txt", text)
    out = tmp_path / "out"
    said = run(model, images, out, "--labels", labels, code=3)
    assert "5 of 9 images have no label" in said
    said = run(model, images, out, "--labels", labels, "--subset")
    assert "red0.JPEG: left out, it has no label" in said
    four = {"a/red2.JPEG": "0", "b/lime0.JPEG": "1", "b/lime1.JPEG": "1", "c/blue1.JPEG": "2"}
    assert evaluated(out) == four
    part = write(tmp_path / "part.txt", "c/blue1.JPEG\na/red2.JPEG\n")
    run(model, images, out, "--labels", labels, "--list", part)
    assert list(evaluated(out).items()) == [("c/blue1.JPEG", "2"), ("a/red2.JPEG", "0")]
    run(model, images, out, "--labels", labels, "--list", part, "--limit", 1)
    assert evaluated(out) == {"c/blue1.JPEG": "2"}
    write(part, "c/blue1.JPEG\nc/blue9.JPEG\n")
    said = run(model, images, out, "--labels", labels, "--list", part, code=3)
    assert "blue9.JPEG" in said


def test_only_what_is_evaluated_needs_a_label(model: Path, tmp_path: Path) -> None:
    photos = photos_in(tmp_path / "photos", ("a", "b", "c"))
    labels = write(tmp_path / "val_label.txt", "".join(f"a/red{n} 0\n" for n in range(3)))
    run(model, photos, tmp_path / "out", "--labels", labels, "--limit", 3)
    assert (
        "the first 3 of 9 images"
        in regcore(
            "run", model, photos, "--labels", labels, "--limit", 3, "--out", tmp_path / "out"
        ).stdout
    )
    said = run(model, photos, tmp_path / "out", "--labels", labels, "--limit", 4, code=3)
    assert "1 of 9 images has no label" in said


def test_infer_takes_a_list(model: Path, tmp_path: Path) -> None:
    photos = photos_in(tmp_path / "photos", ("a", "b", "c"))
    part = write(tmp_path / "part.txt", "c/blue1.JPEG\na/red2.JPEG\n")
    out = tmp_path / "out"
    assert regcore("infer", model, photos, out, "--list", part).exit_code == 0
    written = sorted(path.name for path in (out / "dumpOutput_device0").iterdir())
    assert written == ["blue1_1.txt", "red2_1.txt"]
    again = regcore("infer", model, photos, out, "--list", part, "--json")
    assert json.loads(again.stdout)["kept"] == 2
    assert regcore("infer", model, photos, out).exit_code == 5  # other images than before
    write(part, "c/blue1.JPEG\nc/blue9.JPEG\n")
    result = regcore("infer", model, photos, tmp_path / "other", "--list", part)
    assert result.exit_code == 3
    assert "blue9.JPEG: cannot open: No such file" in result.stderr
    result = regcore("infer", model, "--random", tmp_path / "noise", "--list", part)
    assert result.exit_code == 2
    assert "is for photos and stores, not for noise" in result.stderr


def test_infer_takes_a_text_that_lists_photos_or_archives(model: Path, tmp_path: Path) -> None:
    photos_in(tmp_path / "photos", ("a", "b", "c"))
    text = write(tmp_path / "some.txt", "photos/c/blue1.JPEG\nphotos/a/red2.JPEG\n")
    out = tmp_path / "out"
    assert regcore("infer", model, text, out).exit_code == 0
    written = sorted(path.name for path in (out / "dumpOutput_device0").iterdir())
    assert written == ["blue1_1.txt", "red2_1.txt"]
    with tarfile.open(tmp_path / "s-0.tar", "w") as archive:
        archive.add(tmp_path / "photos", "")
    write(text, "s-0.tar\n")
    part = write(tmp_path / "part.txt", "s-0.tar::a/red2.JPEG\n")
    assert regcore("infer", model, text, tmp_path / "shard", "--list", part).exit_code == 0
    assert [path.name for path in (tmp_path / "shard/dumpOutput_device0").iterdir()] == [
        "red2_1.txt"
    ]
    write(part, "a/red2.JPEG\n")
    result = regcore("infer", model, text, tmp_path / "none", "--list", part)
    assert result.exit_code == 3
    assert "no image in an archive is called so, but s-0.tar::PATH" in result.stderr
    write(text, "no photo\n")
    assert "expected '0 PATH WIDTH HEIGHT'" in regcore("infer", model, text, out).stderr


@pytest.mark.parametrize("form", [(), ("--pack", 2)])
def test_infer_takes_a_list_of_a_store(
    model: Path, tmp_path: Path, form: tuple[object, ...]
) -> None:
    photos = photos_in(tmp_path / "photos", ("a", "b", "c"))
    store, part = tmp_path / "store", write(tmp_path / "part.txt", "c/blue1.JPEG\na/red2.JPEG\n")
    made = regcore("preprocess", photos, store, "--for", model, *form)
    assert made.exit_code == 0, made.stderr
    assert regcore("infer", model, store, tmp_path / "whole").exit_code == 0
    out = tmp_path / "out"
    result = regcore("infer", model, store, out, "--list", part)
    assert result.exit_code == 0, result.stderr
    (out / "dumpOutput_device0/red2_1.txt").unlink()
    again = json.loads(regcore("infer", model, store, out, "--list", part, "--json").stdout)
    assert again["kept"] == 1
    written = sorted((out / "dumpOutput_device0").iterdir())
    assert [path.name for path in written] == ["blue1_1.txt", "red2_1.txt"]
    for path in written:
        whole = tmp_path / "whole/dumpOutput_device0" / path.name
        assert path.read_bytes() == whole.read_bytes()
    write(part, "c/blue9.JPEG\n")
    result = regcore("infer", model, store, tmp_path / "other", "--list", part)
    assert result.exit_code == 3
    assert "1 of 1 image is not in the store" in result.stderr


def test_score_takes_every_form_that_has_names(model: Path, tmp_path: Path) -> None:
    photos = photos_in(tmp_path / "photos", ("a", "b", "c"))
    assert regcore("infer", model, photos, tmp_path / "scores").exit_code == 0
    rows = "".join(
        f"{colour}{n},{label}.0\n" for label, colour in enumerate(_COLOURS) for n in range(3)
    )
    labels = write(tmp_path / "labels.csv", f"id,class\n{rows}")
    dump = tmp_path / "scores" / "dumpOutput_device0"
    result = regcore("score", dump, labels, tmp_path, "result.json")
    assert result.exit_code == 0, result.output
    assert "100.0%" in result.stdout
    write(labels, "a\nb\nc\n")
    result = regcore("score", dump, labels, tmp_path, "result.json")
    assert result.exit_code == 2
    assert "lists classes, for images in class folders" in result.stderr


def test_a_sentence_at_the_end_says_that_labels_count_from_1(tmp_path: Path) -> None:
    directions = np.array([(x, y, 6 - x - y) for x in range(5) for y in range(6 - x)], np.float32)
    weights = np.zeros((3, len(directions) + 1), np.float32)
    weights[:, :-1] = (directions / np.linalg.norm(directions, axis=1, keepdims=True)).T
    model = save_model(tmp_path / "m.onnx", weights=weights, size=32, says_recipe=False)
    for label, colour in enumerate((directions * 40).astype(np.uint8)):
        for image in range(3):
            photo = Image.fromarray(np.full((32, 32, 3), colour))
            path = tmp_path / "photos" / f"{label}_{image}.png"
            path.parent.mkdir(exist_ok=True)
            photo.save(path)
    recipe = "resize=32,crop=32,filter=bilinear,mean=0,0,0,std=1,1,1"
    said = []
    for first in (0, 1):
        rows = (f"{label}_{n} {label + first}\n" for label in range(20) for n in range(3))
        labels = write(tmp_path / "labels.txt", "".join(rows))
        images = (model, tmp_path / "photos", "--labels", labels, "--recipe", recipe)
        result = regcore("run", *images, "--out", tmp_path / "out")
        assert result.exit_code == 0, result.output
        said.append(result.stderr)
    assert "images are right, but" not in said[0]
    assert (
        "0 of 60 images are right, but 60 of 60 images would be if each label were one less: the "
        "labels seem to count from 1, and class indices count from 0\n" in said[1]
    )


def test_reals_accuracy_beside_topn(tmp_path: Path) -> None:
    model = model_of_1000(tmp_path / "1000.onnx", [8, 501, 999])
    images = tmp_path / "photos"
    images.mkdir()
    for place, colour in enumerate(_COLOURS, 1):
        Image.new("RGB", (30, 30), colour).save(images / f"ILSVRC2012_val_{place:08}.JPEG")
    labels = write(
        tmp_path / "labels.txt", "".join(f"ILSVRC2012_val_{n:08} 8\n" for n in (1, 2, 3))
    )
    classes = [[8], [3, 501], [], *[[0]] * 49_997]
    real = write(tmp_path / "real.json", json.dumps(classes))
    out = ("--labels", labels, "--out", tmp_path / "out", "--real", real)
    result = regcore("run", model, images, *out)
    assert result.exit_code == 0, result.output
    assert "real: Top1" in result.stdout
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["accuracy"]["Top1"] == "33.33%"
    assert record["metrics"]["real"]["Top1"] == {"value": 100.0, "unit": "%"}
    assert record["metrics"]["real"]["of"] == {"value": 2, "unit": "images"}
    result = regcore("run", save_model(tmp_path / "3.onnx"), images, *out)
    assert result.exit_code == 3
    assert "ReaL has labels of ImageNet's 1000 classes, and the model has 3" in result.stderr


@pytest.mark.parametrize("is_store", [False, True], ids=["tar", "store"])
def test_the_order_of_folders_in_an_archive_is_that_of_all(
    model: Path, tmp_path: Path, *, is_store: bool
) -> None:
    photos = photos_in(tmp_path / "photos", ("A", "B", "C"))
    images = tmp_path / "s.tar"
    with tarfile.open(images, "w") as archive:
        for path in sorted(photos.glob("*/*")):
            archive.add(path, path.relative_to(photos))
    part = write(tmp_path / "part.txt", "s.tar::C/blue2.JPEG\ns.tar::B/lime0.JPEG\n")
    if is_store:
        assert regcore("preprocess", images, tmp_path / "store", "--for", model).exit_code == 0
        images = tmp_path / "store"
    run(model, images, tmp_path / "out", "--labels", "folders", "--list", part)
    found = {"s.tar::C/blue2.JPEG": "2", "s.tar::B/lime0.JPEG": "1"}
    assert evaluated(tmp_path / "out") == found


@pytest.mark.parametrize("form", ["folder", "tar", "store"])
def test_no_accuracy_where_a_folder_encloses_the_class_folders(
    model: Path, tmp_path: Path, form: str
) -> None:
    inner = photos_in(tmp_path / "deep" / "train", ("A", "B", "C"), images=1)
    images, classes = inner.parent, write(tmp_path / "classes.txt", "A\nB\nC\n")
    if form != "folder":
        images = tmp_path / "deep.tar"
        with tarfile.open(images, "w") as archive:
            archive.add(inner, "train")
    if form == "store":
        store = tmp_path / "store"
        assert regcore("preprocess", images, store, "--for", model).exit_code == 0
        images = store
    said = run(model, images, tmp_path / "out", "--labels", "folders", code=3)
    assert "all images lie in the one folder 'train', and the class folders ('A', 'B', " in said
    run(model, images, tmp_path / "out", "--labels", classes)  # what the error advises


def test_a_class_map_of_another_model(model: Path, tmp_path: Path) -> None:
    photos = photos_in(tmp_path / "photos", ("A", "B", "C"), images=1)
    classes = write(tmp_path / "classes.txt", "A\nB\nC\nD\n")
    said = run(model, photos, tmp_path / "out", "--labels", classes, code=3)
    assert f"{classes}: 3 of 4 classes: the class map lists 4 classes, and the model has 3" in said
    assert not (tmp_path / "out").exists()


def packed_scores(folder: Path, classes: list[int], count: int = 1000) -> Path:
    """Scores of ImageNet's first validation images, which a model takes for these classes."""
    names = [f"ILSVRC2012_val_{number:08}.JPEG" for number in range(1, len(classes) + 1)]
    write(folder / "scores.names.txt", "".join(f"{name}\n" for name in names))
    scores = np.random.default_rng(0).random((len(classes), count), np.float32)
    scores[np.arange(len(classes)), classes] = 2
    np.save(folder / "scores.npy", scores)
    return folder / "scores.npy"


def test_score_measures_reals_accuracy(tmp_path: Path) -> None:
    scores = packed_scores(tmp_path, [5, 6, 7, 8])
    lines = (f"ILSVRC2012_val_{number:08}.JPEG {number + 4}\n" for number in range(1, 5))
    labels = write(tmp_path / "labels.txt", "".join(lines))
    classes = [[4, 5], [9], [], [8], *([0] for _ in range(49_996))]
    real = write(tmp_path / "real.json", json.dumps(classes))
    wanted = ("score", scores, labels, tmp_path, "result.json", "--real", real)
    result = regcore(*wanted, "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["accuracy"]["Top1"] == "100.0%"
    assert answer["metrics"]["real"]["Top1"]["value"] == pytest.approx(200 / 3)
    assert answer["metrics"]["real"]["of"] == {"value": 3, "unit": "images"}
    assert "real: Top1" in regcore(*wanted).stdout
    (tmp_path / "few").mkdir()
    few = packed_scores(tmp_path / "few", [5, 6, 7, 8], 10)
    refused = regcore("score", few, labels, tmp_path, "few.json", "--real", real)
    assert refused.exit_code == 3
    assert "the model has 10" in refused.stderr


@pytest.mark.parametrize(
    ("classes", "options", "said"),
    [
        (1000, (), "would be if each label were one less: the labels seem to count from 1"),
        (1001, ("--background",), "--no-background takes class 0 for one that a label names"),
    ],
)
def test_score_says_where_labels_are_numbered_otherwise(
    tmp_path: Path, classes: int, options: tuple[str, ...], said: str
) -> None:
    truth = (np.arange(100) * 7 % 500).tolist()
    background = int(classes == 1001)
    scores = packed_scores(tmp_path, [label + background for label in truth], classes)
    lines = (f"ILSVRC2012_val_{n:08}.JPEG {label + 1}\n" for n, label in enumerate(truth, 1))
    labels = write(tmp_path / "labels.txt", "".join(lines))
    result = regcore("score", scores, labels, tmp_path, "result.json", *options)
    assert result.exit_code == 0, result.stderr
    assert said in result.stderr

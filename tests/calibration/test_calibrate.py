"""Calibration images: which are chosen, what is written, and what is refused."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from onnx_models import RECIPE, save_graph, save_model
from PIL import Image

from regcore import (
    DatasetError,
    MismatchError,
    Preprocessor,
    UsageError,
    calibrate_model,
    calibration_reader,
    open_calibration,
)
from regcore.api.calibration_choice import balanced_choice
from regcore.errors import OutputError

CLASSES = 4
EACH = 5


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Five images of each of four classes, in folders called by their numbers."""
    for label in range(CLASSES):
        folder = tmp_path / "photos" / str(label)
        folder.mkdir(parents=True)
        for number in range(EACH):
            colour = (60 * label, 50 * number, 7)
            Image.new("RGB", (40, 30), colour).save(folder / f"c{label}n{number}.png")
    return tmp_path / "photos"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_model(tmp_path / "model.onnx")


def test_the_choice_is_balanced_and_fixed_by_the_seed() -> None:
    names = [f"{number}.jpg" for number in range(100)]
    classes = np.arange(100) % 7
    chosen = balanced_choice(names, classes, 30, seed=1)
    counts = Counter(classes[chosen].tolist())
    assert sorted(counts.values()) == [4, 4, 4, 4, 4, 5, 5]
    assert len(set(chosen)) == 30
    assert balanced_choice(names, classes, 12, seed=1) == chosen[:12]
    assert balanced_choice(names, classes, 30, seed=2) != chosen
    # It follows from the names, not from their order.
    turned = balanced_choice(names[::-1], classes[::-1], 30, seed=1)
    assert [names[::-1][place] for place in turned] == [names[place] for place in chosen]


def test_a_class_that_is_used_up_leaves_the_rest_to_the_others() -> None:
    classes = np.array([0] * 2 + [1] * 20)
    chosen = balanced_choice([f"{n}" for n in range(22)], classes, 10, seed=0)
    assert Counter(classes[chosen].tolist()) == {0: 2, 1: 8}


def test_what_is_written(photos: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "calibration"
    made = calibrate_model(model, photos, out, count=8)
    form = json.loads((out / "calibration.json").read_text())
    assert Counter(image["label"] for image in form["images"]) == dict.fromkeys(range(CLASSES), 2)
    assert form["recipe_identity"] == RECIPE.identity
    assert form["recipe_from"] == "model"
    assert form["model"]["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    paths = [photos / image["name"] for image in form["images"]]
    for path, image in zip(paths, form["images"], strict=True):
        data = path.read_bytes()
        assert (image["bytes"], image["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    expected = Preprocessor(RECIPE)(paths)
    array = np.load(out / "calibration.npy")
    assert array.dtype == np.float32
    assert np.array_equal(array, expected)
    for path, values in zip(paths, expected, strict=True):
        assert (out / "bin" / f"{path.stem}.bin").read_bytes() == values.tobytes()
    others = (out / "others.txt").read_text().splitlines()
    assert len(others) == made.others == CLASSES * EACH - 8
    assert not set(others) & {image["name"] for image in form["images"]}
    found = open_calibration(out)
    assert found.recipe == RECIPE
    assert np.array_equal(np.concatenate(list(found.batches(3))), expected)


def test_copies_of_chosen_images_are_no_others(photos: Path, model: Path, tmp_path: Path) -> None:
    first = calibrate_model(model, photos, tmp_path / "first", count=1)
    chosen = first.calibration.form.images[0].name
    copy = photos / "0" / "copy.png"
    copy.write_bytes((photos / chosen).read_bytes())
    others = tmp_path / "list.txt"
    others.write_text(f"{chosen}\n0/copy.png\n1/c1n0.png\n")
    made = calibrate_model(model, photos, tmp_path / "second", count=1, list_file=others)
    left = (tmp_path / "second" / "others.txt").read_text().split()
    if made.calibration.form.images[0].name == "1/c1n0.png":
        pytest.fail("the seed no longer draws one of the two copies")
    assert left == ["1/c1n0.png"]


def test_copies_are_chosen_last_and_told(photos: Path, model: Path, tmp_path: Path) -> None:
    for number in range(30):  # of two classes
        copy = photos / str(number % 2) / f"copy{number}.png"
        copy.write_bytes((photos / "0" / "c0n0.png").read_bytes())
    told: list[str] = []
    made = calibrate_model(model, photos, tmp_path / "few", count=8, log=told.append)
    images = made.calibration.form.images
    assert len({image.sha256 for image in images}) == 8
    assert Counter(image.label for image in images) == dict.fromkeys(range(CLASSES), 2)
    assert not [line for line in told if "copies" in line]
    made = calibrate_model(model, photos, tmp_path / "all", count=22, log=told.append)
    images = made.calibration.form.images
    assert len({image.sha256 for image in images[:20]}) == 20
    line = "only 20 of 50 images differ: 2 copies are among the 22 chosen"
    assert [told for told in told if "copies" in told] == [line]


def test_images_in_an_archive(photos: Path, model: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "all.tar", "w") as tar:
        tar.add(photos, "val")
    made = calibrate_model(model, tmp_path / "all.tar", tmp_path / "out", count=4, labels="numbers")
    for image in made.calibration.form.images:
        data = (photos / image.name.partition("::val/")[2]).read_bytes()
        assert image.sha256 == hashlib.sha256(data).hexdigest()


def test_another_choice_needs_force(photos: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = calibrate_model(model, photos, out, count=4)
    assert calibrate_model(model, photos, out, count=4).to_dict() == first.to_dict()
    with pytest.raises((UsageError, OutputError, MismatchError), match="--force"):
        calibrate_model(model, photos, out, count=4, seed=1)
    assert open_calibration(out).identity == first.calibration.identity
    second = calibrate_model(model, photos, out, count=4, seed=1, force=True)
    assert open_calibration(out).identity == second.calibration.identity
    assert second.calibration.identity != first.calibration.identity


def test_a_file_of_others_is_not_replaced(photos: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "others.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"others\.txt"):
        calibrate_model(model, photos, tmp_path / "out", count=2)


def test_what_is_refused(photos: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="there are only 20 images"):
        calibrate_model(model, photos, out, count=21)
    silent = save_model(tmp_path / "silent.onnx", says_recipe=False)
    with pytest.raises(UsageError, match="say it with --recipe"):
        calibrate_model(silent, photos, out)
    said: list[str] = []
    calibrate_model(silent, photos, out, count=2, recipe="regnety_016", log=said.append)
    store = regcore("preprocess", photos, tmp_path / "store", "--for", model)
    assert store.exit_code == 0
    with pytest.raises(UsageError, match="is a store; photos are needed"):
        calibrate_model(model, tmp_path / "store", tmp_path / "other", count=2)
    assert not (tmp_path / "other").exists()


def test_a_recipe_that_contradicts_the_models_is_told(
    photos: Path, model: Path, tmp_path: Path
) -> None:
    asked = ("calibrate", model, photos, "--count", 2, "--out", tmp_path / "out")
    told = regcore(*asked, "--recipe", "regnety_016,filter=bilinear")
    assert told.exit_code == 0
    assert "is not what the model itself wants: filter bilinear instead of bicubic" in told.stderr
    form = json.loads((tmp_path / "out" / "calibration.json").read_text())
    assert form["recipe_from"] == "--recipe"


def test_an_image_that_cannot_be_read(photos: Path, model: Path, tmp_path: Path) -> None:
    (photos / "0" / "c0n0.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match="c0n0"):
        calibrate_model(model, photos, tmp_path / "out", count=20)
    with pytest.raises(DatasetError, match="not to its end"):
        open_calibration(tmp_path / "out")


def test_no_labels_are_told(model: Path, tmp_path: Path) -> None:
    (tmp_path / "flat").mkdir()
    for number in range(3):
        Image.new("RGB", (30, 30), (number, 0, 0)).save(tmp_path / "flat" / f"{number}.png")
    said: list[str] = []
    made = calibrate_model(model, tmp_path / "flat", tmp_path / "out", count=2, log=said.append)
    assert any("nothing says the labels" in line for line in said)
    assert made.to_dict()["labels"] is None


def test_a_damaged_folder(photos: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    calibrate_model(model, photos, out, count=2)
    form = json.loads((out / "calibration.json").read_text())
    form["images"][0]["sha256"] = "0" * 64
    (out / "calibration.json").write_text(json.dumps(form))
    with pytest.raises(MismatchError, match="is not of the images"):
        open_calibration(out)


def test_onnx_runtimes_reader(photos: Path, model: Path, tmp_path: Path) -> None:
    calibrate_model(model, photos, tmp_path / "out", count=5)
    reader = calibration_reader(tmp_path / "out", batch_size=2)
    assert len(reader) == 3
    for _ in range(2):
        shapes = []
        while (step := reader.get_next()) is not None:
            assert list(step) == ["image"]
            shapes.append(step["image"].shape[0])
        assert shapes == [2, 2, 1]
        reader.rewind()


def test_nncfs_dataset(photos: Path, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("nncf")
    from regcore import calibration_dataset

    calibrate_model(model, photos, tmp_path / "out", count=5)
    data = calibration_dataset(tmp_path / "out", batch_size=2).get_inference_data()
    assert sum(len(batch) for batch in data) == 5


def test_uint8_pixels_in_the_models_own_layout(photos: Path, tmp_path: Path) -> None:
    model = save_graph(
        tmp_path / "uint8.onnx",
        [("Cast", ["image"], ["cast"], {"to": 1}), ("Flatten", ["cast"], ["class"], {})],
        ("float32", ["N", 3072]),
        image=("uint8", ["N", 32, 32, 3]),
    )
    spelling = "resize=32,crop=32,filter=bilinear,mean=0,0,0,std=1,1,1"
    made = calibrate_model(model, photos, tmp_path / "out", count=3, recipe=spelling)
    assert made.calibration.form.dtype == "uint8"
    assert np.load(tmp_path / "out" / "calibration.npy").shape == (3, 32, 32, 3)


def test_files_for_amct_have_the_batch_size_of_the_model(photos: Path, tmp_path: Path) -> None:
    model = save_model(tmp_path / "fixed.onnx", batch=2)
    with pytest.raises(UsageError, match=r"--amct 4: .*fixed\.onnx takes batches of 2; take that"):
        calibrate_model(model, photos, tmp_path / "out", count=4, amct=4)
    assert not (tmp_path / "out").exists()
    calibrate_model(model, photos, tmp_path / "out", count=4, amct=2)
    assert len(list((tmp_path / "out" / "amct").iterdir())) == 2


def test_files_for_amct(photos: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = regcore("calibrate", model, photos, "--count", 5, "--out", out, "--amct", 2)
    assert told.exit_code == 0, told.output
    images = np.load(out / "calibration.npy")
    found = sorted((out / "amct").iterdir())
    assert [file.read_bytes() for file in found] == [images[at : at + 2].tobytes() for at in (0, 2)]
    shape = ",".join(map(str, (2, *images.shape[1:])))
    assert f"--input_shape image:{shape} --data_dir {out / 'amct'}" in told.stderr
    assert "--data_types float32 --batch_num 2" in told.stderr
    again = regcore(
        "calibrate", model, photos, "--count", 5, "--out", out, "--amct", 5, "--force"
    )  # fmt: skip
    assert again.exit_code == 0, again.output
    assert len(list((out / "amct").iterdir())) == 1
    without = regcore("calibrate", model, photos, "--count", 4, "--out", out, "--force")
    assert without.exit_code == 0, without.output
    assert not list((out / "amct").iterdir())  # which were of other images

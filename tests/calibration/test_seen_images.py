"""Images of the calibration among those of an evaluation: found by content, told, or refused."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

from regcore import (
    MismatchError,
    calibrate_model,
    certify_model,
    certify_runs,
    evaluate_model,
    preprocess_images,
    quantize_model,
)
from regcore.evaluation.verdict import Outcome

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

IMAGES, CHOSEN = 12, 4


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Red, green and blue images, some of the same size in bytes, and labels.txt beside."""
    folder = tmp_path / "photos"
    folder.mkdir()
    lines = []
    for number in range(IMAGES):
        colour = [0, 0, 0]
        colour[number % 3] = 120 + 10 * number
        Image.new("RGB", (30, 30), tuple(colour)).save(folder / f"{number}.png")
        lines.append(f"{number}.png {number % 3}\n")
    (tmp_path / "labels.txt").write_text("".join(lines))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_model(tmp_path / "model.onnx")


@pytest.fixture
def int8(photos: Path, model: Path, tmp_path: Path) -> Path:
    calibrate_model(model, photos, tmp_path / "calibration", count=CHOSEN)
    return quantize_model(model, tmp_path / "calibration").path


def chosen(tmp_path: Path) -> set[str]:
    form = json.loads((tmp_path / "calibration" / "calibration.json").read_text())
    return {image["name"] for image in form["images"]}


def seen(out: Path) -> list[str] | None:
    found: list[str] | None = json.loads((out / "run.json").read_text()).get("calibration_images")
    return found


def test_run_tells_and_names_them(photos: Path, int8: Path, tmp_path: Path) -> None:
    asked = ("run", int8, photos, "--labels", tmp_path / "labels.txt", "--out", tmp_path / "out")
    told = regcore(*asked)
    assert told.exit_code == 0, told.output
    assert f"4 of the 12 images are among those that {int8} was calibrated with" in told.stderr
    assert set(seen(tmp_path / "out") or ()) == chosen(tmp_path)
    verdict = regcore("verdict", tmp_path / "out", "--baseline-top1", 50, "--max-drop", "1pt")
    assert "4 of the 12 images" in verdict.stderr


def test_the_others_are_not_told(photos: Path, int8: Path, tmp_path: Path) -> None:
    others = tmp_path / "calibration" / "others.txt"
    asked = ("run", int8, photos, "--labels", tmp_path / "labels.txt", "--out", tmp_path / "out")
    told = regcore(*asked, "--list", others)
    assert told.exit_code == 0, told.output
    assert "calibrated" not in told.stderr
    assert seen(tmp_path / "out") == []


def test_a_float_model_says_nothing(photos: Path, model: Path, tmp_path: Path) -> None:
    evaluate_model(model, photos, tmp_path / "labels.txt", out=tmp_path / "out")
    assert seen(tmp_path / "out") is None


def test_they_are_known_under_other_names(photos: Path, int8: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    labels = []
    for number in range(IMAGES):
        shutil.copy(photos / f"{number}.png", elsewhere / f"copy{number}.png")
        labels.append(f"copy{number}.png {number % 3}\n")
    (tmp_path / "copies.txt").write_text("".join(labels))
    evaluate_model(int8, elsewhere, tmp_path / "copies.txt", out=tmp_path / "out")
    assert set(seen(tmp_path / "out") or ()) == {f"copy{name}" for name in chosen(tmp_path)}


def test_they_are_known_in_an_archive(photos: Path, int8: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "all.tar", "w") as tar:
        tar.add(photos, ".")
    evaluate_model(int8, tmp_path / "all.tar", tmp_path / "labels.txt", out=tmp_path / "out")
    found = {name.rpartition("/")[2].rpartition("::")[2] for name in seen(tmp_path / "out") or ()}
    assert found == chosen(tmp_path)


def test_they_are_known_in_a_store(photos: Path, int8: Path, tmp_path: Path) -> None:
    preprocess_images(photos, tmp_path / "store", for_model=int8, batch_size=5)
    evaluate_model(int8, tmp_path / "store", tmp_path / "labels.txt", out=tmp_path / "out")
    assert set(seen(tmp_path / "out") or ()) == chosen(tmp_path)


def test_a_changed_image_is_another(photos: Path, int8: Path, tmp_path: Path) -> None:
    for name in chosen(tmp_path):
        data = bytearray((photos / name).read_bytes())
        data[-1] ^= 1  # of the checksum of PNG's end, which nobody reads
        (photos / name).write_bytes(data)
    evaluate_model(int8, photos, tmp_path / "labels.txt", out=tmp_path / "out")
    assert seen(tmp_path / "out") == []


def test_certify_refuses_them(photos: Path, model: Path, int8: Path, tmp_path: Path) -> None:
    labels, evidence = tmp_path / "labels.txt", tmp_path / "evidence.jsonl"
    with pytest.raises(MismatchError, match="4 of the 12 images are among those"):
        certify_model(int8, photos, model, labels=labels, evidence=evidence)
    assert not evidence.exists()
    others = tmp_path / "calibration" / "others.txt"
    certified = certify_model(
        int8, photos, model, labels=labels, evidence=evidence, list_file=others
    )
    assert certified.outcome is Outcome.PASS


def test_certify_refuses_runs_on_them(
    photos: Path, model: Path, int8: Path, tmp_path: Path
) -> None:
    for name, file in (("float", model), ("int8", int8)):
        evaluate_model(file, photos, tmp_path / "labels.txt", out=tmp_path / name)
    runs = (tmp_path / "int8", tmp_path / "float")
    with pytest.raises(MismatchError, match="and a certificate would not be of others"):
        certify_runs(*runs, evidence=tmp_path / "evidence.jsonl")


def test_another_recipe_than_the_calibrations_is_told(
    photos: Path, int8: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    evaluate_model(
        int8,
        photos,
        tmp_path / "labels.txt",
        out=tmp_path / "out",
        recipe="regnety_016,filter=bilinear",
        log=said.append,
    )
    assert any(
        "(filter bilinear instead of bicubic): its 8 bits are for other values" in line
        for line in said
    )
    assert set(seen(tmp_path / "out") or ()) == chosen(tmp_path)

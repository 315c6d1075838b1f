"""Mistakes that users make, and trouble that comes late: what is said, and what is not lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

from regcore.errors import OutputError

COLOURS = ("red", "lime", "blue")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, colour in enumerate(COLOURS):
        Image.new("RGB", (40, 30), colour).save(folder / f"{i}.JPEG")
    return folder


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.txt"
    path.write_text("".join(f"{i}.JPEG {i}\n" for i in range(3)))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_model(tmp_path / "colours.onnx")


@pytest.mark.parametrize("command", ["run", "infer"])
def test_a_trace_that_cannot_be_written_is_found_at_once(
    command: str, photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    out, trace = tmp_path / "out", tmp_path / "nowhere" / "trace.json"
    where = (photos, "--labels", labels, "--out", out) if command == "run" else (photos, out)
    result = regcore(command, model, *where, "--trace", trace)
    assert result.exit_code == 4
    assert f"{trace.parent}: no such folder to write trace.json into" in result.stderr
    assert not list(out.rglob("*.txt"))


def test_a_result_that_cannot_be_written_is_told(
    photos: Path, labels: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OutputError("perf.json: No space left on device")

    monkeypatch.setattr("regcore.api.evaluation_folder.write_perf", full)
    arguments = (model, photos, "--labels", labels, "--out", tmp_path / "out")
    result = regcore("run", *arguments)
    assert result.exit_code == 4
    assert "Top1 accuracy" in result.stdout
    assert "No space left on device" in result.stderr
    result = regcore("run", *arguments, "--json")
    assert json.loads(result.stdout)["images"] == 3


def test_a_profile_has_no_trace(photos: Path, model: Path) -> None:
    result = regcore("profile", model, photos, "--trace", "trace.json")
    assert result.exit_code == 2
    assert "has no option --trace" in result.stderr


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_times_and_accuracies_are_numbers(number: str, photos: Path, model: Path) -> None:
    result = regcore("profile", model, photos, "--seconds", number)
    assert result.exit_code == 2
    assert "is not a number" in result.stderr
    result = regcore("verdict", photos, "--baseline-top1", "nan", "--max-drop", "1pt")
    assert result.exit_code == 2


def test_a_batch_has_a_largest_size(photos: Path, labels: Path, model: Path) -> None:
    huge = ("--batch-size", 10**20)
    assert regcore("run", model, photos, "--labels", labels, *huge).exit_code == 2


def test_images_without_labels_are_named(photos: Path, labels: Path, model: Path) -> None:
    labels.write_text("1.JPEG 1\n")
    result = regcore("run", model, photos, "--labels", labels)
    assert result.exit_code == 3
    named = f"{photos}/0.JPEG, {photos}/2.JPEG"
    assert f"2 of 3 images have no label: {named}" in result.stderr


def test_results_do_not_go_among_the_photos(photos: Path) -> None:
    result = regcore("preprocess", photos, photos)
    assert result.exit_code == 2
    assert "OUT is the folder of SRC" in result.stderr
    assert len(list(photos.iterdir())) == 3


def test_score_names_the_folder_that_is_meant(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert regcore("infer", model, photos, out).exit_code == 0
    (out / "notes.txt").write_text("")
    np.save(out / "_1.npy", np.zeros(3, np.float32))
    result = regcore("score", out, labels, tmp_path, "result.json")
    assert result.exit_code == 3
    assert f"is it {out}/dumpOutput_device0 that is meant?" in result.stderr


def test_a_run_without_a_readable_image(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    for path in photos.iterdir():
        path.write_bytes(b"")
    out = tmp_path / "out"
    assert regcore("run", model, photos, "--labels", labels, "--out", out).exit_code == 3
    result = regcore("verdict", out, "--baseline-top1", 50, "--max-drop", "1pt")
    assert result.exit_code == 3
    assert "a run without images has no accuracy" in result.stderr
    result = regcore("compare", out)
    assert result.exit_code == 3
    assert "no rate in it" in result.stderr


def test_nothing_that_ran_has_no_rate(photos: Path, model: Path, tmp_path: Path) -> None:
    arguments = ("infer", model, photos, tmp_path / "out")
    assert json.loads(regcore(*arguments, "--json").stdout)["images_per_s"] > 0
    assert json.loads(regcore(*arguments, "--json").stdout)["images_per_s"] is None
    assert "rate" not in regcore(*arguments).stdout


def test_a_bad_photo_is_not_promised_to_go_on(photos: Path, model: Path, tmp_path: Path) -> None:
    (photos / "1.JPEG").write_bytes(b"")
    result = regcore("infer", model, photos, tmp_path / "out")
    assert result.exit_code == 3
    assert "INCOMPLETE: 2 written, 1 bad" in result.stderr
    assert "goes on" not in result.stderr

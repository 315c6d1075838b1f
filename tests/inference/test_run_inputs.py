"""What run and infer say of their inputs: what is left out, what is broken, who says the recipe."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

COLOURS = ("red", "lime", "blue")
PER_COLOUR = 3


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(PER_COLOUR * len(COLOURS)):
        colour = COLOURS[number % len(COLOURS)]
        Image.new("RGB", (40, 30), colour).save(folder / f"{number}.JPEG")
    return folder


@pytest.fixture
def labels(tmp_path: Path, photos: Path) -> Path:
    path = tmp_path / "labels.txt"
    lines = (
        f"{number}.JPEG {number % len(COLOURS)}\n" for number in range(len(list(photos.iterdir())))
    )
    path.write_text("".join(lines))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_model(tmp_path / "m.onnx")


def test_what_lies_beside_the_images_is_told(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    (photos / "film.heic").write_bytes(b"film")
    for command in (
        ("run", model, photos, "--labels", labels, "--out", tmp_path / "run"),
        ("infer", model, photos, tmp_path / "scores"),
    ):
        result = regcore(*command)
        assert result.exit_code == 0, result.output
        left = "left out beside the 9 images: 1 of a kind that is not read (film.heic)"
        assert result.stderr.count(left) == 1


def test_a_broken_link_makes_them_incomplete(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    (photos / "more").symlink_to("nowhere")
    run = regcore("run", model, photos, "--labels", labels, "--out", tmp_path / "run")
    assert run.exit_code == 3
    assert "INCOMPLETE: 9 of 10 images" in run.stdout
    assert run.stderr.count(f"{photos / 'more'}: a link that leads nowhere") == 1
    incomplete = json.loads((tmp_path / "run" / "result.incomplete.json").read_text())
    assert [bad["path"] for bad in incomplete["incomplete"]["failed"]] == [str(photos / "more")]
    infer = regcore("infer", model, photos, tmp_path / "scores", "--json")
    assert infer.exit_code == 3
    assert infer.stderr.count(f"{photos / 'more'}: a link that leads nowhere") == 1
    answer = json.loads(infer.stdout)
    assert (answer["written"], answer["complete"], len(answer["failed"])) == (9, False, 1)


@pytest.mark.slow
@pytest.mark.parametrize("pack", [(), ("--pack", 4)])
def test_a_store_with_a_wrong_value(
    photos: Path, labels: Path, model: Path, tmp_path: Path, pack: tuple[object, ...]
) -> None:
    store = tmp_path / "store"
    made = regcore("preprocess", photos, store, "--recipe", "regnety_016", *pack)
    assert made.exit_code == 0, made.output
    file = next(path for path in sorted(store.iterdir()) if path.suffix in {".bin", ".pack"})
    content = bytearray(file.read_bytes())
    content[5] ^= 1
    file.write_bytes(content)
    commands = (
        ("run", model, store, "--labels", labels, "--out", tmp_path / "run"),
        ("infer", model, store, tmp_path / "scores"),
    )
    for command in commands:
        result = regcore(*command)
        assert result.exit_code == 5
        assert "0.JPEG" in result.stderr
        assert file.name in result.stderr
        assert not list(tmp_path.glob("*/result*.json"))
    for command in commands:
        result = regcore(*command, "--no-verify")
        assert result.exit_code == 0, result.output


@pytest.mark.slow
def test_who_says_the_recipe_is_told(
    photos: Path, labels: Path, model: Path, tmp_path: Path
) -> None:
    silent = save_model(tmp_path / "silent.onnx", says_recipe=False)
    store = tmp_path / "store"
    assert regcore("preprocess", photos, store, "--recipe", "regnety_016").exit_code == 0
    named = ("--recipe", "regnety_016")
    for number, (of_run, images, options, origin) in enumerate(
        (
            (model, photos, (), "model"),
            (silent, photos, named, "--recipe"),
            (model, photos, named, "--recipe"),
            (silent, store, (), "store"),
            ("simulated:1e6:3", photos, (), "default"),
        )
    ):
        out, scores = tmp_path / f"run{number}", tmp_path / f"scores{number}"
        run = regcore("run", of_run, images, "--labels", labels, "--out", out, *options)
        assert run.exit_code == 0, run.output
        assert f"recipe from      {origin}" in run.stdout
        for name in ("run.json", "perf.json"):
            assert json.loads((out / name).read_text())["recipe_from"] == origin
        infer = regcore("infer", of_run, images, scores, *options, "--json")
        assert json.loads(infer.stdout)["recipe_from"] == origin


def test_a_model_with_a_background(photos: Path, labels: Path, tmp_path: Path) -> None:
    """Of four classes, of which the first is the background: labels are one less."""
    weights = np.concatenate([np.full((3, 1), -1.0), np.eye(3)], axis=1)
    model = save_model(tmp_path / "m.onnx", weights=weights)
    run = ("run", model, photos, "--labels", labels, "--out", tmp_path / "run", "--json")
    moved = "4 classes: class 0 is the background, and label 0 is class 1"
    result = regcore(*run, "--background")
    assert json.loads(result.stdout)["hits"][0] == PER_COLOUR * len(COLOURS)
    assert result.stderr.count(moved) == 1
    result = regcore(*run)
    assert json.loads(result.stdout)["hits"][0] < PER_COLOUR * len(COLOURS)
    assert moved not in result.stderr


def test_1001_classes_have_a_background_unless_told_otherwise(
    photos: Path, labels: Path, tmp_path: Path
) -> None:
    weights = np.concatenate([np.full((3, 1), -1.0), np.eye(3), np.zeros((3, 997))], axis=1)
    model = save_model(tmp_path / "m.onnx", weights=weights)
    run = ("run", model, photos, "--labels", labels, "--out", tmp_path / "run", "--json")
    result = regcore(*run)
    assert json.loads(result.stdout)["hits"][0] == PER_COLOUR * len(COLOURS)
    assert "--no-background takes labels as they are" in result.stderr
    result = regcore(*run, "--no-background")
    assert json.loads(result.stdout)["hits"][0] < PER_COLOUR * len(COLOURS)
    assert "background" not in result.stderr


def test_an_inference_with_nothing_left_says_why_it_has_no_rates(
    photos: Path, model: Path, tmp_path: Path
) -> None:
    infer = ("infer", model, photos, tmp_path / "scores")
    assert regcore(*infer).exit_code == 0
    (tmp_path / "scores" / "perf.json").unlink()  # as where it was killed after the last score
    result = regcore(*infer)
    assert result.exit_code == 0, result.output
    assert "no rates, for nothing was left to run" in result.stderr


@pytest.mark.parametrize(("asked", "told"), [(3, 1), (6, 1), (8, 0), (4, 0), (None, 0)])
def test_another_batch_than_the_built_in_one_is_told(
    photos: Path, labels: Path, tmp_path: Path, asked: int | None, told: int
) -> None:
    model = save_model(tmp_path / "m.onnx", batch=4)
    size = () if asked is None else ("--batch-size", asked)
    said = f"the model has a batch of 4 built in: each batch of {asked} is run as batches of 4"
    for command in (
        ("run", model, photos, "--labels", labels, "--out", tmp_path / "run", *size),
        ("infer", model, photos, tmp_path / "scores", *size),
    ):
        result = regcore(*command)
        assert result.exit_code == 0, result.output
        assert result.stderr.count(said) == told
        assert result.stderr.count("built in") == told

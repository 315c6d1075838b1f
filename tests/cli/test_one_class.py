"""Models with one score per image, of which no command makes an accuracy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from label_forms import write
from onnx_models import save_graph, save_model
from PIL import Image

from regcore import BackendError, calibrate_model, quantize_model
from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe

_SAID = "one score per image, and of one class there is nothing to rank"
_SIGMOID = "a binary classifier with one sigmoid output needs a score for each of both classes"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.new("RGB", (40, 30), "red").save(tmp_path / "photos" / f"{name}.png")
    return tmp_path / "photos"


def small_model(path: Path, classes: int | None) -> Path:
    """Gives the first of three mean colours; classes: what it says of the number of its scores."""
    recipe = Recipe(resize=8, crop=8, filter="bilinear", mean=(0, 0, 0), std=(1, 1, 1))
    return save_graph(
        path,
        [
            ("GlobalAveragePool", ["image"], ["pooled"], {"name": "pool"}),
            ("Flatten", ["pooled"], ["colour"], {"name": "flat"}),
            ("MatMul", ["colour", "first"], ["class"], {"name": "one"}),
        ],
        ("float32", ["N", "classes" if classes is None else classes]),
        constants={"first": np.eye(3, 1, dtype=np.float32)},
        properties=ModelMetadata(recipe, "small", "none").to_properties(),
    )


@pytest.mark.parametrize("classes", [1, None], ids=["said", "open"])
def test_run_and_predict(photos: Path, tmp_path: Path, classes: int | None) -> None:
    model = small_model(tmp_path / "one.onnx", classes)
    labels = write(tmp_path / "labels.txt", "a.png 0\nb.png 0\n")
    out = tmp_path / "out"
    for asked in (
        ("run", model, photos, "--labels", labels, "--out", out),
        ("predict", model, photos),
    ):
        result = regcore(*asked)
        assert (result.exit_code, result.stdout) == (4, "")
        assert f"{model}: its output class has {_SAID}" in result.stderr
        assert _SIGMOID in result.stderr
    assert not (out / "result.json").exists()


def test_score(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.txt", "a.png 0\nb.png 0\n")
    np.save(tmp_path / "scores.npy", np.ones((2, 1), np.float32))
    write(tmp_path / "scores.names.txt", "a.png\nb.png\n")
    result = regcore("score", tmp_path / "scores.npy", labels, tmp_path, "result.json")
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"the files have {_SAID}" in result.stderr
    assert not (tmp_path / "result.json").exists()


def test_quantize(photos: Path, tmp_path: Path) -> None:
    model = small_model(tmp_path / "one.onnx", 1)
    calibrate_model(model, photos, tmp_path / "calibration", count=2)
    with pytest.raises(BackendError, match=f"it has {_SAID}"):
        quantize_model(model, tmp_path / "calibration")
    assert not (tmp_path / "one.int8.onnx").exists()


def test_a_model_of_two_classes_is_ranked(photos: Path, tmp_path: Path) -> None:
    model = save_model(tmp_path / "two.onnx", weights=np.eye(3, 2))
    result = regcore("predict", model, photos)
    assert result.exit_code == 0, result.output

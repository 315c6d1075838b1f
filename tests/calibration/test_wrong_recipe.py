"""An int8 model that was calibrated with images of another recipe is told by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from onnx_models import RECIPE, save_model
from PIL import Image

from regcore import calibrate_model, calibration_reader, evaluate_model, quantize_model

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

RAW = "resize=256,crop=224,filter=bicubic,mean=0,0,0,std=1,1,1,divisor=1"
HALVES = "resize=256,crop=224,filter=bicubic,mean=0.5,0.5,0.5,std=0.5,0.5,0.5"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    random = np.random.default_rng(0)
    lines = []
    for number in range(6):
        pixels = random.integers(0, 256, (40, 40, 3), np.uint8)
        pixels[:8], pixels[-8:] = 0, 255
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number}.png")
        lines.append(f"{number}.png {number % 3}\n")
    (tmp_path / "labels.txt").write_text("".join(lines))
    return tmp_path / "photos"


def said(model: Path, photos: Path, **options: str) -> list[str]:
    told: list[str] = []
    labels, out = photos.with_name("labels.txt"), photos.with_name("out")
    evaluate_model(model, photos, labels, out=out, log=told.append, force=True, **options)  # type: ignore[arg-type]
    return [line for line in told if "calibrated with images" in line]


def by_hand(model: Path, calibration: Path, out: Path) -> Path:
    """Quantised without regcore, which would refuse such images; the recipe stays in the file."""
    from onnxruntime.quantization import QuantFormat, quantize_static

    quantize_static(model, out, calibration_reader(calibration), QuantFormat.QDQ)
    return out


@pytest.mark.parametrize(
    ("wrong", "name"), [(RAW, "pixels from 0 to 255"), (HALVES, "mean 0.5 and std 0.5")]
)
def test_a_model_of_another_tool(photos: Path, tmp_path: Path, wrong: str, name: str) -> None:
    model = save_model(tmp_path / "model.onnx")
    calibrate_model(model, photos, tmp_path / "wrong", count=4, recipe=wrong)
    (line,) = said(by_hand(model, tmp_path / "wrong", tmp_path / "wrong.onnx"), photos)
    assert f"({name}), and the recipe {RECIPE.identity} gives -2.12 to 2.64" in line
    assert "(ImageNet's mean and std); it was calibrated with images of another recipe, or" in line


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("method", ["minmax", "percentile", "entropy"])
def test_the_right_images_are_not_doubted(
    photos: Path, tmp_path: Path, method: str, *, symmetric: bool
) -> None:
    model = save_model(tmp_path / "model.onnx")
    calibrate_model(model, photos, tmp_path / "right", count=4)
    assert said(by_hand(model, tmp_path / "right", tmp_path / "right.onnx"), photos) == []
    made = quantize_model(model, tmp_path / "right", method=method, symmetric=symmetric)
    assert said(made.path, photos) == []


def darken(photos: Path) -> None:
    random = np.random.default_rng(0)
    for path in photos.glob("*.png"):
        Image.fromarray(random.integers(0, 150, (40, 40, 3), np.uint8)).save(path)


@pytest.mark.parametrize("method", ["minmax", "percentile", "entropy"])
def test_dark_images_of_the_right_recipe_are_not_doubted(
    photos: Path, tmp_path: Path, method: str
) -> None:
    darken(photos)
    model = save_model(tmp_path / "model.onnx")
    calibrate_model(model, photos, tmp_path / "right", count=4)
    made = quantize_model(model, tmp_path / "right", method=method)
    assert said(made.path, photos) == []


def test_of_dark_images_the_range_alone_is_told(photos: Path, tmp_path: Path) -> None:
    """Where nobody knows by which recipe they were prepared, no other one is said to be certain."""
    darken(photos)
    model = save_model(tmp_path / "model.onnx")
    calibrate_model(model, photos, tmp_path / "right", count=4)
    (line,) = said(by_hand(model, tmp_path / "right", tmp_path / "right.onnx"), photos)
    assert "the range of its input does not fit: its 8 bits hold -" in line
    assert line.endswith("or with few of the values that images have")


def test_a_model_of_regcore(photos: Path, tmp_path: Path) -> None:
    """Of a model without a recipe, whose calibration had a wrong one."""
    model = save_model(tmp_path / "silent.onnx", says_recipe=False)
    calibrate_model(model, photos, tmp_path / "wrong", count=4, recipe=HALVES)
    made = quantize_model(model, tmp_path / "wrong").path
    (by_record,) = said(made, photos, recipe="regnety_016")
    assert "mean [0.485, 0.456, 0.406] instead of [0.5, 0.5, 0.5]" in by_record


def test_it_is_refused_before(photos: Path, tmp_path: Path) -> None:
    model = save_model(tmp_path / "model.onnx")
    calibrate_model(model, photos, tmp_path / "wrong", count=4, recipe=HALVES)
    told = regcore("quantize", model, "--calibration", tmp_path / "wrong")
    assert told.exit_code == 5
    assert "mean [0.5, 0.5, 0.5] instead of [0.485, 0.456, 0.406]" in told.stderr

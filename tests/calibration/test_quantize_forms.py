"""Forms of a model that a quantiser must cope with: where constants stand, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import save_graph
from PIL import Image

from regcore import calibrate_model, quantize_model
from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SMALL = Recipe(resize=8, crop=8, filter="bilinear", mean=(0, 0, 0), std=(1, 1, 1))
CONV = ("Conv", ["image", "w"], ["a"], {"name": "conv"})
POOL = ("GlobalAveragePool", ["a"], ["pooled"], {"name": "pool"})
FLAT = ("Flatten", ["pooled"], ["class"], {"name": "flat"})


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    random = np.random.default_rng(0)
    for number in range(4):
        pixels = random.integers(0, 256, (30, 30, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number}.png")
    return tmp_path / "photos"


def saved(path: Path, nodes: list[tuple[Any, ...]], constants: dict[str, Any]) -> Path:
    weights = np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32)
    return save_graph(
        path,
        nodes,
        ("float32", ["N", 4]),
        constants={"w": weights, **constants},
        properties=ModelMetadata(SMALL, "small", "none").to_properties(),
        opset=13,
    )


def quantised(model: Path, photos: Path, to: str = "int8-qdq") -> float:
    """Quantises a model; the noise of its scores in dB below them."""
    calibrate_model(model, photos, model.parent / "calibration", count=4)
    ratio = quantize_model(model, model.parent / "calibration", to=to).form.signal_to_noise_db
    assert ratio is not None
    return ratio


def test_sizes_that_are_constants_of_the_graph(
    photos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shape = ("Reshape", ["pooled", "shape"], ["class"], {"name": "reshape"})
    constants = {"shape": np.array([-1, 4], np.int64)}
    model = saved(tmp_path / "reshape.onnx", [CONV, POOL, shape], constants)
    assert quantised(model, photos) > 20
    assert capfd.readouterr().err == ""


def test_padding_that_is_a_constant_of_the_graph(photos: Path, tmp_path: Path) -> None:
    pad = ("Pad", ["image", "pads"], ["padded"], {"name": "pad", "mode": "edge"})
    conv = ("Conv", ["padded", "w"], ["a"], {"name": "conv"})
    constants = {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)}
    model = saved(tmp_path / "edge.onnx", [pad, conv, POOL, FLAT], constants)
    assert quantised(model, photos) > 20

"""A model gets images of every dtype, number of channels, layout and shape, as its recipe says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import save_graph
from oracles import photo_like
from PIL import Image

from regcore import Preprocessor, Recipe, infer_images
from regcore.models.metadata import ModelMetadata

FORMS: dict[str, dict[str, Any]] = {
    "bfloat16": {"dtype": "bfloat16"},
    "float16": {"dtype": "float16"},
    "int8": {"dtype": "int8", "quant_scale": 0.02, "quant_zero_point": -3},
    "quantized uint8": {"dtype": "uint8", "quant_scale": 0.02, "quant_zero_point": 110},
    "one channel": {"channels": "gray", "mean": (0.5,), "std": (0.25,)},
    "one channel, nhwc": {"channels": "gray", "mean": (0.5,), "std": (0.25,), "layout": "nhwc"},
    "a rectangle": {"resize": (20, 31), "crop": None},
    "a rectangle of int8, nhwc": {
        "resize": (20, 31),
        "crop": None,
        "layout": "nhwc",
        "dtype": "int8",
        "quant_scale": 0.02,
    },
}


def as_float(images: np.ndarray[Any, Any], recipe: Recipe) -> np.ndarray[Any, Any]:
    if recipe.dtype == "bfloat16":
        return (images.astype(np.uint32) << 16).view(np.float32)
    return images.astype(np.float32)


@pytest.mark.parametrize("form", FORMS)
def test_scores_are_of_the_recipes_images(tmp_path: Path, form: str) -> None:
    recipe = Recipe(**{"resize": 24, "crop": 16, **FORMS[form]})
    rank = [0, 1, 2, 3] if recipe.layout == "nchw" else [0, 3, 1, 2]
    nodes: list[tuple[Any, ...]] = [
        ("Cast", ["image"], ["cast"], {"to": 1}),
        ("Transpose", ["cast"], ["turned"], {"perm": rank}),
        ("GlobalAveragePool", ["turned"], ["pooled"], {}),
        ("Flatten", ["pooled"], ["class"], {}),
    ]
    channels = len(recipe.mean)
    model = save_graph(
        tmp_path / "m.onnx",
        nodes,
        ("float32", ["N", channels]),
        properties=ModelMetadata(recipe, "made.v1").to_properties(),
        image=(recipe.dtype, ["N", *recipe.image_shape]),
    )
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(3):
        Image.fromarray(photo_like(40, 33 + i)).save(photos / f"{i}.png")
    infer_images(model, photos, tmp_path / "out")
    paths = [photos / f"{i}.png" for i in range(3)]
    images = as_float(Preprocessor(recipe)(paths), recipe)
    expected = images.mean(axis=(2, 3) if recipe.layout == "nchw" else (1, 2))
    scores = [
        np.loadtxt(tmp_path / "out" / "dumpOutput_device0" / f"{i}_1.txt").reshape(channels)
        for i in range(3)
    ]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)

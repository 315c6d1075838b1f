from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pipeline_twins import check_recipe, read_by_pillow, resized

from regcore import Recipe, UsageError


def preprocess_input(values: NDArray[np.float32], mode: str) -> NDArray[np.float32]:
    """keras.applications.imagenet_utils for an array of float32, the channels last."""
    if mode == "tf":
        values /= 127.5
        values -= 1.0
        return values
    if mode == "torch":
        values /= 255.0
        mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    else:
        values = values[..., ::-1]
        mean, std = [103.939, 116.779, 123.68], [1.0, 1.0, 1.0]
    for channel in range(3):
        values[..., channel] -= mean[channel]
        values[..., channel] /= std[channel]
    return values


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize(
    ("size", "filter_name", "method"),
    [
        (224, "nearest", Image.Resampling.NEAREST),
        ((150, 201), "bilinear", Image.Resampling.BILINEAR),
        (299, "bicubic", Image.Resampling.BICUBIC),
    ],
)
def test_equals_load_img_and_preprocess_input(
    mode: str, size: Any, filter_name: str, method: Image.Resampling
) -> None:
    rows, columns = (size, size) if isinstance(size, int) else size

    def twin(item: bytes) -> NDArray[np.float32]:
        pixels = resized(read_by_pillow(item), columns, rows, method)
        return preprocess_input(pixels.astype(np.float32), mode)

    recipe = Recipe.from_keras(mode, size, filter=filter_name)
    assert recipe.image_shape == (rows, columns, 3)
    check_recipe(recipe, twin)


def test_the_filter_must_be_said() -> None:
    with pytest.raises(TypeError, match="filter"):
        Recipe.from_keras("caffe", 224)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("mode", "size", "filter_name", "named"),
    [
        ("imagenet", 224, "nearest", "keras mode is one of caffe, tf, torch"),
        (["tf"], 224, "nearest", "mode is one of"),
        ("tf", 224, "lanczos5", "filter"),
        ("tf", 0, "nearest", "resize"),
        ("tf", None, "nearest", "crop"),
        ("tf", (224, 224, 3), "nearest", "resize"),
    ],
)
def test_senseless_arguments(mode: Any, size: Any, filter_name: str, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        Recipe.from_keras(mode, size, filter=filter_name)

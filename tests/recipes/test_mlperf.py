from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pipeline_twins import check_recipe, read_by_opencv, resized

from regcore import Recipe, UsageError


def pre_process_imagenet_pytorch(item: bytes) -> NDArray[np.float32]:
    pixels = read_by_opencv(item)[:, :, ::-1]
    rows, columns = pixels.shape[:2]
    if columns <= rows:
        columns, rows = 256, int(256 * rows / columns)
    else:
        columns, rows = int(256 * columns / rows), 256
    pixels = resized(np.ascontiguousarray(pixels), columns, rows, Image.Resampling.BILINEAR)
    top, left = round((rows - 224) / 2.0), round((columns - 224) / 2.0)
    values = pixels[top : top + 224, left : left + 224].astype(np.float32) / np.float32(255)
    values -= np.array([0.485, 0.456, 0.406], np.float32)
    values /= np.array([0.229, 0.224, 0.225], np.float32)
    return values.transpose(2, 0, 1)


@pytest.mark.parametrize("profile", ["resnet50-pytorch", "resnet50-ncnn", "imagenet_pytorch"])
def test_equals_the_reference_code(profile: str) -> None:
    check_recipe(Recipe.from_mlperf(profile), pre_process_imagenet_pytorch)


@pytest.mark.parametrize(
    ("profile", "named"),
    [
        ("resnet50-tf", "resnet50-tf: .* imagenet resizes with OpenCV's INTER_AREA"),
        ("resnet50-onnxruntime", "INTER_AREA"),
        ("resnet50-tflite", "imagenet_tflite_tpu .* INTER_LINEAR"),
        ("mobilenet-tf", "imagenet_mobilenet .* INTER_LINEAR"),
        ("imagenet_mobilenet", "INTER_LINEAR"),
        ("ssd-mobilenet-tf", "detects objects"),
        ("retinanet-pytorch", "detects objects"),
        ("resnet51", "there are resnet50-pytorch"),
        (["resnet50-pytorch"], "no MLPerf profile"),
    ],
)
def test_refusals_say_why(profile: Any, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        Recipe.from_mlperf(profile)

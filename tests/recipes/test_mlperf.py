from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pipeline_twins import check_recipe, opencv, read_by_opencv, resized

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


def resized_with_aspectratio(item: bytes, interpolation: str) -> NDArray[np.float32]:
    """RGB, as the reference code resizes and crops it by OpenCV."""
    cv2 = opencv()
    pixels = cv2.cvtColor(cv2.imdecode(np.frombuffer(item, np.uint8), 1), cv2.COLOR_BGR2RGB)
    rows, columns = pixels.shape[:2]
    if rows > columns:
        columns, rows = 256, int(256 * rows / columns)
    else:
        columns, rows = int(256 * columns / rows), 256
    pixels = cv2.resize(pixels, (columns, rows), interpolation=getattr(cv2, interpolation))
    left, top = int((columns - 224) / 2), int((rows - 224) / 2)
    return pixels[top : top + 224, left : left + 224].astype(np.float32)


def pre_process_vgg(item: bytes) -> NDArray[np.float32]:
    values = resized_with_aspectratio(item, "INTER_AREA")
    values -= np.array([123.68, 116.78, 103.94], np.float32)
    return values.transpose(2, 0, 1)


def pre_process_mobilenet(item: bytes) -> NDArray[np.float32]:
    values = resized_with_aspectratio(item, "INTER_LINEAR")
    values /= 255.0
    values -= 0.5
    values *= 2
    return values.transpose(2, 0, 1)


def pre_process_imagenet_tflite_tpu(item: bytes) -> NDArray[np.float32]:
    values = resized_with_aspectratio(item, "INTER_LINEAR")[..., ::-1].copy()
    values -= np.array([103.939, 116.779, 123.68], np.float32)
    return values.transpose(2, 0, 1)


@pytest.mark.parametrize("profile", ["resnet50-pytorch", "resnet50-ncnn", "imagenet_pytorch"])
def test_equals_the_reference_code(profile: str) -> None:
    check_recipe(Recipe.from_mlperf(profile), pre_process_imagenet_pytorch)


@pytest.mark.parametrize(
    ("profile", "twin"),
    [
        ("resnet50-tf", pre_process_vgg),
        ("resnet50-onnxruntime", pre_process_vgg),
        ("mobilenet-onnxruntime", pre_process_mobilenet),
        ("resnet50-tflite", pre_process_imagenet_tflite_tpu),
    ],
)
def test_equals_the_reference_code_with_opencv(
    profile: str, twin: Callable[[bytes], NDArray[np.float32]]
) -> None:
    check_recipe(Recipe.from_mlperf(profile), twin)


@pytest.mark.parametrize(
    ("profile", "named"),
    [
        ("ssd-mobilenet-tf", "detects objects"),
        ("retinanet-pytorch", "detects objects"),
        ("resnet51", "there are resnet50-pytorch"),
        (["resnet50-pytorch"], "no MLPerf profile"),
    ],
)
def test_refusals_say_why(profile: Any, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        Recipe.from_mlperf(profile)

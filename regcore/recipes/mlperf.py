"""The recipes of MLPerf inference's reference code for image classification.

https://github.com/mlcommons/inference, vision/classification_and_detection/python: the profiles
of main.py, their pre-processing in dataset.py.
"""

from __future__ import annotations

from typing import Any

from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.recipes.recipe import Recipe

_ONES = (1.0, 1.0, 1.0)
#: What each of the reference code's data sets does, all after a resize of the short side to 256 and
#: a crop of 224. OpenCV reads the file, and turns the picture as EXIF says.
_DATASETS: dict[str, dict[str, Any]] = {
    "imagenet": {
        "filter": "area", "mean": (123.68, 116.78, 103.94), "std": _ONES, "divisor": 1.0,
    },
    "imagenet_mobilenet": {"filter": "bilinear", "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)},
    "imagenet_tflite_tpu": {
        "filter": "bilinear", "mean": (103.939, 116.779, 123.68), "std": _ONES, "divisor": 1.0,
        "channels": "bgr",
    },
    "imagenet_pytorch": {"filter": "bilinear", "flavour": "pillow", "crop_offset": "half_even"},
}  # fmt: skip
#: The data set of each profile.
_PROFILES = {
    "resnet50-pytorch": "imagenet_pytorch",
    "resnet50-ncnn": "imagenet_pytorch",
    "resnet50-tf": "imagenet",
    "resnet50-onnxruntime": "imagenet",
    "resnet50-tflite": "imagenet_tflite_tpu",
    "mobilenet-tf": "imagenet_mobilenet",
    "mobilenet-onnxruntime": "imagenet_mobilenet",
}
_OF_DETECTION = ("ssd-", "retinanet-")


def recipe_of_mlperf(profile: str) -> Recipe:
    """The recipe of the reference code's --profile, or of its --dataset, NCHW.

    Raises UsageError for an unknown one.
    """
    if isinstance(profile, str) and profile.startswith(_OF_DETECTION):
        raise UsageError(f"MLPerf profile {shown(profile)}: detects objects")
    names = (*_PROFILES, *_DATASETS)
    if not isinstance(profile, str) or profile not in names:
        raise UsageError(f"no MLPerf profile {shown(profile)}; there are {', '.join(names)}")
    common = {"resize": 256, "crop": 224, "exif": "apply"}
    by_opencv = {"flavour": "opencv", "crop_offset": "floor"}
    return Recipe(**{**common, **by_opencv, **_DATASETS[_PROFILES.get(profile, profile)]})

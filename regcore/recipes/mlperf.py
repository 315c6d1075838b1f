"""The recipes of MLPerf inference's reference code for image classification.

https://github.com/mlcommons/inference, vision/classification_and_detection/python: the profiles
of main.py, their pre-processing in dataset.py.
"""

from __future__ import annotations

from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.recipes.recipe import Recipe

_PYTORCH = "imagenet_pytorch"
#: The profiles, and what each calls its data set.
_PROFILES = {
    "resnet50-pytorch": _PYTORCH,
    "resnet50-ncnn": _PYTORCH,
    "resnet50-tf": "imagenet",
    "resnet50-onnxruntime": "imagenet",
    "resnet50-tflite": "imagenet_tflite_tpu",
    "mobilenet-tf": "imagenet_mobilenet",
    "mobilenet-onnxruntime": "imagenet_mobilenet",
}
_CV2_RESIZES = {
    "imagenet": "INTER_AREA",
    "imagenet_mobilenet": "INTER_LINEAR",
    "imagenet_tflite_tpu": "INTER_LINEAR",
}
_OF_DETECTION = ("ssd-", "retinanet-")


def recipe_of_mlperf(profile: str) -> Recipe:
    """The recipe of the reference code's --profile, or of its --dataset, NCHW.

    Raises UsageError for an unknown one, and for those that resize with OpenCV.
    """
    if isinstance(profile, str) and profile.startswith(_OF_DETECTION):
        raise UsageError(f"MLPerf profile {shown(profile)}: detects objects")
    names = (*_PROFILES, _PYTORCH, *_CV2_RESIZES)
    if not isinstance(profile, str) or profile not in names:
        raise UsageError(f"no MLPerf profile {shown(profile)}; there are {', '.join(names)}")
    dataset = _PROFILES.get(profile, profile)
    if dataset in _CV2_RESIZES:
        raise UsageError(
            f"MLPerf profile {profile}: its data set {dataset} resizes with OpenCV's "
            f"{_CV2_RESIZES[dataset]}, which no filter of a recipe equals"
        )
    # OpenCV reads the file, and turns the picture as EXIF says.
    return Recipe(resize=256, crop=224, filter="bilinear", exif="apply")

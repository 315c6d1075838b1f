"""The recipes of keras.applications: Pillow's exact resize and one of three normalisations."""

from __future__ import annotations

from typing import Any

from regcore.files.arguments import check_choice
from regcore.recipes.recipe import IMAGENET_MEAN, IMAGENET_STD, Recipe

_ONES = (1.0, 1.0, 1.0)

#: By keras.applications.imagenet_utils.preprocess_input of Keras 3, for float32 arrays.
_MODES: dict[str, dict[str, Any]] = {
    "caffe": {"channels": "bgr", "divisor": 1.0, "mean": (103.939, 116.779, 123.68), "std": _ONES},
    "tf": {"divisor": 127.5, "mean": _ONES, "std": _ONES},
    "torch": {"divisor": 255.0, "mean": IMAGENET_MEAN, "std": IMAGENET_STD},
}


def recipe_of_keras(mode: str, size: int | tuple[int, int], filter_name: str) -> Recipe:
    """The recipe of `preprocess_input(img_to_array(load_img(path, target_size=size)))`, NHWC.

    mode: "caffe" (ResNet, VGG), "tf" (ResNetV2, MobileNet, Inception, Xception, NASNet) or "torch"
        (DenseNet).
    size: of the model's input, one side or (rows, columns); the whole picture is squashed into it.
    filter_name: the `interpolation` of load_img, whose own default is "nearest".

    Raises UsageError where an argument makes no sense.
    """
    check_choice("keras mode", mode, tuple(_MODES))
    rows_columns = (size, size) if isinstance(size, int) else size
    return Recipe(resize=rows_columns, crop=None, filter=filter_name, layout="nhwc", **_MODES[mode])

"""The recipes of MMPretrain: the test pipeline and the data_preprocessor of a configuration.

https://github.com/open-mmlab/mmpretrain (mmpretrain/datasets/transforms/processing.py,
mmpretrain/models/utils/data_preprocessor.py) and https://github.com/open-mmlab/mmcv
(mmcv/transforms, mmcv/image).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.recipes.python_config import read_python_config
from regcore.recipes.recipe import Recipe
from regcore.recipes.settings import Configuration, Settings, items
from regcore.recipes.steps import OPENCV_FILTERS, PILLOW_FILTERS, Steps

#: What mmcv's flags, the same for OpenCV and Pillow, make of the orientation in EXIF.
_COLOR_TYPES = {"color": "apply", "color_ignore_orientation": "ignore"}
_DECODERS = {"cv2": "cv2", "pillow": "pillow"}
#: The flavour of each backend, and its filters.
_RESIZERS = {"cv2": ("opencv", OPENCV_FILTERS), "pillow": ("pillow", PILLOW_FILTERS)}


def recipe_of_mmpretrain(
    source: Configuration, data_preprocessor: Mapping[str, Any] | None = None
) -> Recipe:
    """The recipe of the test pipeline, float32 NCHW.

    source: a Python file, which is read and never run, with its `_base_` files; what it holds; or
        a `test_pipeline` list alone.
    data_preprocessor: in place of the configuration's, and for a list.

    Raises UsageError, which names the key, for what cannot be expressed exactly or is not written
    out, DatasetError for an unreadable file.
    """
    place = ""
    if isinstance(source, (str, Path)):
        place = f"{source}: "
        source = read_python_config(source)
    if isinstance(source, Mapping):
        config = Settings(source, place)
        pipeline = _test_pipeline(config)
        normalisation = _preprocessor(config)
    else:
        pipeline = items(source, "pipeline")
        normalisation = Settings({}, "data_preprocessor")
    if data_preprocessor is not None:
        normalisation = Settings(data_preprocessor, "data_preprocessor")
    steps = Steps("bgr")
    kinds = set()
    for where, values in pipeline:
        step = Settings(values, where)
        # A prefix is the registry that has the transform.
        kind = step.word("type").rpartition(".")[2]
        if kind not in _TRANSFORMS:
            raise step.refusal("type", f"{shown(kind)} is no step that a recipe has")
        _TRANSFORMS[kind](step, steps)
        step.finish()
        kinds.add(kind)
    if "LoadImageFromFile" not in kinds:
        raise UsageError(f"{place}LoadImageFromFile: is missing from the pipeline")
    _normalise(normalisation, steps)
    return steps.recipe(place)


def _test_pipeline(config: Settings) -> list[tuple[str, Any]]:
    for loader in ("test_dataloader", "val_dataloader"):
        if loader in config:
            return config.inner(loader).inner("dataset").listed("pipeline")
    if "test_pipeline" in config:
        return config.listed("test_pipeline")
    raise config.refusal("test_dataloader", "is missing, and so is a test_pipeline")


def _preprocessor(config: Settings) -> Settings:
    """That of the model goes before that of the file, as MMEngine's Runner has it."""
    if "model" in config:
        model = config.inner("model")
        if "data_preprocessor" in model:
            return model.inner("data_preprocessor")
    if "data_preprocessor" in config:
        return config.inner("data_preprocessor")
    return Settings({}, config.at("data_preprocessor"))


def _load(step: Settings, steps: Steps) -> None:
    step.choice("imdecode_backend", _DECODERS, "cv2")
    exif = step.choice("color_type", _COLOR_TYPES, "color")
    if step.flag("to_float32", default=False):
        raise step.refusal("to_float32", "a recipe resizes whole numbers only")
    for key in ("ignore_empty", "file_client_args", "backend_args"):
        step.take(key)
    steps.add("decode", step, "type", exif=exif)


def _resize_edge(step: Settings, steps: Steps) -> None:
    edge = step.word("edge", "short")
    if edge != "short":
        raise step.refusal("edge", f"{shown(edge)} is no size that a recipe computes; short is")
    _resize_to(step, steps, step.side("scale"))


def _resize(step: Settings, steps: Steps) -> None:
    if step.flag("keep_ratio", default=False):
        raise step.refusal("keep_ratio", "rounds half a pixel up, which no fit of a recipe does")
    step.take("clip_object_border")
    scale = step.sides("scale")
    step.take("scale_factor")
    _resize_to(step, steps, scale)


def _resize_to(step: Settings, steps: Steps, resize: int | tuple[int, int]) -> None:
    flavour, filters = _RESIZERS[step.choice("backend", _DECODERS, "cv2")]
    filter_name = step.choice("interpolation", filters, "bilinear")
    steps.add("resize", step, "type", resize=resize, filter=filter_name, flavour=flavour)


def _crop(step: Settings, steps: Steps) -> None:
    if step.flag("auto_pad", default=False):
        raise step.refusal("auto_pad", "pads on the right and below, where a recipe centres")
    for key in ("pad_cfg", "clip_object_border"):
        step.take(key)
    steps.add("crop", step, "type", crop=step.sides("crop_size"))


def _pack(step: Settings, steps: Steps) -> None:  # noqa: ARG001
    if step.word("input_key", "img") != "img":
        raise step.refusal("input_key", "must be img")
    for key in ("algorithm_keys", "meta_keys"):
        step.take(key)


_TRANSFORMS = {
    "LoadImageFromFile": _load,
    "ResizeEdge": _resize_edge,
    "Resize": _resize,
    "CenterCrop": _crop,
    "PackInputs": _pack,
    "PackClsInputs": _pack,
}


def _normalise(settings: Settings, steps: Steps) -> None:
    """ClsDataPreprocessor: (pixel - mean) / std in float32, both in the order of the channels."""
    kind = settings.word("type", "ClsDataPreprocessor").rpartition(".")[2]
    if kind != "ClsDataPreprocessor":
        raise settings.refusal("type", f"{shown(kind)} is not read; ClsDataPreprocessor is")
    if settings.flag("to_rgb", default=False):
        steps.swap_channels(settings, "to_rgb")
    if settings.take("pad_size_divisor") not in (None, 1):
        raise settings.refusal("pad_size_divisor", "pads on the right and below")
    values: dict[str, tuple[float, ...]] = {"mean": (0.0,) * 3, "std": (1.0,) * 3}
    if "mean" in settings:
        values = {name: settings.per_channel(name) for name in values}
    steps.add("normalise", settings, "mean", divisor=1.0, **values)
    settings.finish("std", "pad_value", "num_classes", "to_onehot", "batch_augments", "_scope_")

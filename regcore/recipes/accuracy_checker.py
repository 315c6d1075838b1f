"""The recipes of OpenVINO's accuracy_checker: a data set's reader and preprocessing.

https://github.com/openvinotoolkit/open_model_zoo, tools/accuracy_checker: data_readers and
preprocessor.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.recipes.recipe import Recipe
from regcore.recipes.settings import Configuration, Settings
from regcore.recipes.steps import Steps, with_values
from regcore.recipes.yaml_file import read_yaml

#: The order of the channels, and what becomes of the orientation in EXIF.
_READERS = {"opencv_imread": ("bgr", "apply"), "pillow_imread": ("rgb", "ignore")}
_PILLOW_FILTERS = {
    "nearest": "nearest", "none": "nearest", "box": "box", "hamming": "hamming",
    "bilinear": "bilinear", "linear": "bilinear", "bicubic": "bicubic", "cubic": "bicubic",
    "lanczos": "lanczos", "antialias": "lanczos",
}  # fmt: skip
_OPENCV_FILTERS = {
    "nearest": "nearest", "linear": "bilinear", "bilinear": "bilinear", "cubic": "bicubic",
    "bicubic": "bicubic", "area": "area", "lanczos4": "lanczos",
}  # fmt: skip
#: The flavours, and what their filters are called here.
_RESIZERS = {"opencv": _OPENCV_FILTERS, "pillow": _PILLOW_FILTERS}
_PRECOMPUTED = {
    "imagenet": (104.00698793, 116.66876762, 122.67891434),
    "cifar10": (125.307, 122.961, 113.8575),
}


def recipe_of_accuracy_checker(source: Configuration, dataset: str | None = None) -> Recipe:
    """The recipe of a data set, float32 NCHW.

    source: a YAML file; what it holds, or one of its `datasets`; or a `preprocessing` list alone.
        Without a `reader` it is opencv_imread, as there.
    dataset: where there are several that differ, the name of the one that is meant, or its place,
        such as "models[1].datasets[0]".

    Raises UsageError, which names the key, for what cannot be expressed exactly (normalisation in
    float64 with other values), DatasetError for an unreadable file, BackendError
    where PyYAML is not installed.
    """
    place = ""
    if isinstance(source, (str, Path)):
        place = f"{source}: "
        source = read_yaml(source)
    if not isinstance(source, Mapping):
        return _recipe_of_steps(Settings({"preprocessing": source}, place))
    found = [
        (where, values)
        for where, values in _datasets(source, place)
        if dataset is None or dataset in (_name(values), where.removeprefix(place))
    ]
    if not found:
        asked = f" called {shown(dataset)}" if dataset is not None else ""
        raise UsageError(f"{place}datasets: has none{asked}")
    recipes = [_recipe_of_steps(Settings(values, where)) for where, values in found]
    if any(recipe != recipes[0] for recipe in recipes):
        places = ", ".join(
            f"{where.removeprefix(place)} ({shown(_name(values))})" for where, values in found
        )
        raise UsageError(f"{place}datasets: say which is meant, they differ: {places}")
    return recipes[0]


def _datasets(config: Mapping[str, Any], place: str) -> list[tuple[str, Any]]:
    """The data sets of all models, or of one, or the one that this is, each with its place."""
    settings = Settings(config, place)
    if "models" in settings:
        return [
            found
            for where, model in settings.listed("models")
            for found in Settings(model, where).listed("datasets")
        ]
    if "datasets" in settings:
        return settings.listed("datasets")
    return [(place, config)]


def _name(dataset: object) -> object:
    return dataset.get("name") if isinstance(dataset, Mapping) else None


def _recipe_of_steps(dataset: Settings) -> Recipe:
    pipeline = _Pipeline(*_reader(dataset))
    for where, values in dataset.listed("preprocessing"):
        pipeline.add(Settings(values, where))
    place = dataset.place
    return pipeline.recipe(place if place.endswith(": ") or not place else f"{place}: ")


def _reader(dataset: Settings) -> tuple[str, str]:
    value = dataset.take("reader")
    options = Settings({"type": "opencv_imread" if value is None else value}, dataset.at("reader"))
    if isinstance(value, Mapping):
        options = Settings(value, dataset.at("reader"))
    name = options.word("type")
    if name not in _READERS:
        raise options.refusal("type", f"{shown(name)} is none of {', '.join(_READERS)}")
    if options.word("reading_flag", "color") != "color":
        raise options.refusal("reading_flag", "only color is read as a recipe does it")
    if not options.flag("to_rgb", default=True):
        raise options.refusal("to_rgb", "gray pictures would stay gray")
    options.finish("multi_infer")
    return _READERS[name]


class _Pipeline:
    """What the steps do, one after the other."""

    def __init__(self, channels: str, exif: str) -> None:
        # accuracy_checker gives the model the pixels as floats, where nothing normalises them.
        values = {"divisor": 1.0, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
        self._steps = Steps(channels, exif=exif, **values)
        self._normalised: list[tuple[Settings, dict[str, tuple[float, ...]]]] = []
        self._kinds = {
            "resize": self._resize,
            "crop": self._crop,
            "bgr_to_rgb": self._swap,
            "rgb_to_bgr": self._swap,
            "normalization": self._normalise,
        }

    def add(self, step: Settings) -> None:
        """One step of the list."""
        kind = step.word("type")
        if kind not in self._kinds:
            raise step.refusal("type", f"{shown(kind)} is no step that a recipe has")
        self._kinds[kind](step)
        step.finish()

    def recipe(self, place: str) -> Recipe:
        """What the steps come to."""
        recipe = self._steps.recipe(place)
        if self._normalised:
            wanted: NDArray[np.float64] = np.tile(np.arange(256.0), (3, 1))
            for _, values in self._normalised:
                wanted -= np.array(values.get("mean", 0.0))[..., None]
                wanted /= np.array(values.get("std", 1.0))[..., None]
            step = self._normalised[-1][0]
            recipe = with_values(recipe, wanted, step, "type", "float64")
        return recipe

    def _resize(self, step: Settings) -> None:
        by_pillow = step.flag("use_pillow", default=False)
        if step.flag("use_tensorflow", default=False):
            raise step.refusal("use_tensorflow", "is not read; OpenCV's and Pillow's resize are")
        library = step.word("resize_realization", "pillow" if by_pillow else "opencv")
        if library not in _RESIZERS:
            raise step.refusal("resize_realization", f"must be one of {', '.join(_RESIZERS)}")
        rows, columns = _sides(step)
        resize: int | tuple[int, int] = (rows, columns)
        if "aspect_ratio_scale" in step:
            scale = step.word("aspect_ratio_scale")
            if scale != "greater" or rows != columns:
                raise step.refusal(
                    "aspect_ratio_scale",
                    f"{shown(scale)} of {columns} x {rows} is no size that a recipe computes; "
                    "only greater of a square is",
                )
            resize = rows
        filter_name = step.choice("interpolation", _RESIZERS[library], "bilinear")
        self._steps.add("resize", step, "type", resize=resize, filter=filter_name, flavour=library)

    def _crop(self, step: Settings) -> None:
        # Without Pillow it is the array that is cut, from a whole number of pixels rounded down.
        offset = "half_even" if step.flag("use_pillow", default=False) else "floor"
        if step.flag("max_square", default=False):
            raise step.refusal("max_square", "cuts another size from every picture")
        if "central_fraction" in step:
            raise step.refusal("central_fraction", "cuts another size from every picture")
        self._steps.add("crop", step, "type", crop=_sides(step), crop_offset=offset)

    def _swap(self, step: Settings) -> None:
        self._steps.swap_channels(step, "type")

    def _normalise(self, step: Settings) -> None:
        values = {name: _numbers(step, name) for name in ("mean", "std") if name in step}
        step.flag("images_only", default=False)
        if not values:
            raise step.refusal("mean", "is missing, and so is std")
        if self._normalised:
            # The first of two may be what a recipe calls the divisor.
            first = self._normalised[0][1]
            if len(self._normalised) > 1 or "mean" in first or len(set(first["std"])) > 1:
                raise step.refusal("type", "normalises once more, which a recipe does not")
            plain = {"mean": (0.0,) * 3, "std": (1.0,) * 3}
            self._steps.change(divisor=first["std"][0], **{**plain, **values})
        else:
            self._steps.add("normalise", step, "type", **values)
        self._normalised.append((step, values))


def _sides(step: Settings) -> tuple[int, int]:
    """(rows, columns); `size` goes before the two sides."""
    if "size" in step:
        side = step.side("size")
        step.take("dst_width")
        step.take("dst_height")
        return side, side
    return step.side("dst_height"), step.side("dst_width")


def _numbers(step: Settings, key: str) -> tuple[float, ...]:
    """Numbers for the channels: a list, a text with commas, or the name of precomputed ones."""
    value = step.take(key)
    if isinstance(value, str):
        text = value.lower().strip()
        if text in _PRECOMPUTED:
            return _PRECOMPUTED[text]
        try:
            value = [float(part) for part in text.strip("()[]").split(",")]
        except ValueError as error:
            raise step.refusal(key, f"must be numbers, not {shown(text)}") from error
    return Settings({key: value}, step.place).per_channel(key)

"""Whether a published accuracy holds for a run: the same weights, on images made the same way."""

from __future__ import annotations

import math
from dataclasses import replace

from regcore.errors import DatasetError, MismatchError, RegcoreError, UsageError
from regcore.formats.timm_results import Baseline
from regcore.recipes.recipe import Recipe
from regcore.recipes.timm import find_model

#: What a run's recipe is called where the model does not name itself.
_NAMELESS = ("the model's own", "the store's")
#: What timm has around a picture that is smaller than the crop.
_BLACK = (0, 0, 0)
#: The fields in which the images of a run must be those of the baseline, and what they are called.
#: The form of the values does not matter to a published accuracy, nor whose Pillow resized.
_COMPARED = {
    "crop": "size",
    "resize": "short side",
    "filter": "filter",
    "mean": "mean",
    "std": "std",
    "arithmetic": "arithmetic",
    "divisor": "divisor",
    "second_std": "second std",
    "fit": "fit",
    "crop_offset": "crop offset",
    "fill": "fill",
    "exif": "EXIF orientation",
    "channels": "channels",
}


def check_baseline(
    baseline: Baseline, name: str, recipe: Recipe, *, assume_tag: bool = False
) -> str:
    """What is to be said of the comparison, or nothing.

    name: the model's own with its tag, `architecture.tag`, or what else its recipe is called.
    assume_tag: the user vouches for it that a model without a tag has the baseline's weights.
    Raises MismatchError where other weights ran or other images were made, UsageError where it
    is not known whether they are the same.
    """
    words = _check_weights(baseline, name, assume_tag=assume_tag)
    theirs = recipe_of(baseline)
    differing = [
        f"{word} {getattr(theirs, field)} there, {getattr(recipe, field)} here"
        for field, word in _COMPARED.items()
        if getattr(theirs, field) != getattr(recipe, field)
    ]
    if differing:
        raise MismatchError(
            f"the baseline of {baseline.model} ({baseline.file}:{baseline.line}) does not hold for "
            f"this run: {', '.join(differing)}; timm's are of models exported with --test-size"
        )
    return words


def _check_weights(baseline: Baseline, name: str, *, assume_tag: bool) -> str:
    if name == baseline.model:
        return ""
    if "." in name:
        raise MismatchError(
            f"the run is of {name}, the baseline of {baseline.model}; judge other weights by "
            "--baseline-top1, or by --against a run of the original"
        )
    if name not in _NAMELESS and name != baseline.model.partition(".")[0]:
        raise MismatchError(
            f"the run's images were made for {name}, the baseline is of {baseline.model}: another "
            "architecture"
        )
    if not assume_tag:
        raise UsageError(
            f"the run does not say which weights ran ({name}), the baseline is of "
            f"{baseline.model}; --assume-tag vouches for it, and the verdict will say so"
        )
    return f"assumed, not known: that the weights are those of {baseline.model} (--assume-tag)"


def recipe_of(baseline: Baseline) -> Recipe:
    """How the images were made that the tag was tested with, which no table says whole.

    Raises UsageError where that is not known here, DatasetError where the table says no sense.
    """
    if baseline.mean is not None and baseline.std is not None:
        tested = Recipe(mean=baseline.mean, std=baseline.std)
        pair = bool(baseline.squash)
    else:
        try:
            tested = find_model(baseline.model, test_size=True).recipe
        except RegcoreError as error:
            raise UsageError(
                f"mean and std of {baseline.model} are not known here ({error}); judge the run by "
                "--baseline-top1"
            ) from error
        pair = isinstance(tested.resize, tuple)
    resize = math.floor(baseline.size / baseline.crop)
    fill = _BLACK if resize < baseline.size else tested.fill
    try:
        return replace(
            tested,
            resize=(resize, resize) if pair else resize,
            crop=baseline.size,
            filter=baseline.interpolation,
            fill=fill,
        )
    except UsageError as error:
        raise DatasetError(f"{baseline.file}:{baseline.line}: {error}") from error

"""Recipes as text: `resize=256,crop=224,...`, and the value of --recipe with all its sources."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from regcore._native.choices import CHANNELS
from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.recipes.recipe import OWN_ORDER, Recipe
from regcore.recipes.recipe_file import read_recipe
from regcore.recipes.text_values import REQUIRED, missing_fields, parse_field, show_field
from regcore.recipes.timm import find_model, is_path

#: What a keras mode leaves open.
_KERAS_KEYS = ("size", "filter")
_TIMM_OPTIONS = ("test", "prefetcher")
_FILE_SUFFIXES = (".json", ".toml")
_FIELDS = tuple(field.name for field in fields(Recipe))


@dataclass(frozen=True)
class NamedRecipe:
    """A recipe, and what to call it."""

    name: str
    recipe: Recipe


@dataclass(frozen=True)
class Source:
    """Where recipes come from: what a spelling that begins with its prefix means.

    example: a spelling, what is in it: one line for a list. read: from the text after the prefix.
    """

    example: str
    contents: str
    read: Callable[[str], Recipe | NamedRecipe]


def _timm(text: str) -> NamedRecipe:
    """Under the name of the tag, which the architecture alone leaves open."""
    name, options = text, list[str]()
    while (parts := name.rpartition("@"))[2] in _TIMM_OPTIONS:
        name, options = parts[0], [parts[2], *options]
    if "@" in name and not is_path(name):
        raise UsageError(
            f"timm:{text}: after @ comes only test, the size that timm tests with, or prefetcher, "
            "the values of its validate.py"
        )
    test_size, prefetcher = ("test" in options, "prefetcher" in options)
    if is_path(name):
        recipe = Recipe.from_timm(name, test_size=test_size, prefetcher=prefetcher)
        return NamedRecipe(f"timm:{text}", recipe)
    found = find_model(name, test_size=test_size, prefetcher=prefetcher)
    return NamedRecipe("@".join((f"timm:{found.name}", *options)), found.recipe)


def _with_option(text: str, option: str) -> tuple[str, bool]:
    """What comes before `@option`, and whether that is there."""
    suffix = f"@{option}"
    return text.removesuffix(suffix), text.endswith(suffix)


def _torchvision(text: str) -> Recipe:
    weights, tensors = _with_option(text, "tensor")
    return Recipe.from_torchvision(weights, tensors=tensors)


def _huggingface(text: str) -> Recipe:
    folder, by_torchvision = _with_option(text, "torchvision")
    return Recipe.from_huggingface(folder, backend="torchvision" if by_torchvision else "pil")


def _keras(text: str) -> Recipe:
    mode, _, rest = text.partition(",")
    given = _pairs(rest, _KERAS_KEYS) if rest else {}
    missing = [key for key in _KERAS_KEYS if key not in given]
    if missing:
        raise UsageError(
            f"keras:{text}: does not say {' and '.join(missing)}, as in "
            "keras:caffe,size=224x224,filter=nearest"
        )
    return Recipe.from_keras(mode, parse_field("resize", given["size"]), filter=given["filter"])


def _accuracy_checker(text: str) -> Recipe:
    path, _, dataset = text.partition("#")
    return Recipe.from_accuracy_checker(path, dataset or None)


#: By the prefix of the spelling.
SOURCES = {
    "timm": Source(
        "timm:resnet50.a1_in1k",
        "timm's configuration of a tag or of a config.json; @test has the size it is tested with, "
        "@prefetcher the values of validate.py",
        _timm,
    ),
    "torchvision": Source(
        "torchvision:ResNet50_Weights.IMAGENET1K_V2",
        "the transforms of torchvision's weights; @tensor has the pixels of those that get tensors",
        _torchvision,
    ),
    "hf": Source(
        "hf:FOLDER",
        "Hugging Face's preprocessor_config.json, its PIL backend; @torchvision has the pixels of "
        "the torchvision backend",
        _huggingface,
    ),
    "keras": Source(
        "keras:caffe,size=224x224,filter=nearest",
        "preprocess_input of the modes caffe, tf and torch after load_img",
        _keras,
    ),
    "mlperf": Source(
        "mlperf:resnet50-pytorch",
        "a profile of MLPerf inference's image classification",
        Recipe.from_mlperf,
    ),
    "openvino": Source(
        "openvino:FILE.yml#DATASET",
        "the preprocessing of OpenVINO's accuracy_checker",
        _accuracy_checker,
    ),
    "mmpretrain": Source(
        "mmpretrain:FILE.py",
        "the test pipeline of an MMPretrain configuration, which is not executed",
        Recipe.from_mmpretrain,
    ),
    "paddleclas": Source(
        "paddleclas:FILE.yaml",
        "the transform_ops of a PaddleClas configuration",
        Recipe.from_paddleclas,
    ),
}


def parse_recipe(text: str) -> NamedRecipe:
    """The recipe that `text` means: a preset, a source or a file, or fields alone.

    Fields after one of the others take the place of its own, as in `timm:NAME,exif=apply`. Raises
    UsageError, in one line that names what is wrong in it; what a file has wrong is told with the
    file.
    """
    if not isinstance(text, str):
        raise UsageError(f"a recipe is a Recipe or a text, not {shown(text)}")
    base, changes = _split(text)
    if changes and not base:
        return NamedRecipe(text, _from_fields(text))
    named = _base(base)
    if not changes:
        return named
    values = {name: parse_field(name, value) for name, value in _pairs(changes, _FIELDS).items()}
    if values.get("channels") in CHANNELS:
        _check_channels(named, values)
    return NamedRecipe(f"{named.name},{changes}", replace(named.recipe, **values))


def _check_channels(base: NamedRecipe, values: dict[str, Any]) -> None:
    """Mean and std are in the order of the channels, so that another order needs others."""
    recipe = base.recipe
    moves = values["channels"] != recipe.channels
    same_for_all = all(len(set(each)) == 1 for each in (recipe.mean, recipe.std))
    if moves and not same_for_all and not {"mean", "std"} <= values.keys():
        raise UsageError(
            f"recipe {shown(base.name)}: other channels than {recipe.channels} need a mean and a "
            "std in their order, too"
        )


def _split(text: str) -> tuple[str, str]:
    """What a recipe is taken from, and the fields that change it; either may be empty."""
    field = r"\w+"
    if text.startswith("keras:"):  # which has keys of its own
        field = "|".join(name for name in _FIELDS if name not in _KERAS_KEYS)
    fields_at = re.search(rf"(?:^|,)\s*(?:{field})\s*=", text)
    prefix, colon, path = text.partition(":")
    if fields_at is None or _exists(text) or (colon and prefix in SOURCES and _exists(path)):
        return text, ""
    return text[: fields_at.start()], text[fields_at.start() :].lstrip(",")


def _exists(text: str) -> bool:
    return os.path.exists(text)  # noqa: PTH110  (no error, whatever the text is)


def _base(text: str) -> NamedRecipe:
    prefix, colon, rest = text.partition(":")
    if colon and prefix in SOURCES:
        if not rest:
            raise UsageError(f"{prefix}: needs more, as in {SOURCES[prefix].example}")
        found = SOURCES[prefix].read(rest)
        return found if isinstance(found, NamedRecipe) else NamedRecipe(text, found)
    if text in Recipe.presets():
        return NamedRecipe(text, Recipe.preset(text))
    if os.path.isdir(text):  # noqa: PTH112
        raise UsageError(f"{shown(text)}: is a folder; say whose: hf:{text} or timm:{text}")
    if text.endswith(_FILE_SUFFIXES) or _exists(text):
        return NamedRecipe(Path(text).name, read_recipe(Path(text)))
    raise UsageError(_unknown(text, prefix if colon else None))


def recipe_text(recipe: Recipe) -> str:
    """The shortest text of fields that `parse_recipe` takes for this recipe."""
    default = Recipe()
    named = [
        f"{name}={show_field(name, getattr(recipe, name))}"
        for name in _FIELDS
        if name in REQUIRED or getattr(recipe, name) not in (getattr(default, name), OWN_ORDER)
    ]
    return ",".join(named)


def _from_fields(text: str) -> Recipe:
    given = _pairs(text, _FIELDS)
    missing = missing_fields(given, resize_is_pair="x" in given.get("resize", ""))
    if missing:
        raise UsageError(
            f"recipe {shown(text)}: does not say {', '.join(missing)}; none of "
            f"{', '.join(REQUIRED)} is taken for granted"
        )
    values = {name: parse_field(name, value) for name, value in given.items()}
    return Recipe(**{"crop": None, **values})


def _pairs(text: str, names: tuple[str, ...]) -> dict[str, str]:
    """Key and value of a text such as `a=1,b=2,3`: what has no key belongs to the one before."""
    given: dict[str, str] = {}
    last = ""
    for part in text.split(","):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals:
            if not last:
                raise UsageError(f"recipe {shown(text)}: {shown(part)} belongs to no key")
            given[last] += f",{name}"
            continue
        if name not in names:
            raise UsageError(
                f"recipe {shown(text)}: no key {shown(name)}{_nearest(name, names)}; there are "
                f"{', '.join(names)}"
            )
        if name in given:
            raise UsageError(f"recipe {shown(text)}: says {name} twice")
        given[name] = value
        last = name
    return given


def _unknown(text: str, prefix: str | None) -> str:
    if prefix is not None and not any(mark in prefix for mark in "/."):
        known = tuple(SOURCES)
        return f"no source of recipes {shown(prefix)}{_nearest(prefix, known)}: {', '.join(known)}"
    presets = Recipe.presets()
    return (
        f"no recipe {shown(text)}{_nearest(text, presets)}; there are {', '.join(presets)}, files "
        "(.json, .toml), fields (resize=256,crop=224,...), and timm:NAME, torchvision:WEIGHTS, "
        "hf:FOLDER: see 'regcore recipe list'"
    )


def _nearest(word: str, known: tuple[str, ...]) -> str:
    found = difflib.get_close_matches(word, known, 1, 0.6)
    return f" (is it {found[0]}?)" if found else ""

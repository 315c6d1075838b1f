"""timm's models by name and tag, and the recipe of each tag.

A tag names a set of weights. The tags of one architecture often want different images, so that
the wrong one costs accuracy without any error.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from regcore.errors import UsageError
from regcore.frameworks import import_timm
from regcore.recipes.numbers import PerChannel
from regcore.recipes.recipe import Recipe

# What a bare name means where its tags differ: the weights of the published guide.
_GUIDE_TAGS = {"regnety_016": "regnety_016.pycls_in1k"}
_SHOWN_NAMES = 8


class Wanted(Protocol):
    """What timm's configuration of a tag, a dataclass, says of its images.

    test_input_size, test_crop_pct: with which it is best tested, where that is not as trained.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    input_size: tuple[int, int, int]
    test_input_size: tuple[int, int, int] | None
    crop_pct: float
    test_crop_pct: float | None
    crop_mode: str
    interpolation: str
    mean: PerChannel
    std: PerChannel


@dataclass(frozen=True)
class TimmModel:
    """A model of timm, its tag chosen.

    name: `architecture.tag`, or the architecture alone where timm has no tags of it.
    recipe: how the weights of that tag want their images, as float32 NCHW.
    note: what there is to know of the choice of the tag, or empty.
    """

    name: str
    recipe: Recipe
    note: str = ""


def find_model(name: str, *, test_size: bool = False) -> TimmModel:
    """The model `name`, as in `regnety_016.pycls_in1k`.

    test_size: with images of the size that timm tests the tag with, where it has one.

    A bare architecture means the guide's tag, or timm's default where all tags want the same
    images. Raises UsageError for unknown names (with the nearest), for a bare name that leaves
    open which images are wanted, and for images that no Recipe describes.
    """
    models = import_timm().models
    architecture, _, tag = name.partition(".")
    if not models.is_model(architecture):
        nearest = difflib.get_close_matches(architecture, models.list_models(), _SHOWN_NAMES, 0.7)
        hint = f"; near it are {', '.join(nearest)}" if nearest else ""
        raise UsageError(f"timm has no model {architecture!r}{hint}")
    configs: Mapping[str, Wanted] = models.get_arch_pretrained_cfgs(architecture)
    if test_size:
        configs = {tag: _as_tested(config) for tag, config in configs.items()}
    if tag and name not in configs:
        raise UsageError(f"timm has no {name!r}; there are {_listing(configs)}")
    if tag or len(configs) == 1:
        chosen = name if tag else next(iter(configs))
        return TimmModel(chosen, recipe_of(chosen, configs[chosen]))
    return _of_bare_name(architecture, configs)


def _of_bare_name(architecture: str, configs: Mapping[str, Wanted]) -> TimmModel:
    default = next(iter(configs))
    if architecture in _GUIDE_TAGS:
        chosen = _GUIDE_TAGS[architecture]
        recipe, other = recipe_of(chosen, configs[chosen]), recipe_of(default, configs[default])
        return TimmModel(
            chosen,
            recipe,
            f"{architecture} is taken for {chosen}, the guide's (resize {recipe.resize}); timm's "
            f"own default, {default}, has other weights and resize {other.resize}",
        )
    if len({_wanted_images(config) for config in configs.values()}) > 1:
        raise UsageError(
            f"{architecture} has tags that want different images, name the one of your weights: "
            f"{_listing(configs)}"
        )
    note = f"{architecture} is taken for timm's default tag, {default}"
    return TimmModel(default, recipe_of(default, configs[default]), note)


def recipe_of(name: str, config: Wanted) -> Recipe:
    """The recipe of timm's pretrained configuration, after timm.data.create_transform.

    Raises UsageError for other than square RGB images of which the centre is cropped.
    """
    channels, height, width = config.input_size
    if channels != 3 or height != width or config.crop_mode != "center":  # noqa: PLR2004
        raise UsageError(
            f"{name} wants images of {channels} channels, {height} x {width}, crop mode "
            f"{config.crop_mode!r}; regcore prepares square RGB images with crop mode 'center'"
        )
    return Recipe(
        resize=math.floor(height / config.crop_pct),
        crop=height,
        filter=config.interpolation,
        mean=config.mean,
        std=config.std,
    )


def _as_tested(config: Wanted) -> Wanted:
    """With the size that timm's validate.py takes, by its resolve_data_config."""
    return replace(
        config,
        input_size=config.test_input_size or config.input_size,
        crop_pct=config.test_crop_pct or config.crop_pct,
    )


def _wanted_images(config: Wanted) -> tuple[object, ...]:
    return (
        tuple(config.input_size),
        config.crop_pct,
        config.crop_mode,
        config.interpolation,
        tuple(config.mean),
        tuple(config.std),
    )


def _listing(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _SHOWN_NAMES} more" if len(listed) > _SHOWN_NAMES else ""
    return ", ".join(listed[:_SHOWN_NAMES]) + more

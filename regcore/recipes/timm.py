"""timm's models by name and tag, and the recipe of each tag.

A tag names a set of weights. The tags of one architecture often want different images, so that
the wrong one costs accuracy without any error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from regcore.errors import UsageError
from regcore.frameworks import import_timm
from regcore.recipes.names import first_names, near
from regcore.recipes.recipe import Recipe
from regcore.recipes.timm_config import WantedImages, read_config, recipe_of, wanted_images

# What a bare name means where its tags differ: the weights of the published guide.
_GUIDE_TAGS = {"regnety_016": "regnety_016.pycls_in1k"}


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


def recipe_from(source: object, *, test_size: bool = False, prefetcher: bool = False) -> Recipe:
    """The recipe of what Recipe.from_timm takes; see there."""
    name = "timm's pretrained_cfg"
    config: object = getattr(source, "pretrained_cfg", source)
    if isinstance(source, Path) or (isinstance(source, str) and is_path(source)):
        name, config = str(source), read_config(Path(source))
    elif isinstance(source, str):
        return find_model(source, test_size=test_size, prefetcher=prefetcher).recipe
    wanted = wanted_images(name, config, test_size=test_size)
    return recipe_of(name, wanted, prefetcher=prefetcher)


def is_path(text: str) -> bool:
    """Whether the text is that of a file or folder, and not a model's name."""
    return text.endswith(".json") or os.sep in text


def find_model(name: str, *, test_size: bool = False, prefetcher: bool = False) -> TimmModel:
    """The model `name`, as in `regnety_016.pycls_in1k`.

    test_size: with images of the size that timm tests the tag with, where it has one.
    prefetcher: with the values of timm's PrefetchLoader.

    A bare architecture means the guide's tag, or timm's default where all tags want the same
    images. Raises UsageError for unknown names (with the nearest), for a bare name that leaves
    open which images are wanted, and for images that no Recipe describes.
    """
    models = import_timm().models
    architecture, _, tag = name.partition(".")
    if not models.is_model(architecture):
        hint = near(architecture, models.list_models())
        raise UsageError(f"timm has no model {architecture!r}{hint}")
    configs: Mapping[str, object] = models.get_arch_pretrained_cfgs(architecture)
    if tag and name not in configs:
        raise UsageError(f"timm has no {name!r}; there are {first_names(configs)}")
    wanted = {
        each: wanted_images(each, config, test_size=test_size) for each, config in configs.items()
    }
    chosen, note = (name, "") if tag else _tag_of(architecture, wanted)
    return TimmModel(chosen, recipe_of(chosen, wanted[chosen], prefetcher=prefetcher), note)


def _tag_of(architecture: str, wanted: Mapping[str, WantedImages]) -> tuple[str, str]:
    """The tag that an architecture alone means, and what there is to know of that choice."""
    default = next(iter(wanted))
    if len(wanted) == 1:
        return default, ""
    if architecture in _GUIDE_TAGS:
        chosen = _GUIDE_TAGS[architecture]
        ours, theirs = (recipe_of(each, wanted[each]).resize for each in (chosen, default))
        return chosen, (
            f"{architecture} is taken for {chosen}, the guide's (resize {ours}); timm's "
            f"own default, {default}, has other weights and resize {theirs}"
        )
    if len(set(wanted.values())) > 1:
        raise UsageError(
            f"{architecture} has tags that want different images, name the one of your weights: "
            f"{first_names(wanted)}"
        )
    return default, f"{architecture} is taken for timm's default tag, {default}"

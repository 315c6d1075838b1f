"""Hugging Face's image processors: the PIL backend, and the default, the torchvision one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from regcore.frameworks import import_torchvision
from regcore.recipes.numbers import PILLOW_FILTERS
from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.peers.protocol import Peer, Pixels, Values, Way
from regcore.trust.doctor.reference import int_of


def _ways(recipe: Recipe) -> Sequence[Way]:
    has_torchvision = False
    with suppress(Exception):  # without torch and torchvision there is the PIL backend alone
        import_torchvision()  # before transformers imports it
        has_torchvision = True
    import transformers

    kinds: list[tuple[str, Any]] = [("hf-pil", transformers.CLIPImageProcessorPil)]
    if has_torchvision:
        kinds.append(("hf-torchvision", transformers.CLIPImageProcessor))
    return [_way(name, kind, recipe) for name, kind in kinds]


def _way(name: str, kind: Any, recipe: Recipe) -> Way:  # noqa: ANN401
    crop = int_of(recipe.crop)
    processor = kind(
        size={"shortest_edge": int_of(recipe.resize)},
        crop_size={"height": crop, "width": crop},
        resample=PILLOW_FILTERS.index(recipe.filter),
        image_mean=list(recipe.mean),
        image_std=list(recipe.std),
    )
    return Way(
        name,
        resize=partial(_cropped, processor),
        tensor=partial(_normalized, processor),
    )


def _values(processor: Any, pixels: Pixels, **switches: bool) -> Values:  # noqa: ANN401
    found = processor(
        images=pixels, return_tensors="np", input_data_format="channels_last", **switches
    )
    values: Values = np.asarray(found["pixel_values"])[0]
    return values


def _cropped(processor: Any, pixels: Pixels) -> Values:  # noqa: ANN401
    values = _values(processor, pixels, do_rescale=False, do_normalize=False)
    return np.moveaxis(values, 0, -1)


def _normalized(processor: Any, pixels: Pixels) -> Values:  # noqa: ANN401
    return _values(processor, pixels, do_resize=False, do_center_crop=False)


PEER = Peer("huggingface", ("transformers",), _ways)

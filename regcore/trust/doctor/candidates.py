"""Other pipelines than the reference that a library may have: recipes of regcore, and decodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from regcore.recipes.flavours import FLAVOURS
from regcore.recipes.recipe import Recipe
from regcore.trust.doctor import reference

_OF_VALUES = ("mean", "std", "divisor", "arithmetic", "channels", "dtype")
#: Half a pixel of the crop: as the reference, then as others.
_OFFSETS = ("half_even", "floor", "toward_zero")
_FILTERS = ("bicubic", "bilinear", "nearest", "lanczos", "box", "hamming", "area")

Decode = Callable[[bytes], reference.Pixels]


def decodes() -> Iterator[tuple[str, Decode]]:
    """What a decoder may do besides, in words, and the pixels that this gives."""
    yield "applies the EXIF orientation", reference.decode_upright
    yield "gives the channels as BGR", _reversed
    yield "lays what is transparent on white", partial(reference.decode_on, 255)
    yield "lays what is transparent on black", partial(reference.decode_on, 0)
    yield "inverts the colours", _inverted
    yield "takes the upper 8 of 16 bits, where Pillow saturates", _upper_bits
    yield "rounds 16 bits to 8, where Pillow does not", _rounded_bits


def _reversed(encoded: bytes) -> reference.Pixels:
    return reference.decode(encoded)[..., ::-1]


def _inverted(encoded: bytes) -> reference.Pixels:
    return 255 - reference.decode(encoded)


def _upper_bits(encoded: bytes) -> reference.Pixels:
    return (reference.grey_of_16_bits(encoded) >> 8).astype(np.uint8)


def _rounded_bits(encoded: bytes) -> reference.Pixels:
    return np.rint(reference.grey_of_16_bits(encoded) / 257).astype(np.uint8)


def resizes(recipe: Recipe) -> Iterator[Recipe]:
    """Recipes with another resize or crop, the least unlike first; their values are pixels.

    Pixels of 0 to 255 in float32, as some flavours do not round.
    """
    plain = replace(recipe, divisor=1, mean=(0, 0, 0), std=(1, 1, 1), layout="nhwc")
    found = [
        (unlike, made)
        for filter_cost, name in enumerate(sorted(_FILTERS, key=lambda each: each != recipe.filter))
        for offset_cost, offset in enumerate(_OFFSETS)
        for flavour in ("pillow", *FLAVOURS)
        if (unlike := 2 * bool(filter_cost) + bool(offset_cost) + (flavour != "pillow"))
        if (made := _made(plain, name, offset, flavour)) is not None
    ]
    squash = replace(plain, resize=(reference.int_of(recipe.crop),) * 2, crop=None)
    yield from (made for _, made in sorted(found, key=lambda each: each[0]))
    yield squash


def _made(plain: Recipe, name: str, offset: str, flavour: str) -> Recipe | None:
    filters = FLAVOURS[flavour].filters if flavour in FLAVOURS else _FILTERS[:-1]
    if name not in filters:
        return None
    return replace(plain, filter=name, crop_offset=offset, flavour=flavour)


def tensors(recipe: Recipe) -> Iterator[tuple[str, Recipe]]:
    """Recipes with other values, in words: the reference's order is divide, subtract, divide."""
    bare = replace(recipe, resize=None)
    scaled: dict[str, Any] = {
        name: tuple(float(np.float32(each) * np.float32(255)) for each in getattr(recipe, name))
        for name in ("mean", "std")
    }
    yield "has mean and deviation on the scale of 0 to 255", replace(bare, divisor=1, **scaled)
    yield "multiplies by 1/255", replace(bare, arithmetic="product")
    yield "computes in float64", replace(bare, arithmetic="float64")
    yield "gives the channels as BGR", replace(bare, channels="bgr")
    yield "has mean and std swapped", replace(bare, mean=recipe.std, std=recipe.mean)
    yield "does not normalise", replace(bare, mean=(0, 0, 0), std=(1, 1, 1))
    yield "rounds to float16", replace(bare, dtype="float16")


def spelled(made: Recipe, recipe: Recipe) -> str:
    """In which fields a candidate of `resizes` is another, as text of a recipe."""
    names = ("resize", "crop", "filter", "flavour", "crop_offset") if made.resize else _OF_VALUES
    fields = [(name, getattr(made, name)) for name in names]
    return ",".join(
        f"{name}={_text(value)}" for name, value in fields if value != getattr(recipe, name)
    )


def _text(value: object) -> str:
    """As `--recipe` reads it: `36x36`, or numbers with commas."""
    if not isinstance(value, tuple):
        return str(value)
    whole = all(isinstance(each, int) for each in value)
    return ("x" if whole else ",").join(f"{each:.9g}" for each in value)

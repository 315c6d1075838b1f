"""In what a recipe differs from another one, in the words in which people make the mistake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from regcore.recipes.recipe import IMAGENET_MEAN, IMAGENET_STD, Recipe
from regcore.recipes.words import differing_fields, flavour_words
from regcore.trust.identify.findings import Alternative

_EXIF = {"apply": "photos are turned by their EXIF orientation", "ignore": "EXIF is ignored"}
_OFFSETS = {
    "floor": "the place of the crop is rounded down (crop_offset floor)",
    "half_even": "the place of the crop is rounded to even (crop_offset half_even)",
    "toward_zero": "the place of the crop is rounded toward zero (crop_offset toward_zero)",
}
#: Told by what they do to the values, under the first of them.
_VALUES = ("mean", "std", "divisor", "arithmetic", "second_std", "quant_scale", "quant_zero_point")
_GEOMETRY = ("resize", "fit", "crop", "fill")


@dataclass(frozen=True)
class Reference:
    """A recipe that people know. name: what they call it."""

    name: str
    recipe: Recipe


def references(size: tuple[int, int]) -> list[Reference]:
    """What is in wide use, cut to this size."""
    imagenet = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}
    side = size[0] if size[0] == size[1] else size
    short = round(max(size) / 0.875)
    half = {"mean": (0.5,) * 3, "std": (0.5,) * 3}
    caffe: dict[str, Any] = {
        "mean": (103.939, 116.779, 123.68), "std": (1.0,) * 3, "divisor": 1.0, "channels": "bgr",
        "layout": "nhwc",
    }  # fmt: skip
    forms: list[tuple[str, dict[str, Any]]] = [
        ("torchvision's", {**imagenet, "resize": short, "filter": "bilinear"}),
        ("timm's", {**imagenet, "resize": short, "filter": "bicubic"}),
        ("torchvision's on tensors", {**imagenet, "resize": short, "filter": "bilinear",
                                      "flavour": "torch"}),
        ("timm's for Inception", {**half, "resize": short, "filter": "bicubic"}),
        ("OpenCV's with ImageNet's mean and std", {**imagenet, "resize": short,
                                                   "filter": "bilinear", "flavour": "opencv"}),
        ("Keras' of mode caffe", {**caffe, "resize": size, "filter": "nearest"}),
    ]  # fmt: skip
    return [Reference(name, Recipe(**fields, crop=side)) for name, fields in forms]


def nearest_reference(recipe: Recipe) -> tuple[Reference, tuple[str, ...]] | None:
    """The known recipe of which fewest is to be told, and that; None for grey."""
    if recipe.channels == "gray":
        return None
    told = [(one, differences(recipe, one.recipe)) for one in references(recipe.size)]
    return min(told, key=lambda pair: len(pair[1]))


def differences(
    found: Recipe, expected: Recipe, alternatives: Sequence[Alternative] = ()
) -> tuple[str, ...]:
    """In what `found` differs from `expected`, a sentence for each.

    alternatives: of what was found; where one of them is as expected, nothing is to be told.
    """
    fields = set(differing_fields(expected, found))
    for one in alternatives:
        if all(getattr(expected, name) == value for name, value in one.fields.items()):
            fields -= set(one.fields)
    sentences = [*_geometry(found, expected, fields)]
    sentences += [told(found, expected) for name, told in _SENTENCES.items() if name in fields]
    if set(_VALUES) & fields and found.is_normalized and expected.is_normalized:
        sentences += _values(found, expected, fields)
    return tuple(sentences)


def _instead(what: str, name: str) -> Callable[[Recipe, Recipe], str]:
    """A sentence for a field whose values are words."""
    return lambda found, expected: f"{what} {getattr(found, name)}, not {getattr(expected, name)}"


_SENTENCES: dict[str, Callable[[Recipe, Recipe], str]] = {
    "channels": lambda found, expected: (
        f"channels are {found.channels.upper()}, not {expected.channels.upper()}"
    ),
    "filter": _instead("the filter is", "filter"),
    "flavour": lambda found, expected: (
        f"the resize is that of {flavour_words(found)}, not of {flavour_words(expected)}"
    ),
    "exif": lambda found, _: _EXIF[found.exif],
    "crop_offset": lambda found, _: _OFFSETS[found.crop_offset],
    "dtype": _instead("the dtype is", "dtype"),
    "layout": lambda found, expected: (
        f"the layout is {found.layout.upper()}, not {expected.layout.upper()}"
    ),
}


def _geometry(found: Recipe, expected: Recipe, fields: set[str]) -> list[str]:
    sentences = []
    if {"resize", "fit"} & fields:
        now, before = _resize_words(found), _resize_words(expected)
        is_squashed = _is_squash(found) and not _is_squash(expected)
        squashed = "squashed: " if is_squashed else ""
        sentences.append(f"{squashed}{now}, not {before}")
    if "crop" in fields:
        sentences.append(f"the result has {_sides(found.size)}, not {_sides(expected.size)}")
    if "fill" in fields and not {"resize", "fit"} & fields and found.fill is not None:
        sentences.append(f"there is a border of RGB {' '.join(map(str, found.fill))}")
    return sentences


def _is_squash(recipe: Recipe) -> bool:
    return isinstance(recipe.resize, tuple) and recipe.fit == "exact"


def _resize_words(recipe: Recipe) -> str:
    resize = recipe.resize
    if resize is None:
        return "no resize"
    if isinstance(resize, int):
        return f"short side to {resize}"
    words = {"exact": "both sides to", "inside": "to fit into"}
    return f"{words.get(recipe.fit, 'to cover')} {_sides(resize)}"


def _sides(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _values(found: Recipe, expected: Recipe, fields: set[str]) -> list[str]:
    """Both mean and std are of the tensor's channels, in their order."""
    now, before = (found.mean, found.std), (expected.mean, expected.std)
    if now == (before[1], before[0]):
        return ["mean and std are swapped"]
    turned = (before[0][::-1], before[1][::-1])
    if now == before:
        rest = sorted(set(_VALUES) & fields)
        return [f"{name} is {getattr(found, name)}, not {getattr(expected, name)}" for name in rest]
    if now == turned and found.divisor == expected.divisor:
        if found.channels != expected.channels:
            return []  # as it should be: with the channels their mean and std
        return ["mean and std are in the order of the other channels"]
    sentences = []
    for name in ("mean", "std", "divisor", "quant_scale", "quant_zero_point"):
        if name in fields:
            one, other = getattr(found, name), getattr(expected, name)
            sentences.append(f"{name} is {_number(one)}, not {_number(other)}")
    return sentences


def _number(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(f"{one:g}" for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)

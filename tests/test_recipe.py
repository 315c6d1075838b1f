from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from regcore import Recipe, UsageError


def test_presets_are_the_models_own() -> None:
    guide = Recipe.preset("regnety_016")
    assert (guide.resize, guide.crop, guide.filter) == (256, 224, "bicubic")
    assert guide.mean == (0.485, 0.456, 0.406)
    assert guide.std == (0.229, 0.224, 0.225)
    lite = Recipe.preset("tf_efficientnet_lite0")
    assert replace(lite, mean=guide.mean, std=guide.std) == guide
    assert (lite.mean, lite.std) == ((0.5,) * 3, (0.5,) * 3)


def test_unknown_preset_names_the_known() -> None:
    with pytest.raises(UsageError, match="regnety_016, tf_efficientnet_lite0"):
        Recipe.preset("resnet")


@pytest.mark.parametrize(
    "options",
    [
        {"crop": 0},
        {"crop": 257},
        {"resize": 100000},
        {"filter": "nearest"},
        {"dtype": "int8"},
        {"layout": "chwn"},
        {"mean": (0.5, 0.5)},
        {"mean": (float("nan"), 0, 0)},
        {"std": (1, 0, 1)},
        {"std": (1, 1e-60, 1)},
    ],
)
def test_senseless_recipes_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="recipe"):
        Recipe(**options)


def test_shape_and_type() -> None:
    assert Recipe().image_shape == (3, 224, 224)
    assert Recipe(layout="nhwc", dtype="float16").image_shape == (224, 224, 3)
    assert Recipe(dtype="float16").numpy_dtype == "float16"


def test_identity_changes_with_every_field() -> None:
    changes: list[dict[str, Any]] = [
        {}, {"resize": 255}, {"crop": 200}, {"filter": "box"}, {"mean": (0.4, 0.4, 0.4)},
        {"std": (0.2, 0.2, 0.2)}, {"dtype": "uint8"}, {"layout": "nhwc"},
        {"pass_order": "pillow9"}, {"pass_order": "pillow13"},
    ]  # fmt: skip
    assert len({Recipe(**change).identity for change in changes}) == len(changes) - 1
    assert Recipe(mean=[0.485, 0.456, 0.406]).identity == Recipe().identity  # type: ignore[arg-type]


def test_a_recipe_survives_json() -> None:
    recipe = Recipe(resize=99, crop=98, mean=(0.1, 0.2, 0.3), dtype="uint8", layout="nhwc")
    again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert again == recipe
    assert again.identity == recipe.identity


@pytest.mark.parametrize(
    "change", [{"crop": None}, {"crop": "large"}, {"crop": 300}, {"colour": "red"}, {"mean": 0.5}]
)
def test_a_damaged_description_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="recipe"):
        Recipe.from_dict({**Recipe().to_dict(), **change})


def test_a_description_that_lacks_a_field_is_refused() -> None:
    fields = Recipe().to_dict()
    del fields["filter"]
    with pytest.raises(UsageError, match="filter"):
        Recipe.from_dict(fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"crop": 224.0}, "crop is one whole number"),
        ({"crop": (224, 192)}, "crop is one whole number"),
        ({"resize": 256.5}, "resize is one whole number"),
        ({"resize": True, "crop": True}, "resize is one whole number"),
        ({"mean": 0.5}, "mean needs three numbers"),
        ({"mean": "abc"}, "mean needs three numbers"),
        ({"mean": ("0.5", 0.5, 0.5)}, "mean needs three numbers"),
        ({"std": (0.5, 0.5)}, "std needs three numbers"),
        ({"std": (0.5, 0.5, 10**400)}, "std holds a number that no float can be"),
        ({"mean": (123.675, 116.28, 103.53)}, r"0 to 255.*\(0.485, 0.456, 0.406\)"),
        ({"std": (58.395, 57.12, 57.375)}, r"0 to 255.*\(0.229, 0.224, 0.225\)"),
        ({"std": (0.2, 0.2, -0.2)}, "positive"),
        ({"filter": ["bicubic"]}, "none of"),
        ({"dtype": None}, "none of"),
    ],
)
def test_what_makes_no_sense_is_one_line(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Recipe(**fields)
    with pytest.raises(UsageError, match=words):
        Recipe.from_dict({**Recipe().to_dict(), **fields})


@pytest.mark.parametrize("fields", [None, 5, "resize", [], {}])
def test_what_is_no_object_is_no_recipe(fields: Any) -> None:
    with pytest.raises(UsageError, match="recipe"):
        Recipe.from_dict(fields)

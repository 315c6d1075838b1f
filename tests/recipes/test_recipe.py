from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
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
        {"filter": "area"},
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


JUNK: list[Any] = [None, True, "0.5", float("nan"), float("inf"), 10**4000, [[[]]], {}, b"1", 1e39]
HUGE = 10**5000  # Python does not print it


@pytest.mark.parametrize("name", ["resize", "crop"])
@pytest.mark.parametrize("value", [224.0, 256.5, "224", (224, 0), (1, 2, 3), 0, -1, 1 << 70, *JUNK])
def test_sides_that_are_no_whole_pixels_are_refused(name: str, value: Any) -> None:
    if (name, value) != ("resize", None):
        refused(name, value)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(Recipe().to_dict()))
def test_numbers_of_thousands_of_digits_are_refused(name: str) -> None:
    refused(name, HUGE)
    refused(name, [HUGE] * 3)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    refused(name, deep)


@pytest.mark.parametrize("name", ["mean", "std"])
@pytest.mark.parametrize("value", [0.5, "abc", (0.5,), (0.5,) * 4, np.zeros((3, 1)), *JUNK])
def test_normalisation_that_is_no_three_numbers_is_refused(name: str, value: Any) -> None:
    refused(name, value)
    if not isinstance(value, float) or not 0 < value < 1:
        refused(name, [0.5, value, 0.5])


@pytest.mark.parametrize("name", ["filter", "dtype", "layout", "pass_order"])
@pytest.mark.parametrize("value", ["", "x\ny", 3, ["nchw"], *JUNK])
def test_choices_that_are_none_are_refused(name: str, value: Any) -> None:
    refused(name, value)


def refused(name: str, value: Any) -> None:
    for make in (
        lambda: Recipe(**{name: value}),
        lambda: Recipe.from_dict({**Recipe().to_dict(), name: value}),
    ):
        with pytest.raises(UsageError, match=r"^recipe: ") as error:
            make()
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("mean", "std"),
    [
        ((123.675, 116.28, 103.53), (1, 1, 1)),
        ((0, 0, 0), (58.395, 57.12, 57.375)),
        ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
        ((127, 127, 127), (128, 128, 128)),
        ((-123.675, -116.28, -103.53), (1, 1, 1)),
        ((0, 0, 0), (255, 255, 255)),
    ],
)
def test_numbers_of_the_other_scale_are_refused(mean: Any, std: Any) -> None:
    with pytest.raises(UsageError, match="on the scale 0 to 255; the recipe wants it on"):
        Recipe(mean=mean, std=std)


def test_numbers_of_another_scale_than_the_divisor_are_refused() -> None:
    with pytest.raises(UsageError, match=r"scale 0 to 2, so divide it by 127\.5, or say divisor 1"):
        Recipe(divisor=127.5, mean=(127.5,) * 3, std=(1,) * 3)
    with pytest.raises(UsageError, match=r"std .* is on the scale 0 to 255"):
        Recipe(divisor=127.5, mean=(1,) * 3, std=(58, 57, 57))
    for mean in ((123, 117, 104), (0, 0, 0)):
        with pytest.raises(UsageError, match=r"std .* is on the scale 0 to 1, but divisor 1"):
            Recipe(divisor=1, mean=mean, std=(0.229, 0.224, 0.225))
    assert Recipe(divisor=127.5, mean=(1,) * 3, std=(1,) * 3).divisor == 127.5
    assert Recipe(divisor=1, mean=(127.5,) * 3, std=(1,) * 3).divisor == 1


def test_fields_are_named_as_missing_or_as_unknown() -> None:
    fields = Recipe().to_dict()
    with pytest.raises(UsageError, match=r"recipe: unknown fields: 'mode'$"):
        Recipe.from_dict({**fields, "mode": 1})
    del fields["std"]
    with pytest.raises(UsageError, match=r"recipe: missing fields: 'std'$"):
        Recipe.from_dict(fields)


@pytest.mark.parametrize(
    ("mean", "std"),
    [((0, 0, 0), (1, 1, 1)), ((0.5,) * 3, [0.5] * 3), (np.float32([0.4, 0, 1]), (0.2, 0.3, 2))],
)
def test_numbers_of_the_unit_scale_are_taken(mean: Any, std: Any) -> None:
    recipe = Recipe(mean=mean, std=std)
    assert recipe.mean == tuple(float(value) for value in mean)
    assert Recipe.from_dict(recipe.to_dict()) == recipe


@pytest.mark.parametrize("fields", [None, [], "recipe", 3, {1: 2}, {"x" * 10**6: 1}])
def test_fields_that_are_no_recipe_are_refused(fields: Any) -> None:
    with pytest.raises(UsageError) as error:
        Recipe.from_dict(fields)
    assert len(str(error.value)) < 300

"""In dtype and layout recipes follow the input of a model; in size and channels they must fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from regcore import BackendError, Recipe, UsageError
from regcore._native.choices import DTYPES
from regcore.backends.recipe_fit import check_image, in_form_of
from regcore.models.tensors import TensorSpec

RECIPE = Recipe(resize=(20, 40), crop=(16, 24))
GREY = replace(RECIPE, channels="gray", mean=(0.5,), std=(0.25,))
INT8 = replace(RECIPE, dtype="int8", quant_scale=0.02, quant_zero_point=-3)
UINT8 = replace(RECIPE, dtype="uint8", quant_scale=0.02, quant_zero_point=110)


def image(dtype: str | None, *shape: int | None) -> TensorSpec:
    return TensorSpec("image", (None, *shape) if shape else None, dtype)


@pytest.mark.parametrize("recipe", [RECIPE, GREY], ids=["rgb", "gray"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("own", ["nchw", "nhwc"])
@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES if dtype != "int8"])
def test_dtype_and_layout_follow_the_model(
    recipe: Recipe, own: str, layout: str, dtype: str
) -> None:
    wanted = recipe.in_form(dtype, layout)
    taken = in_form_of(recipe.in_form(layout=own), image(dtype, *wanted.image_shape))
    assert taken == wanted
    check_image(image(dtype, *wanted.image_shape), taken)


@pytest.mark.parametrize("recipe", [INT8, UINT8], ids=["int8", "uint8"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_quantised_recipes_keep_their_steps(recipe: Recipe, layout: str) -> None:
    wanted = recipe.in_form(layout=layout)
    taken = in_form_of(recipe, image(recipe.dtype, *wanted.image_shape))
    assert (taken.quant_scale, taken.quant_zero_point) == (0.02, recipe.quant_zero_point)
    assert taken == wanted


@pytest.mark.parametrize("recipe", [RECIPE, UINT8], ids=["float32", "uint8"])
def test_the_steps_of_int8_are_not_guessed(recipe: Recipe) -> None:
    with pytest.raises(UsageError, match="for which the recipe lacks the scale"):
        in_form_of(recipe, image("int8", 3, 16, 24))


@pytest.mark.parametrize("recipe", [INT8, UINT8], ids=["int8", "uint8"])
def test_real_numbers_are_quantised_no_more(recipe: Recipe) -> None:
    assert in_form_of(recipe, image("float32", 3, 16, 24)) == RECIPE


def test_a_model_that_says_nothing_leaves_the_recipe_as_it_is() -> None:
    for told in (image(None), image(None, None, None, None), image("float64", 3, 16, 24)):
        assert in_form_of(UINT8, told) == UINT8
    check_image(image(None), UINT8)
    check_image(image("uint8", None, None, None), UINT8)


def test_where_both_layouts_fit_the_recipe_decides() -> None:
    narrow = replace(RECIPE, crop=(3, 3))
    for layout in ("nchw", "nhwc"):
        recipe = narrow.in_form(layout=layout)
        assert in_form_of(recipe, image("float32", 3, 3, 3)) == recipe
        check_image(image("float32", 3, 3, 3), recipe)


@pytest.mark.parametrize(
    "shape",
    [
        (3, 24, 16), (24, 16, 3), (3, 16, 16), (1, 16, 24), (16, 24, 1), (16, 24, 4), (16, 24),
        (3, 16, 24, 1), (3 * 16 * 24,),
    ],
)  # fmt: skip
def test_sizes_and_channels_that_do_not_fit_are_refused(shape: tuple[int, ...]) -> None:
    told: Any = image("float32", *shape)
    with pytest.raises(BackendError, match=r"the model takes image float32 .* the recipe gives"):
        check_image(told, in_form_of(RECIPE, told))


def test_a_dtype_that_no_recipe_has_is_refused() -> None:
    told = image("float64", 3, 16, 24)
    with pytest.raises(BackendError, match="takes image float64"):
        check_image(told, in_form_of(RECIPE, told))

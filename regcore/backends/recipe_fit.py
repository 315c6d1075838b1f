"""Whether a recipe gives the images that a model takes."""

from __future__ import annotations

from regcore._native.choices import DTYPES
from regcore.backends.protocol import Backend
from regcore.errors import BackendError, UsageError
from regcore.models.tensors import TensorSpec, describe
from regcore.recipes.recipe import Recipe


def in_form_of(recipe: Recipe, image: TensorSpec) -> Recipe:
    """The recipe in the dtype and layout of a model's input, as far as that has them.

    A model that takes uint8 normalises by itself, unless the recipe quantises to it. The size and
    the channels are left as they are. Raises UsageError for an input of int8, whose scale the
    recipe does not have.
    """
    shape = image.shape or ()
    layout = recipe.layout
    count = len(recipe.mean)
    if len(shape) == 4 and (shape[1] == count) != (shape[3] == count):  # noqa: PLR2004
        layout = "nchw" if shape[1] == count else "nhwc"
    dtype = image.dtype if image.dtype in DTYPES else recipe.dtype
    if dtype == "int8" and recipe.dtype != "int8":
        raise UsageError(
            f"the model takes {image}, for which the recipe lacks the scale: add "
            "quant_scale=...,quant_zero_point=... to it"
        )
    return recipe.in_form(dtype, layout)


def form_change(name: str, wanted: Recipe, taken: Recipe) -> str:
    """What `in_form_of` made of the recipe `wanted`, which is called `name`, for people."""
    told = f"takes {taken.dtype} {taken.layout}, instead of {name}'s {wanted.dtype} {wanted.layout}"
    if wanted.is_normalized and not taken.is_normalized:
        return f"{told}: mean and std are left to it"
    if wanted.quant_scale is not None and taken.quant_scale is None:
        return f"{told}: the quantisation is left out"
    return told


def check_recipe(backend: Backend, recipe: Recipe) -> None:
    """Raises BackendError where the recipe's dtype, layout or crop is not what the model takes."""
    check_image(backend.inputs[0], recipe)


def check_image(wanted: TensorSpec, recipe: Recipe) -> None:
    """The same for the image that a model takes."""
    offered = recipe.image_shape
    same_dtype = wanted.dtype in (None, recipe.dtype)
    same_shape = wanted.shape is None or (
        len(wanted.shape) == len(offered) + 1
        and all(dim in (None, size) for dim, size in zip(wanted.shape[1:], offered, strict=True))
    )
    if not (same_dtype and same_shape):
        raise BackendError(
            f"the model takes {wanted}, but the recipe gives "
            f"{describe(recipe.dtype, (None, *offered))} ({recipe.layout}): "
            "choose another recipe, dtype or layout"
        )


def static_batch(backend: Backend) -> int | None:
    """The batch size that is built into the model, or None where any will do."""
    shape = backend.inputs[0].shape
    return shape[0] if shape else None

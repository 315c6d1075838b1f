"""Whether a recipe gives the images that a model takes."""

from __future__ import annotations

from dataclasses import replace

from regcore._native.choices import DTYPES
from regcore.backends.protocol import Backend
from regcore.errors import BackendError
from regcore.models.tensors import TensorSpec, describe
from regcore.recipes.recipe import Recipe

_CHANNELS = 3


def in_form_of(recipe: Recipe, image: TensorSpec) -> Recipe:
    """The recipe in the dtype and layout of a model's input, as far as that has them.

    A model that takes uint8 normalises by itself. The size is left as it is.
    """
    shape = image.shape or ()
    layout = recipe.layout
    if len(shape) == 4 and (shape[1] == _CHANNELS) != (shape[3] == _CHANNELS):  # noqa: PLR2004
        layout = "nchw" if shape[1] == _CHANNELS else "nhwc"
    dtype = image.dtype if image.dtype in DTYPES else recipe.dtype
    return replace(recipe, dtype=dtype, layout=layout)


def check_recipe(backend: Backend, recipe: Recipe) -> None:
    """Raises BackendError where the recipe's dtype, layout or crop is not what the model takes."""
    wanted = backend.inputs[0]
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

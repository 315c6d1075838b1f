"""A recipe tried on the photos themselves: every bit of what it gives, beside the tensor's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DecodeError
from regcore.images.preprocessor import Preprocessor
from regcore.recipes.recipe import Recipe
from regcore.trust.identify.bfloat import from_bfloat_bits
from regcore.trust.identify.findings import Residual
from regcore.trust.identify.photos import Photo
from regcore.trust.identify.readings import Reading


def made_by(recipe: Recipe, photos: Sequence[Photo]) -> NDArray[np.float32] | None:
    """What a recipe makes of the files, float32 [images, rows, columns, channels], exactly.

    None where a photo is too small for it.
    """
    try:
        made = Preprocessor(recipe)([photo.item for photo in photos])
    except DecodeError:
        return None
    values = from_bfloat_bits(made) if recipe.dtype == "bfloat16" else made.astype(np.float32)
    return values.transpose(0, 2, 3, 1) if recipe.layout == "nchw" else values


def gives(recipe: Recipe, photos: Sequence[Photo], reading: Reading) -> bool:
    """Whether a recipe gives every bit of a tensor, once that is rounded to float32."""
    made = made_by(recipe, photos)
    if made is None or made.shape != reading.values.shape:
        return False
    return not _differing(made, reading.values)


def residual(recipe: Recipe, photos: Sequence[Photo], reading: Reading) -> Residual | None:
    """How far a recipe is from what is stored, over all photos; None where it has another shape."""
    made = made_by(recipe, photos)
    if made is None or made.shape != reading.values.shape:
        return None
    wide = made.astype(np.float64)
    differing = _differing(wide if reading.is_rounded else made, reading.stored)
    if not differing:
        return Residual(0, made.size, 0.0, 0.0)
    distance = np.abs(wide - reading.stored)
    return Residual(differing, made.size, float(distance.max()), float(distance.mean()))


def _differing(one: NDArray[np.generic], other: NDArray[np.generic]) -> int:
    """How many values differ, both float32 or both float64; 0 and -0 do."""
    bits = np.uint32 if one.dtype == np.float32 else np.uint64
    first, second = (np.ascontiguousarray(values).view(bits) for values in (one, other))
    return int(np.count_nonzero(first != second))

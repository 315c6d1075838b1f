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


def residual(recipe: Recipe, photos: Sequence[Photo], reading: Reading) -> Residual | None:
    """How far a recipe is from a tensor, over all photos; None where it gives no such tensor."""
    made = made_by(recipe, photos)
    if made is None or made.shape != reading.values.shape:
        return None
    # Bits, so that 0 and -0 are two values.
    differing = int(np.count_nonzero(_bits(made) != _bits(reading.values)))
    if not differing:
        return Residual(0, made.size, 0.0, 0.0)
    distance = np.abs(made.astype(np.float64) - reading.values)
    return Residual(differing, made.size, float(distance.max()), float(distance.mean()))


def _bits(values: NDArray[np.float32]) -> NDArray[np.uint32]:
    return np.ascontiguousarray(values).view(np.uint32)

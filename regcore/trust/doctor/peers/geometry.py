"""torchvision's geometry, for libraries that have none of their own."""

from __future__ import annotations

from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.peers.protocol import Pixels, Values
from regcore.trust.doctor.reference import int_of


def sides_of(pixels: Pixels, recipe: Recipe) -> tuple[int, int]:
    """Rows and columns after the resize of the short side, the ratio of the sides kept."""
    side = int_of(recipe.resize)
    rows, columns = pixels.shape[:2]
    if columns <= rows:
        return int(side * rows / columns), side
    return side, int(side * columns / rows)


def centre(resized: Values, recipe: Recipe) -> Values:
    """What is cut from it."""
    crop = int_of(recipe.crop)
    top, left = (round((have - crop) / 2.0) for have in resized.shape[:2])
    return resized[top : top + crop, left : left + crop]

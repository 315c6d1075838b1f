"""The photos of which a tensor may have been made, decoded once for all candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regcore.images.decode import decode
from regcore.images.diagnostics import UPRIGHT
from regcore.images.preprocessor import Preprocessor
from regcore.images.sources import Image
from regcore.recipes.recipe import Recipe

#: What EXIF's orientations 1 to 8 ask for (Exif 2.32, tag 0x0112): whether rows and columns
#: change places first, and then which axes are turned round.
_TURNS = {
    2: (False, (1,)), 3: (False, (0, 1)), 4: (False, (0,)), 5: (True, ()), 6: (True, (1,)),
    7: (True, (0, 1)), 8: (True, (0,)),
}  # fmt: skip


#: The smallest work that tells a photo's orientation.
_GLANCE = Recipe(resize=(1, 1), crop=None, filter="nearest", dtype="uint8")


@dataclass(frozen=True)
class Photo:
    """A photo. pixels: uint8 [rows, columns, 3], as it is stored. orientation: that of EXIF."""

    item: Image
    pixels: NDArray[np.uint8]
    orientation: int = UPRIGHT

    def seen(self, exif: str) -> NDArray[np.uint8]:
        """The pixels with the EXIF orientation ignored, or applied."""
        if exif == "ignore" or self.orientation not in _TURNS:
            return self.pixels
        transposed, axes = _TURNS[self.orientation]
        pixels = self.pixels.transpose(1, 0, 2) if transposed else self.pixels
        return np.ascontiguousarray(np.flip(pixels, axes) if axes else pixels)

    @property
    def is_turned(self) -> bool:
        """Whether EXIF asks for a turn."""
        return self.orientation in _TURNS


def read_photos(items: Sequence[Image]) -> list[Photo]:
    """Decodes them; raises DecodeError for the first that cannot be."""
    pixels = decode(items)
    orientations: dict[int, int] = {}
    Preprocessor(_GLANCE, workers=1)(
        items, on_diagnostic=lambda told: orientations.update({told.index: told.orientation})
    )
    return [
        Photo(item, found, orientations.get(place, UPRIGHT))
        for place, (item, found) in enumerate(zip(items, pixels, strict=True))
    ]

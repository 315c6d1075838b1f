"""Pictures that the caller has opened with Pillow."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image
    from typing_extensions import TypeIs


# Modes whose values Pillow's convert clips to 0 ... 255, and cuts to whole numbers. Pictures of 16
# bits in colour are none of these: Pillow drops their lower halves as it reads them.
_CLIPPED_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")


def is_pillow_image(item: object) -> TypeIs[Image]:
    """Whether it is an image of Pillow, which only a process that has loaded Pillow can hold."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(item, pillow.Image)


def is_clipped(image: Image) -> bool:
    """Whether its values have more than 8 bits, which Pillow clips where it makes RGB of them."""
    return image.mode in _CLIPPED_MODES


def pixels_of(
    image: Image, *, upright: bool, modes: Sequence[str] = ("RGB",), otherwise: str = "RGB"
) -> NDArray[np.uint8]:
    """Its pixels as the decode of its file gives them, uint8 [height, width, 3]; the image stays.

    upright: turned as its EXIF orientation says. modes: those that it keeps, of 8 bits a channel;
    otherwise: what it is converted to from another. Raises what Pillow raises where the image is
    not decoded yet and its file is damaged.
    """
    if upright:
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image)
    return np.asarray(image if image.mode in modes else image.convert(otherwise))

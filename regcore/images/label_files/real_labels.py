"""ReaL: every class that people saw in each of ImageNet's validation images (real.json)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from regcore.counted import counted
from regcore.errors import DatasetError
from regcore.files.json_input import read_json
from regcore.files.names import image_key
from regcore.images.label_files.imagenet import VALIDATION_IMAGES, validation_place

_Class = Annotated[int, Meta(ge=0, le=999)]


def read_real_labels(path: str | Path, names: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """The classes of each image, by ImageNet's order; none where people agreed on none.

    path: the list of lists that https://github.com/google-research/reassessed-imagenet gives, and
    timm has as imagenet_real_labels.json: one for each validation image, in their order. names: of
    images, as in ILSVRC2012_val_00000001.JPEG. Raises DatasetError for another file, and for images
    that are none of these.
    """
    classes = read_json(path, list[list[_Class]])
    if len(classes) != VALIDATION_IMAGES:
        raise DatasetError(
            f"{path}: classes of {counted(len(classes), 'image')}, where ReaL has those of "
            f"ImageNet's {VALIDATION_IMAGES} validation images"
        )
    return tuple(tuple(classes[_place(name, path)]) for name in names)


def _place(name: str, path: str | Path) -> int:
    place = validation_place(image_key(name))
    if place is None:
        raise DatasetError(
            f"{path}: is for ImageNet's validation images, ILSVRC2012_val_00000001 and so on, of "
            f"which {name} is none"
        )
    return place

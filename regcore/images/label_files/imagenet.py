"""ImageNet's 1,000 classes and 50,000 validation images, as all models and tools number them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from regcore.errors import DatasetError

VALIDATION_IMAGES = 50_000

WORDNET_ID = re.compile(r"n[0-9]{8}")
_VALIDATION_NAME = re.compile(r"ILSVRC2012_val_([0-9]{8})")


@cache
def class_indices() -> dict[str, int]:
    """The class index (0 to 999) of each WordNet id, in the order of the 1,000 ids, sorted.

    That is the order of torchvision, timm, Keras and Caffe. Two others are about: the devkit's own,
    and darknet's.
    """
    text = files(__package__).joinpath("imagenet_classes.txt").read_text("ascii")
    return {wordnet_id: index for index, wordnet_id in enumerate(text.split())}


def class_index(wordnet_id: str) -> int:
    """The class of a WordNet id. Raises DatasetError for one that is not among the 1,000."""
    try:
        return class_indices()[wordnet_id]
    except KeyError:
        raise DatasetError(f"{wordnet_id} is none of ImageNet's 1,000 classes") from None


def validation_names() -> list[str]:
    """The names of the validation images in their order, without a suffix."""
    return [f"ILSVRC2012_val_{number:08d}" for number in range(1, VALIDATION_IMAGES + 1)]


def validation_place(stem: str) -> int | None:
    """The place, from 0, of a validation image in that order; None for any other name."""
    found = _VALIDATION_NAME.fullmatch(stem)
    place = int(found[1]) - 1 if found else -1
    return place if 0 <= place < VALIDATION_IMAGES else None

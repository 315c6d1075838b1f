"""The form of calibration.json."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from regcore.schemas import Format
from regcore.schemas.fields import Digest, ModelName, RecipeIdentity, Sha256, described, published
from regcore.schemas.recipe_form import RecipeForm

_XXH3 = Annotated[str, Meta(min_length=16, max_length=16), published(pattern="^[0-9a-f]{16}$")]
_AtLeastOne = Annotated[int, Meta(ge=1, le=1 << 48)]


@dataclass(frozen=True)
class CalibrationImage:
    """An image that was chosen."""

    name: Annotated[
        str,
        described("Below the source folder; of an image in an archive SHARD::PATH."),
    ]
    bytes: Annotated[int, Meta(ge=0, le=1 << 48), described("Of the image file.")]
    sha256: Annotated[Sha256, described("Of the image file.")]
    values: Annotated[_XXH3, described("XXH3 of its values, as the store in `bin` has them.")]
    label: Annotated[
        int | None, described("Its class in the labels; null where the choice knew no labels.")
    ]


@dataclass(frozen=True)
class CalibrationModel:
    """The model that the images were prepared for."""

    name: ModelName
    sha256: Annotated[Sha256, described("Of its file.")]
    input: Annotated[str, described("Name of its image input.")]


@dataclass(frozen=True)
class CalibrationForm:
    """Which images a quantiser is calibrated with, and how they were made."""

    format: Format
    identity: Annotated[
        Digest,
        described("Of the recipe and the images in their order: others have other digits."),
    ]
    model: CalibrationModel
    recipe_identity: Annotated[
        RecipeIdentity, described("Of the recipe: other values, other digits.")
    ]
    recipe: RecipeForm
    recipe_from: Annotated[str, described("Who says the recipe: `model`, or `--recipe`.")]
    source: Annotated[str, described("The folder above the images, absolute.")]
    labels: Annotated[
        str | None,
        described("Where the labels come from by which the choice is balanced; null: it is not."),
    ]
    seed: Annotated[int, Meta(ge=0, le=1 << 62), described("Of the choice.")]
    available: Annotated[_AtLeastOne, described("Images of which these were chosen.")]
    shape: Annotated[
        list[_AtLeastOne], described("Of calibration.npy: images, then the model's own layout.")
    ]
    dtype: Annotated[str, described("Of the values.")]
    regcore: Annotated[str, described("The version that wrote it.")]
    images: Annotated[
        list[CalibrationImage], Meta(min_length=1), described("In the order of the choice.")
    ]


def calibration_identity(recipe_identity: str, images: Iterable[CalibrationImage]) -> str:
    """Of a set: the beginning of the SHA-256 of the recipe's identity and the images' hashes."""
    digest = hashlib.sha256(recipe_identity.encode())
    for image in images:
        digest.update(f"\0{image.sha256}\0{image.values}".encode())
    return digest.hexdigest()[:16]

"""The form of manifest.json, and of the journal's first line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from regcore.counted import counted
from regcore.schemas.fields import Digest, RecipeIdentity, described
from regcore.schemas.recipe_form import RecipeForm

_Count = Annotated[int, Meta(ge=0, le=1 << 48)]
_AtLeastOne = Annotated[int, Meta(ge=1, le=1 << 48)]


@dataclass(frozen=True)
class StoreLayout:
    """How the images are arranged."""

    batch_size: Annotated[
        _AtLeastOne | None,
        described("null for one file an image; else packs of whole batches of this size."),
    ] = None
    pack_images: Annotated[
        _AtLeastOne | None,
        described("Sources to a pack, a multiple of the batch size; null without packs."),
    ] = None
    padded: Annotated[
        bool, described("Whether the last batch of every pack is filled up with zeros.")
    ] = False
    keep_folders: Annotated[
        bool,
        described("Whether the files of single images lie in the folders of their sources."),
    ] = False

    def words(self) -> str:
        """The same for people: `packs of 4096 images in batches of 64`."""
        if self.batch_size is None or self.pack_images is None:
            return "one file an image" + (" in the folders of SRC" if self.keep_folders else "")
        return f"packs of {counted(self.pack_images, 'image')} in batches of {self.batch_size}" + (
            ", the last one filled up" if self.padded else ""
        )


@dataclass(frozen=True, kw_only=True)
class StoreForm:
    """What the store in the making will be."""

    format: Annotated[Literal["regcore store"], described("Tells the file from others.")]
    version: Annotated[Literal[1], described("Of its form.")]
    identity: Annotated[RecipeIdentity, described("Of the recipe: other values, other digits.")]
    recipe: RecipeForm
    form: StoreLayout
    source: Annotated[
        str, described("The folder, absolute, below which the paths of the images lie.")
    ]
    recipe_chosen: Annotated[
        bool | UnsetType,
        described(
            "Whether somebody chose the recipe; false where the guide's own was taken by default. "
            "Earlier versions do not tell."
        ),
    ] = UNSET


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a whole store has."""

    images: Annotated[_Count, described("Listed in images.jsonl.")]
    failed: Annotated[_Count, described("Of them, without values.")]
    packs: Annotated[
        tuple[
            tuple[
                Annotated[str, described("File.")],
                Annotated[_Count, described("Images in it.")],
            ],
            ...,
        ],
        described("In their order; empty for one file an image."),
    ]
    ledger_checksum: Annotated[Digest, described("XXH3 of images.jsonl.")]


@dataclass(frozen=True, kw_only=True)
class ManifestForm(Contents, StoreForm):
    """A whole store; the file is there only while the store is whole."""

"""What a store is: `manifest.json`, which is there only while the store is whole."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from regcore.errors import DatasetError, MismatchError, RegcoreError
from regcore.files.atomic import replacing
from regcore.files.input_file import read_input
from regcore.files.json_input import parse_json
from regcore.recipes.numbers import plain
from regcore.recipes.recipe import Recipe
from regcore.recipes.words import difference
from regcore.schemas.fields import as_dict
from regcore.schemas.recipe_form import recipe_form
from regcore.store.manifest_form import Contents, ManifestForm, StoreForm, StoreLayout

MANIFEST = "manifest.json"

#: What errors say of a folder without one.
NO_STORE = (
    f"{{}}: no {MANIFEST}: not a store, or its making was interrupted; then the same command again "
    "completes it"
)

#: 1.3 million images in packs of one would take a tenth of this.
MAX_MANIFEST_BYTES = 1 << 29

_FORMAT: Literal["regcore store"] = "regcore store"
_VERSION: Literal[1] = 1

#: What every manifest, and the first line of every journal, begins with, without its spaces.
_BEGINNING = b'{"format":"regcorestore","version":1,'
_HEAD = 2 * len(_BEGINNING)
_LONGEST_LITERAL = len("false")


class _Named(msgspec.Struct):
    format: str
    version: int


class _DescriptionFields(msgspec.Struct):
    identity: str
    recipe: dict[str, Any]
    form: StoreLayout
    source: str
    recipe_chosen: bool | None = None


@dataclass(frozen=True)
class StoreSpec:
    """What must agree for a store to be continued, verified or read.

    source: the folder, absolute, below which the paths of its images lie.
    recipe_chosen: whether somebody chose the recipe, or it was the guide's own by default; None
        where an earlier version made the store. It need not agree.
    """

    recipe: Recipe
    form: StoreLayout
    source: str
    recipe_chosen: bool | None = None

    def to_form(self) -> StoreForm:
        """The description for a file in JSON."""
        return StoreForm(
            format=_FORMAT,
            version=_VERSION,
            identity=self.recipe.identity,
            recipe=recipe_form(self.recipe.to_dict()),
            form=self.form,
            source=self.source,
            recipe_chosen=UNSET if self.recipe_chosen is None else self.recipe_chosen,
        )

    def to_dict(self) -> dict[str, Any]:
        """The same as what json.dumps takes."""
        return as_dict(self.to_form())

    def to_line(self) -> bytes:
        """The same as the first line of a file of records."""
        return json.dumps(self.to_dict()).encode() + b"\n"

    @classmethod
    def read(cls, text: bytes, name: str | Path) -> StoreSpec:
        """What `to_dict` gave, as JSON; DatasetError with `name` where it is something else."""
        named = parse_json(text, _Named, name)
        if (named.format, named.version) != (_FORMAT, _VERSION):
            raise DatasetError(f"{name}: not a {_FORMAT} of version {_VERSION}")
        fields = parse_json(text, _DescriptionFields, name)
        form = fields.form
        if form.batch_size is not None and (form.pack_images or 0) % form.batch_size:
            raise DatasetError(f"{name}: packs of {form.pack_images} are not of whole batches")
        if (form.batch_size is None) != (form.pack_images is None):
            raise DatasetError(f"{name}: packs need both a batch size and a number of images")
        try:
            recipe = Recipe.from_dict(fields.recipe)
        except RegcoreError as error:
            raise DatasetError(f"{name}: {error}") from error
        if fields.identity != recipe.identity:
            raise DatasetError(f"{name}: its identity is not that of its recipe")
        return cls(recipe, form, fields.source, fields.recipe_chosen)

    def check(self, wanted: StoreSpec, name: str | Path) -> None:
        """Raises MismatchError, with both side by side, where `wanted` is another description."""
        check_recipe(self.recipe, wanted.recipe, name)
        for what, stored, asked in (
            ("arrangement", self.form.words(), wanted.form.words()),
            ("source", self.source, wanted.source),
        ):
            if stored != asked:
                raise MismatchError(
                    f"{name} holds another {what}: stored {stored}, asked for {asked}; "
                    "choose another folder, or --force to start anew"
                )


@dataclass(frozen=True)
class Manifest:
    """A whole store.

    images: how many are listed; failed: how many of these have no values.
    packs: name and number of images of every pack, in order.
    ledger_checksum: XXH3 of images.jsonl, 16 hex digits.
    """

    description: StoreSpec
    images: int
    failed: int
    packs: tuple[tuple[str, int], ...]
    ledger_checksum: str

    def is_of(self, images: int, ledger_checksum: str) -> bool:
        """Whether it was written for the ledger of so many images with this checksum."""
        return (images, ledger_checksum) == (self.images, self.ledger_checksum)

    def write(self, folder: Path) -> None:
        """Puts manifest.json into `folder`, whole or not at all."""
        form = ManifestForm(
            **vars(self.description.to_form()),
            images=self.images,
            failed=self.failed,
            packs=self.packs,
            ledger_checksum=self.ledger_checksum,
        )
        with replacing(folder / MANIFEST) as temporary:
            temporary.write_text(json.dumps(as_dict(form), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """The manifest in `folder`, None where there is none.

        Raises TornError where the end of one of ours is missing, DatasetError where it is damaged
        otherwise, or not a manifest.
        """
        path = folder / MANIFEST
        if not os.path.lexists(path):  # no error, however long the name is
            return None
        return cls.parse(read_input(path, MAX_MANIFEST_BYTES), path)

    @classmethod
    def parse(cls, text: bytes, name: str | Path) -> Manifest:
        """The same of the content of a file that errors call `name`."""
        if is_torn(text):
            raise TornError(
                f"{name}: not a whole manifest, it ends too early; the same 'regcore preprocess' "
                "again completes the store"
            )
        description = StoreSpec.read(text, name)
        contents = parse_json(text, Contents, name)
        return cls(description=description, **vars(contents))


class TornError(DatasetError):
    """A file of ours without its end, as a power cut leaves it."""


def is_torn(text: bytes) -> bool:
    """Whether this is the beginning of a description of ours, and no more than that.

    Also nothing, or what a disk gives for a part that was never written: zeros.
    """
    kept = text.rstrip(b"\0 \n")
    packed = b"".join(kept[:_HEAD].split())
    if not (packed.startswith(_BEGINNING) or _BEGINNING.startswith(packed)):
        return False
    try:
        json.loads(kept.decode("ascii"))
    except json.JSONDecodeError as error:
        # Damage in the middle is another matter than an end that is missing.
        return "Unterminated string" in error.msg or error.pos >= len(kept) - _LONGEST_LITERAL
    except (RecursionError, ValueError):
        return False
    return False


def check_recipe(stored: Recipe, wanted: Recipe, name: str | Path) -> None:
    """Raises MismatchError, with both recipes side by side, where they give other values."""
    if stored.identity == wanted.identity:
        return
    differing = "; ".join(
        f"{field} {plain(there)} there, {plain(here)} here"
        for field, (there, here) in difference(stored, wanted).fields.items()
    )
    raise MismatchError(
        f"{name} was made by another recipe ({stored.identity}, not {wanted.identity}): {differing}"
    )

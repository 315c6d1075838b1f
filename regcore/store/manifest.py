"""What a store is: `manifest.json`, which is there only while the store is whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from regcore.atomic import replacing
from regcore.errors import DatasetError, MismatchError, RegcoreError
from regcore.recipe import Recipe

MANIFEST = "manifest.json"

_FORMAT = "regcore store"
_VERSION = 1


@dataclass(frozen=True)
class Form:
    """How a store arranges its images.

    batch_size: None for one file an image; else packs, files of whole batches of this size.
    pack_images: sources to a pack, a multiple of the batch size.
    padded: whether the last batch of every pack is filled up with zeros.
    keep_folders: whether the files of single images lie in the folders of their sources.
    """

    batch_size: int | None = None
    pack_images: int | None = None
    padded: bool = False
    keep_folders: bool = False


@dataclass(frozen=True)
class Description:
    """What must agree for a store to be continued, verified or read.

    source: the folder, absolute, below which the paths of its images lie.
    """

    recipe: Recipe
    form: Form
    source: str

    def to_dict(self) -> dict[str, Any]:
        """The description for a file in JSON."""
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "identity": self.recipe.identity,
            "recipe": self.recipe.to_dict(),
            "form": asdict(self.form),
            "source": self.source,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any], name: str | Path) -> Description:
        """What `to_dict` gave; DatasetError with `name` where it is something else."""
        if (fields.get("format"), fields.get("version")) != (_FORMAT, _VERSION):
            raise DatasetError(f"{name}: not a {_FORMAT} of version {_VERSION}")
        try:
            recipe = Recipe.from_dict(fields["recipe"])
            described = cls(recipe, Form(**fields["form"]), str(fields["source"]))
        except (KeyError, TypeError, RegcoreError) as error:
            raise DatasetError(f"{name}: not the manifest of a store ({error})") from error
        if fields.get("identity") != recipe.identity:
            raise DatasetError(f"{name}: its identity is not that of its recipe")
        return described

    def check(self, wanted: Description, name: str | Path) -> None:
        """Raises MismatchError, with both side by side, where `wanted` is another description."""
        check_recipe(self.recipe, wanted.recipe, name)
        for what, stored, asked in (
            ("arrangement", self.form, wanted.form),
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

    description: Description
    images: int
    failed: int
    packs: tuple[tuple[str, int], ...]
    ledger_checksum: str

    def write(self, folder: Path) -> None:
        """Puts manifest.json into `folder`, whole or not at all."""
        content = {
            **self.description.to_dict(),
            "images": self.images,
            "failed": self.failed,
            "packs": self.packs,
            "ledger_checksum": self.ledger_checksum,
        }
        with replacing(folder / MANIFEST) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """The manifest in `folder`, None where there is none; DatasetError for a damaged one."""
        path = folder / MANIFEST
        try:
            fields = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DatasetError(f"{path}: {error.strerror}") from error
        except ValueError as error:
            raise DatasetError(f"{path}: not a JSON file ({error})") from error
        if not isinstance(fields, dict):
            raise DatasetError(f"{path}: not the manifest of a store")
        description = Description.from_dict(fields, path)
        try:
            return cls(
                description=description,
                images=int(fields["images"]),
                failed=int(fields["failed"]),
                packs=tuple((str(file), int(images)) for file, images in fields["packs"]),
                ledger_checksum=str(fields["ledger_checksum"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"{path}: not the manifest of a store ({error!r})") from error


def check_recipe(stored: Recipe, wanted: Recipe, name: str | Path) -> None:
    """Raises MismatchError, with both recipes side by side, where they give other values."""
    if stored.identity == wanted.identity:
        return
    ours, theirs = stored.to_dict(), wanted.to_dict()
    differing = "; ".join(
        f"{field} {ours[field]} there, {theirs[field]} here"
        for field in ours
        if ours[field] != theirs[field]
    )
    raise MismatchError(
        f"{name} was made by another recipe ({stored.identity}, not {wanted.identity}): {differing}"
    )

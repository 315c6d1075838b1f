"""What infer_images runs a model on: noise, photos, a store, or the .bin files of an info file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, UnsetType

from regcore.api.messages import Log, log_listing
from regcore.api.photo_list import chosen_of_store, chosen_photos, places_of
from regcore.backends.protocol import Backend
from regcore.errors import UsageError
from regcore.images.image_names import is_image_name
from regcore.images.preprocessor import Preprocessor
from regcore.inference.inputs.bin_files import BinInputs
from regcore.inference.inputs.noise import NoiseInputs
from regcore.inference.inputs.photos import PhotoInputs
from regcore.inference.inputs.source import Inputs
from regcore.inference.inputs.store import StoreInputs
from regcore.models.external_weights import model_files
from regcore.models.spelled_file import spelled_file
from regcore.recipes.recipe import Recipe
from regcore.schemas import Format, json_form
from regcore.schemas.fields import Digest, as_dict, described
from regcore.schemas.recipe_form import RecipeForm, recipe_form
from regcore.sources.kinds import is_archive
from regcore.sources.protocol import ImageSource, is_url
from regcore.store.integrity import file_checksum
from regcore.store.presence import is_store
from regcore.store.reader import Store, open_store

if TYPE_CHECKING:
    from regcore.errors import DecodeError

_INFO_SUFFIXES = (".info", ".txt")
_LONGEST_PATH = 1 << 16  # bytes


@dataclass(frozen=True)
class InputSource:
    """Images: a store or photos, else an info file; None: noise.

    places: of the images of the store that are run, in this order.
    """

    images: str | Path | None
    store: Store | None
    photos: ImageSource | None
    verify: bool
    places: Sequence[int] = ()

    @property
    def is_prepared(self) -> bool:
        """Whether there are no photos, so that only the shape of a recipe's images counts."""
        return self.images is None or (self.store is None and self.photos is None)

    @property
    def broken(self) -> tuple[DecodeError, ...]:
        """What could not be reached of the photos."""
        return () if self.photos is None else tuple(self.photos.broken)

    def close(self) -> None:
        """Lets go of the photos' files."""
        if self.photos is not None:
            self.photos.close()

    def inputs(
        self, recipe: Recipe, settings: dict[str, Any], batch_size: int, rounds: int
    ) -> Inputs:
        """The images as the model takes them; settings: of a Preprocessor."""
        if self.images is None:
            return NoiseInputs(recipe, rounds * batch_size, batch_size)
        if self.store is not None:
            return StoreInputs(self.store, self.places)
        preprocessor = Preprocessor(recipe, **settings)
        if self.photos is not None:
            return PhotoInputs(preprocessor, self.photos)
        return BinInputs(
            Path(self.images), recipe, workers=preprocessor.workers, verify=self.verify
        )


def open_inputs(
    images: str | Path | None, log: Log, *, list_file: Path | None = None, verify: bool
) -> InputSource:
    """Looks what `images` is, and opens a store or lists photos.

    list_file: only the photos, or images of the store, that it names; UsageError where there are
    neither.
    """
    if images is not None and is_store(images):
        store = open_store(images, verify=verify)
        places = places_of(store.listed, chosen_of_store(store, list_file))
        return InputSource(images, store, None, verify, places)
    if images is None or _is_info(images):
        if list_file is not None:
            what = "noise" if images is None else f"{images}, which lists its images itself"
            raise UsageError(f"--list {list_file}: is for photos and stores, not for {what}")
        return InputSource(images, None, None, verify)
    photos = chosen_photos(images, list_file)
    log_listing(log, photos)
    return InputSource(images, None, photos, verify)


def _is_info(images: str | Path) -> bool:
    """Whether this lists .bin files; a text whose first line ends as photos do lists these."""
    if not str(images).endswith(_INFO_SUFFIXES) or not Path(images).is_file():
        return False
    with Path(images).open("rb") as file:
        first = os.fsdecode(file.readline(_LONGEST_PATH).partition(b"\0")[0].strip())
    return not (is_image_name(first) or is_archive(first))


@dataclass(frozen=True)
class InferenceForm:
    """Of what the outputs in a folder are.

    `regcore infer` goes on only where all of it is the same.
    """

    format: Format
    model: Annotated[
        str,
        described("Checksum of the model's file, or what stands for a model that is no file."),
    ]
    images: Annotated[str, described("The folder, absolute.")]
    list: Annotated[Digest, described("Of the images' names: the beginning of their SHA-256.")]
    recipe: RecipeForm
    output: Annotated[str, described("Name of the model's output.")]
    binary: Annotated[bool, described("Whether the scores are raw float32 instead of text.")]
    precision: Annotated[
        str | UnsetType, described("In what the device computed float32, where that is less.")
    ] = UNSET


def scores_origin(
    model: str,
    images: str | Path,
    inputs: Inputs,
    recipe: Recipe,
    backend: Backend,
    *,
    binary: bool,
) -> dict[str, Any]:
    """What the scores depend on besides the images as they are: the record of the folder.

    backend: the opened model. binary: whether the scores are float32 instead of text.
    """
    form = InferenceForm(
        format=json_form("inference"),
        model=model_identity(model),
        images=str(images) if is_url(str(images)) else str(Path(images).resolve()),
        list=names_digest(inputs.names),
        recipe=recipe_form(recipe.to_dict()),
        output=backend.outputs[0].name,
        binary=binary,
        precision=backend.precision or UNSET,
    )
    return as_dict(form)


def names_digest(names: Sequence[str]) -> str:
    """Of a list of images: the beginning of the SHA-256 of its names."""
    return hashlib.sha256("\0".join(names).encode(errors="surrogateescape")).hexdigest()[:16]


def model_identity(model: str) -> str:
    """The checksums of the model's files, or what stands for a model that is no file."""
    file = spelled_file(model)
    if file is None:
        return model
    return model.removesuffix(file) + "+".join(map(file_checksum, model_files(Path(file))))

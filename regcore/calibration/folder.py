"""A folder of calibration images, as `regcore calibrate` writes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from regcore.calibration.form import CalibrationForm, calibration_identity
from regcore.counted import counted
from regcore.errors import DatasetError, MismatchError
from regcore.files.arguments import as_path
from regcore.files.json_input import read_json
from regcore.images.batch_stream import Array
from regcore.recipes.recipe import Recipe
from regcore.store.reader import Store, open_store

MANIFEST = "calibration.json"
#: All images as one array.
ARRAY = "calibration.npy"
#: The store with a file for each image.
BIN = "bin"
#: Files of several images, for Ascend's AMCT.
AMCT = "amct"
#: The names of the images that were not chosen.
OTHERS = "others.txt"


def open_calibration(folder: str | Path) -> CalibrationSet:
    """Opens a folder that `regcore calibrate` wrote.

    Raises DatasetError where there is none, or where it was not finished, and MismatchError where
    calibration.json is not of the images beside it.
    """
    folder = as_path("folder", folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise DatasetError(
            f"{folder}: no {MANIFEST}: not written by 'regcore calibrate', or not to its end"
        )
    form = read_json(path, CalibrationForm)
    if form.format.get("name") != "regcore calibration":
        raise DatasetError(f"{path}: not a file of 'regcore calibrate'")
    store = open_store(folder / BIN)
    found = [f"{checksum:016x}" for checksum in store.checksums.tolist()]
    same = (
        list(store.listed) == [image.name for image in form.images]
        and found == [image.values for image in form.images]
        and store.recipe.identity == form.recipe_identity
        and calibration_identity(form.recipe_identity, form.images) == form.identity
    )
    if not same:
        raise MismatchError(
            f"{path}: is not of the images in {folder / BIN}; 'regcore calibrate' makes them again"
        )
    return CalibrationSet(folder, form, store)


class CalibrationSet(Sequence[Array]):
    """Calibration images as the model takes them, in the order of their choice.

    Each is a read-only array without a batch dimension, checked against its checksum when it is
    first read. form: the content of calibration.json.
    """

    def __init__(self, folder: Path, form: CalibrationForm, store: Store) -> None:
        self.folder = folder
        self.form = form
        self._store = store

    @property
    def identity(self) -> str:
        """Of the recipe and the images; 16 hex digits."""
        return self.form.identity

    @property
    def input_name(self) -> str:
        """The model's image input."""
        return self.form.model.input

    @cached_property
    def recipe(self) -> Recipe:
        """By which the images were prepared."""
        return self._store.recipe

    def check_recipe(self, recipe: Recipe) -> None:
        """Raises MismatchError, with both side by side, where the images are of another."""
        self._store.check_recipe(recipe)

    def batches(self, batch_size: int) -> Iterator[Array]:
        """The images in arrays [n, ...]; the last has what is left."""
        for batch in self._store.batches(batch_size):
            yield batch.images

    def __len__(self) -> int:
        return len(self._store)

    def __getitem__(self, key: int | slice) -> Array:  # type: ignore[override]
        return self._store[key]

    def __repr__(self) -> str:
        images = counted(len(self), "image")
        return f"<CalibrationSet {str(self.folder)!r}: {images}, {self.identity}>"

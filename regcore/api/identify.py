"""Which recipe made a tensor of these photos."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from regcore.api.messages import Log, ProgressBar, log_listing, no_log, no_progress
from regcore.api.options import existing
from regcore.api.recipe import find_recipe
from regcore.errors import DatasetError, UsageError
from regcore.files.arguments import as_path
from regcore.files.atomic import write_text
from regcore.files.input_file import read_input
from regcore.files.names import image_key
from regcore.files.output_guard import Output, check_outputs, json_of
from regcore.images.preprocessor import Preprocessor
from regcore.recipes.recipe import Recipe
from regcore.recipes.spelling import NamedRecipe
from regcore.reports import identify as report
from regcore.reports.identify import Compared, IdentifyForm
from regcore.reports.recipe import show_dict
from regcore.schemas.fields import as_dict
from regcore.sources.protocol import ImageSource
from regcore.sources.spelling import open_source
from regcore.store.adopt import adopt_files, files_of
from regcore.store.presence import holds_store
from regcore.trust.identify.differences import differences, nearest_reference
from regcore.trust.identify.findings import Identification, Outcome
from regcore.trust.identify.identify import identify
from regcore.trust.identify.photos import read_photos
from regcore.trust.identify.tensor_files import StoredTensor, read_tensor

#: Of a folder, so many files are looked at before all of them are compared.
_SAMPLE = 4


@dataclass(frozen=True)
class IdentifiedTensor:
    """What identify_tensor has found.

    compared: in what the recipe differs from the expected one, or from the nearest well known one;
    None where there is no recipe. adopted: files of the store that was made; None where none was.
    """

    tensor: Path
    found: Identification
    compared: Compared | None
    adopted: int | None = None

    @property
    def recipe(self) -> Recipe | None:
        """What gives every bit of the tensor; None where nothing does."""
        found = self.found
        is_found = found.outcome is Outcome.FOUND and found.best is not None
        return found.best.recipe if is_found and found.best else None

    @property
    def as_expected(self) -> bool:
        """Whether the recipe is the expected one; False where none is expected."""
        return report.as_expected(self.found, self.compared)

    @property
    def form(self) -> IdentifyForm:
        """As it is printed and written."""
        return report.identify_form(self.found, self.tensor, self.compared, self.adopted)

    def to_dict(self) -> dict[str, Any]:
        """What `regcore identify --json` prints."""
        return as_dict(self.form)


def identify_tensor(
    tensor: str | Path,
    images: str | Path | Sequence[str | Path],
    *,
    expect: str | Path | Recipe | None = None,
    size: tuple[int, int] | None = None,
    adopt: bool = False,
    out: str | Path | None = None,
    force: bool = False,
    workers: int | None = None,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
) -> IdentifiedTensor:
    """Finds the recipe that gives a tensor of these photos, bit by bit.

    tensor: a .npy, an ONNX TensorProto (.pb), a file of plain values, or a folder of one such .bin
    for each image. images: the photos in the order of the tensor, or a folder of them; of a folder
    of .bin files, all of theirs. expect: a recipe, its spelling, or a model or store that has one:
    in what the tensor differs from it is told. size: rows and columns, of plain values that are not
    square. adopt: the folder becomes a store, once every file is compared. out: a file for the
    recipe. force: replace a file at `out` that regcore did not write. workers: threads that adopt.

    Raises UsageError where the request contradicts itself, DatasetError where the tensor cannot be
    one of these photos, DecodeError for a photo that cannot be read, and MismatchError where a file
    to be adopted is not what the recipe gives; nothing is written then.
    """
    path, named = existing(tensor), None if expect is None else find_recipe(expect)
    out = None if out is None else as_path("out", out)
    if out is not None:
        check_outputs([Output(out, json_of("recipe"))], [path], force=force)
    with _photos(images) as source:
        log_listing(log, source)
        stored, names = _stored(path, source, adopt=adopt)
        photos = read_photos(source.chosen(names).read())
        expected = None if named is None else named.recipe
        found = identify(stored, photos, size, expected)
        result = IdentifiedTensor(path, found, _compared(found, named))
        recipe = result.recipe
        if recipe is None and adopt:
            raise DatasetError(
                f"{path}: no recipe gives the files of {', '.join(names)}, so that nothing is "
                "adopted; 'regcore identify' without --adopt says what is nearest"
            )
        if recipe is not None and adopt:
            if found.alternatives:
                log("adopted by one of several recipes that give the same of the photos looked at")
            preprocessor = Preprocessor(recipe, workers=workers)
            with progress(len(source)) as advance:
                count = adopt_files(preprocessor, source, path, progress=advance)
            result = IdentifiedTensor(path, found, result.compared, count)
        if recipe is not None and out is not None:
            shown = show_dict(NamedRecipe(f"identified from {path.name}", recipe))
            write_text(out, json.dumps(shown, indent=2) + "\n")
    return result


def _photos(images: str | Path | Sequence[str | Path]) -> ImageSource:
    """One folder or archive of photos, or several files."""
    listed = [images] if isinstance(images, (str, Path)) else list(images)
    if not listed:
        raise UsageError("which photos? name those of which the tensor was made")
    if len(listed) == 1:
        return open_source(listed[0])
    return _files([existing(one) for one in listed])


def _files(paths: Sequence[Path]) -> ImageSource:
    from regcore.sources.files import FileSource

    for path in paths:
        if path.is_dir():
            raise UsageError(f"{path}: is a folder; name one folder, or photos")
    root = Path("/")
    return FileSource(root, [path.absolute().relative_to(root).as_posix() for path in paths])


def _stored(path: Path, source: ImageSource, *, adopt: bool) -> tuple[StoredTensor, Sequence[str]]:
    """The tensor, and the names of its photos."""
    if path.is_dir():
        return _of_folder(path, source)
    if adopt:
        raise UsageError(f"{path}: --adopt needs a folder of one .bin for each image")
    stored = read_tensor(path)
    names = list(source.names)
    named_alike = [name for name in names if image_key(name) == image_key(path)]
    if len(names) > 1 and len(named_alike) == 1:
        return stored, named_alike
    return stored, names


def _of_folder(folder: Path, source: ImageSource) -> tuple[StoredTensor, Sequence[str]]:
    """Some of the files of a folder as one tensor."""
    if holds_store(folder):
        raise UsageError(
            f"{folder}: is a store, whose recipe 'regcore recipe show {folder}' shows, and which "
            "'regcore verify' compares with its photos"
        )
    names = source.names
    _, files = files_of(folder, names)
    places = np.unique(np.linspace(0, len(names) - 1, _SAMPLE).round().astype(int)).tolist()
    parts = [np.frombuffer(read_input(folder / files[place]), np.uint8) for place in places]
    if len({part.size for part in parts}) != 1:
        raise DatasetError(f"{folder}: its files are not of one size: they have several recipes")
    return StoredTensor(str(folder), np.concatenate(parts)), [names[place] for place in places]


def _compared(found: Identification, named: NamedRecipe | None) -> Compared | None:
    if found.best is None:
        return None
    if named is not None:
        told = differences(found.best.recipe, named.recipe, found.alternatives)
        return Compared(named.name, told, is_expected=True)
    nearest = nearest_reference(found.best.recipe)
    return None if nearest is None else Compared(nearest[0].name, nearest[1], is_expected=False)

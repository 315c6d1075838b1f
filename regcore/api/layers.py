"""Where a model of lower precision leaves the float32 model that it was made of."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from regcore.api.messages import Log, ProgressBar, log_listing, no_log, no_progress
from regcore.api.options import existing, existing_images
from regcore.api.photo_list import chosen_photos
from regcore.api.recipe_choice import recipe_for_input
from regcore.backends.recipe_fit import check_image
from regcore.calibration.folder import MANIFEST, CalibrationSet, open_calibration
from regcore.convert.onnx.layer_noise import layer_noise
from regcore.counted import agreeing, counted
from regcore.errors import MismatchError, UsageError
from regcore.evaluation.run_folder import LAYERS
from regcore.files.arguments import as_path, whole_within
from regcore.files.atomic import write_text
from regcore.files.output_guard import Output, check_outputs, json_of
from regcore.files.temporary_file import remove_abandoned
from regcore.images.preprocessor import Preprocessor
from regcore.models.build_record import file_sha256
from regcore.models.metadata import ModelMetadata
from regcore.models.onnx_file import read_onnx
from regcore.models.tensors import image_input
from regcore.recipes.recipe import Recipe
from regcore.recipes.words import difference_words, differing_fields
from regcore.reports.layers import LOW_DB, LayersForm, first_low, largest_step, noisiest_first
from regcore.schemas import json_form
from regcore.schemas.fields import as_dict
from regcore.sources.spelling import is_spelled
from regcore.store.presence import is_store
from regcore.store.reader import open_store

COUNT = 16
_MOST_IMAGES = 1 << 48


@dataclass(frozen=True)
class ComparedLayers:
    """What compare_layers has found. path: of layers.json, None where none was asked for."""

    form: LayersForm
    path: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """What `regcore layers --json` prints, and layers.json holds."""
        return as_dict(self.form)


def compare_layers(
    model: str | Path,
    images: str | Path,
    *,
    against: str | Path,
    count: int = COUNT,
    recipe: str | Recipe | None = None,
    out: str | Path | None = None,
    force: bool = False,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
) -> ComparedLayers:
    """Runs an .onnx file and the float32 one that it was made of, and compares every layer.

    images: a folder of `regcore calibrate`, a store, or photos, of which the first `count` are
    taken. against: the float32 model. recipe: how the models want their images, where neither they
    nor a calibration say it. out: a folder for layers.json, that of a run of `model` for its
    report; by default none is written. force: also replace a layers.json that is none of regcore's.

    Both run by ONNX Runtime on the CPU. Layers are the nodes of the float32 model whose result has
    the same name in the other. Raises UsageError where nobody says the recipe or there are no
    images, MismatchError where the models take images of two forms or recipes or have no layer in
    common, and BackendError where one of them does not run or lacks its weights.
    """
    path, other = existing(model), existing(against)
    images, folder = existing_images(images), None if out is None else as_path("out", out)
    count = whole_within("count", count, 1, _MOST_IMAGES)
    written = None if folder is None else folder / LAYERS
    if written is not None:
        check_outputs([Output(written, json_of("layers"))], [path, other], force=force)
    ours, theirs = read_onnx(path), read_onnx(other)
    image, original = image_input(path, ours.inputs), image_input(other, theirs.inputs)
    if (image.shape, image.dtype) != (original.shape, original.dtype):
        raise MismatchError(f"{path} takes {image}, and {other} takes {original}")
    for file in (ours, theirs):
        file.check_data()
    if ours.metadata is not None and theirs.metadata is not None:
        _check_recipes(path, ours.metadata.recipe, other, theirs.metadata.recipe)
    own = ours.metadata or theirs.metadata
    calibration = _calibration_in(images)
    if own is None and recipe is None and calibration is not None:
        own = ModelMetadata(calibration.recipe, "the calibration's")
    if own is None and recipe is None:
        raise UsageError(f"{path}: does not say how it wants its images; say it with --recipe")
    _, taken = recipe_for_input(path, recipe, own, image, log)
    check_image(image, taken)
    values = _values(images, calibration, taken, count, log)
    batch = (image.shape or (None,))[0] or 1
    whole = len(values) // batch * batch
    if not whole:
        there = f"there {agreeing(len(values), 'is', 'are')} {counted(len(values), 'image')}"
        raise UsageError(f"{path} takes batches of {batch}, and {there}")
    with progress(whole) as advance:
        layers = layer_noise(path, other, values[:whole], batch, done=lambda done: advance(done, 0))
    low, step = first_low(layers), largest_step(layers)
    form = LayersForm(
        format=json_form("layers"),
        model=str(path),
        model_sha256=file_sha256(path),
        against=str(other),
        against_sha256=file_sha256(other),
        images=whole,
        images_from=str(images),
        recipe_identity=taken.identity,
        low_db=LOW_DB,
        first_low=None if low is None else low.layer,
        largest_step=None if step is None else step.layer,
        layers=noisiest_first(layers),
    )
    found = ComparedLayers(form, written)
    if written is not None:
        written.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(written.parent)
        write_text(written, json.dumps(found.to_dict(), indent=1) + "\n")
    return found


def _check_recipes(path: Path, ours: Recipe, other: Path, theirs: Recipe) -> None:
    """Raises MismatchError where two models want their images in two ways."""
    if differing := difference_words(differing_fields(theirs, ours)):
        raise MismatchError(
            f"{path} wants other images than {other}, {differing}: the one is not made of the other"
        )


def _calibration_in(images: str | Path) -> CalibrationSet | None:
    """The calibration, where the images are one."""
    folder = None if is_spelled(str(images)) else Path(images)
    return open_calibration(folder) if folder and (folder / MANIFEST).is_file() else None


def _values(
    images: str | Path, calibration: CalibrationSet | None, recipe: Recipe, count: int, log: Log
) -> NDArray[Any]:
    """Up to `count` images as the models take them."""
    if calibration is not None:
        calibration.check_recipe(recipe)
        return calibration[:count]
    if is_store(images):
        store = open_store(images)
        store.check_recipe(recipe)
        return store[:count]
    photos = chosen_photos(images, None)
    with closing(photos):
        log_listing(log, photos)
        places = range(min(count, len(photos)))
        return Preprocessor(recipe)(list(photos.read(places)))

"""Images for a quantiser, chosen and prepared as the model wants them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regcore.api.calibration_choice import balanced_choice, photos_to_choose_from
from regcore.api.messages import Log, ProgressBar, no_log, no_progress
from regcore.api.options import (
    PrepareOptions,
    PreprocessorOptions,
    check_names,
    existing,
    existing_images,
    existing_labels,
    optional,
    select,
)
from regcore.api.recipe_choice import RecipeChoice, recipe_for_input
from regcore.backends.recipe_fit import check_image
from regcore.calibration.content import SeenContents, same_contents
from regcore.calibration.folder import (
    AMCT,
    ARRAY,
    BIN,
    MANIFEST,
    OTHERS,
    CalibrationSet,
    open_calibration,
)
from regcore.calibration.form import (
    CalibrationForm,
    CalibrationImage,
    CalibrationModel,
    calibration_identity,
)
from regcore.calibration.write import write_amct, write_array, write_manifest, write_others
from regcore.convert.inspect import inspect_model
from regcore.counted import agreeing, counted
from regcore.errors import DatasetError, UsageError
from regcore.files.arguments import as_path, whole_within
from regcore.files.names import image_key
from regcore.files.output_guard import Output, check_outputs, json_of
from regcore.images.preprocessor import Preprocessor
from regcore.models.build_record import file_sha256
from regcore.models.tensors import TensorSpec, image_input
from regcore.recipes.recipe import Recipe
from regcore.schemas import json_form
from regcore.schemas.fields import as_dict
from regcore.schemas.recipe_form import recipe_form
from regcore.sources.protocol import ImageSource, absolute
from regcore.store.manifest_form import StoreLayout
from regcore.store.presence import is_store
from regcore.store.reader import Store, open_store
from regcore.store.writer import plan_store, write_store

if TYPE_CHECKING:
    from typing_extensions import Unpack

COUNT = 128
_MOST_IMAGES = 1 << 48
_MOST_SEEDS = 1 << 62


@dataclass(frozen=True)
class CalibrationImages:
    """What calibrate_model has written. others: how many images are in others.txt.

    amct_command: that of AMCT for the folder `amct`, empty where there is none.
    """

    calibration: CalibrationSet
    others: int
    amct_command: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """What `regcore calibrate --json` prints: the content of calibration.json."""
        return as_dict(self.calibration.form)

    def sentence(self) -> str:
        """The same in words."""
        form = self.calibration.form
        classes = {image.label for image in form.images}
        of = "" if form.labels is None else f" of {counted(len(classes), 'class')}"
        return (
            f"{len(form.images)} of {counted(form.available, 'image')}{of}, seed {form.seed}, "
            f"by the recipe {form.recipe_identity} in {self.calibration.folder}; "
            f"calibration {form.identity}; {counted(self.others, 'other')} in {OTHERS}"
        )


def calibrate_model(
    model: str | Path,
    images: str | Path,
    out: str | Path = "calibration",
    *,
    count: int = COUNT,
    labels: str | Path | None = None,
    seed: int = 0,
    amct: int | None = None,
    list_file: str | Path | None = None,
    force: bool = False,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
    **options: Unpack[PrepareOptions],
) -> CalibrationImages:
    """Chooses images for the calibration of a quantiser, and prepares them by the model's recipe.

    model: a file whose input and recipe are known, see regcore.convert.inspect. images: photos, as
    for evaluate_model. out: a folder, which gets `calibration.npy`, one array of all images; `bin`,
    a store of one `.bin` file an image; `others.txt`, the names of the images that were not chosen
    and are not copies of those; and `calibration.json`, schema `calibration`. count: how many. They
    are as evenly spread over the classes as there are images, where labels are known, and copies of
    others are taken only where there is nothing else, which is told.
    labels: as for evaluate_model. seed: of the choice; that of fewer images is the beginning of
    that of more. amct: so many images in each file of the folder `amct`, for Ascend's AMCT; None:
    there is no such folder. list_file: only images named in this file. force: replace what another
    call wrote. options: RecipeOptions and PreprocessorOptions in regcore.api.options.

    Raises UsageError where nobody says the recipe, there are fewer images than `count`, or the
    model has another batch size built in than `amct`,
    DatasetError where a chosen image cannot be read, BackendError where the recipe's images are not
    those that the model takes, and MismatchError where `out` has images by another recipe.
    """
    check_names(options, PrepareOptions)
    model, out = existing(model), as_path("out", out)
    images, list_file = existing_images(images), optional(list_file)
    labels = existing_labels(labels)
    count = whole_within("count", count, 1, _MOST_IMAGES)
    seed = whole_within("seed", seed, 0, _MOST_SEEDS)
    if amct is not None:
        amct = whole_within("amct", amct, 1, count)
    image, choice = _recipe(model, options, log)
    built_in = (image.shape or (None,))[0]
    if amct is not None and built_in is not None and amct != built_in:
        raise UsageError(f"--amct {amct}: {model} takes batches of {built_in}; take that")
    if is_store(images):
        raise UsageError(f"{images}: is a store; photos are needed, which are prepared for {model}")
    source, classes, origin = photos_to_choose_from(images, labels, list_file, log)
    with closing(source):
        given = [path for path in (labels, list_file) if isinstance(path, Path)]
        _check_out(out, [model, *given, Path(str(images))], force=force)
        if count > len(source):
            are = f"{agreeing(len(source), 'is', 'are')} only {counted(len(source), 'image')}"
            raise UsageError(f"--count {count}: there {are} in {images}")
        seen = SeenContents(source)
        seen.read(balanced_choice(source.names, classes, count, seed))
        places = balanced_choice(source.names, classes, count, seed, seen.is_copy)
        differing = len(source) - seen.copies
        if differing < count:
            log(
                f"only {differing} of {counted(len(source), 'image')} "
                f"{agreeing(differing, 'differs', 'differ')}: "
                f"{counted(count - differing, 'copy is', 'copies are')} among the {count} chosen"
            )
        chosen = source.chosen([source.names[place] for place in places])
        store = _prepare(
            Preprocessor(choice.recipe, **select(options, PreprocessorOptions)),
            chosen,
            out,
            force=force,
            progress=progress,
        )
        write_array(store, out)
        files = write_amct(store, out, amct)
        contents = seen.of(places)
        found = [
            CalibrationImage(
                name=source.names[place],
                bytes=content.size,
                sha256=content.sha256,
                values=f"{value:016x}",
                label=None if classes is None else int(classes[place]),
            )
            for place, content, value in zip(
                places, contents, store.checksums.tolist(), strict=True
            )
        ]
        others = _others(source, places, {content.short for content in contents})
        write_others(others, out)
        write_manifest(
            CalibrationForm(
                format=json_form("calibration"),
                identity=calibration_identity(choice.recipe.identity, found),
                model=CalibrationModel(str(model), file_sha256(model), image.name),
                recipe_identity=choice.recipe.identity,
                recipe=recipe_form(choice.recipe.to_dict()),
                recipe_from=choice.origin,
                source=absolute(source.root),
                labels=origin,
                seed=seed,
                available=len(source),
                shape=[len(store), *choice.recipe.image_shape],
                dtype=choice.recipe.dtype,
                regcore=version("regcore"),
                images=found,
            ),
            out,
        )
    command: tuple[str, ...] = ()
    if amct is not None:
        command = _amct_command(model, image, choice.recipe, out / AMCT, batch=amct, files=files)
    return CalibrationImages(open_calibration(out), len(others), command)


def _recipe(model: Path, options: PrepareOptions, log: Log) -> tuple[TensorSpec, RecipeChoice]:
    """The model's image input, and the recipe in its form."""
    facts = inspect_model(model)
    image = image_input(model, facts.inputs)
    wanted = options.get("recipe")
    if facts.metadata is None and wanted is None:
        raise UsageError(
            f"{model}: does not say how it wants its images; say it with --recipe RECIPE, "
            "or write it in with 'regcore recipe embed'"
        )
    dtype, layout = options.get("dtype"), options.get("layout")
    name, taken = recipe_for_input(
        model, wanted, facts.metadata, image, log, dtype=dtype, layout=layout
    )
    check_image(image, taken)
    return image, RecipeChoice(name, taken, "model" if wanted is None else "--recipe")


def _amct_command(
    model: Path, image: TensorSpec, recipe: Recipe, folder: Path, *, batch: int, files: int
) -> tuple[str, ...]:
    shape = ",".join(map(str, (batch, *recipe.image_shape)))
    return (
        *("amct_onnx", "calibration", "--model", str(model)),
        *("--save_path", str(model.with_name(f"{model.stem}_amct"))),
        *("--input_shape", f"{image.name}:{shape}", "--data_dir", str(folder)),
        *("--data_types", recipe.dtype, "--batch_num", str(files)),
    )


def _check_out(out: Path, inputs: Sequence[Path], *, force: bool) -> None:
    ours = (out / MANIFEST).is_file()
    check_outputs(
        [
            Output(out / MANIFEST, json_of("calibration")),
            Output(out / ARRAY, recognise=lambda _: ours),
            Output(out / OTHERS, recognise=lambda _: ours),
        ],
        inputs,
        force=force,
    )


def _prepare(
    preprocessor: Preprocessor,
    chosen: ImageSource,
    out: Path,
    *,
    force: bool,
    progress: ProgressBar,
) -> Store:
    names = list(chosen.names)
    layout = StoreLayout(keep_folders=len(set(map(image_key, names))) < len(names))
    plan_store(preprocessor, chosen, names, out / BIN, layout, force=force)  # raises
    (out / MANIFEST).unlink(missing_ok=True)  # the folder is not whole while its images change
    with progress(len(names)) as advance:
        written = write_store(
            preprocessor, chosen, names, out / BIN, layout, force=force, progress=advance
        )
    if written.errors:
        raise DatasetError(
            f"{written.errors[0]}: {len(written.errors)} of the "
            f"{counted(len(names), 'chosen image')} cannot "
            "be read; leave them out with --list"
        )
    return open_store(out / BIN)


def _others(source: ImageSource, places: Sequence[int], known: set[tuple[int, str]]) -> list[str]:
    """The names of all images but these, and but those with the same bytes."""
    chosen = set(places)
    left = [place for place in range(len(source)) if place not in chosen]
    copies = set(same_contents(source, left, known))
    return [source.names[place] for place in left if place not in copies]

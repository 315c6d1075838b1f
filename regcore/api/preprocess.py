"""Images preprocessed into files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from regcore.api.messages import (
    Log,
    LoggedInterrupt,
    ProgressBar,
    log_failures,
    log_listing,
    no_log,
    no_progress,
)
from regcore.api.options import (
    PrepareOptions,
    PreprocessorOptions,
    check_names,
    existing,
    select,
)
from regcore.api.recipe_choice import GUIDES_RECIPE, choose_recipe
from regcore.backends.registry import read_metadata
from regcore.errors import UsageError
from regcore.images.listing import Listing, listing, read_image_list
from regcore.images.preprocessor import Preprocessor
from regcore.images.recipe import Recipe
from regcore.reports import preprocessing
from regcore.store.interruption import StoreInterruptedError
from regcore.store.layout import pack_form
from regcore.store.manifest import Form
from regcore.store.progress import TooManyBadError
from regcore.store.writer import StorePlan, StoreSummary, plan_store, write_store

if TYPE_CHECKING:
    from typing_extensions import Unpack

_PACK_BYTES = 1 << 30


class StoreOptions(PrepareOptions, total=False):
    """Which images are prepared, and the files that they go to.

    batch_size: few large files of whole batches of so many images, instead of one file an image;
    pad: the last batch of each is filled up with zeros; pack_bytes: their largest size, by default
    1 GiB. keep_folders: `out` gets the folders of `src`. list_file: only the images named in this
    file. limit: only so many images, the first ones. on_error: go on at a bad image, or stop;
    max_bad: stop at more bad images than this. for_model: prepare images as this model wants them.
    """

    batch_size: int | None
    pad: bool
    pack_bytes: int
    keep_folders: bool
    list_file: str | Path | None
    limit: int | None
    on_error: Literal["report", "fail"]
    max_bad: int | None
    for_model: str | Path | None


@dataclass(frozen=True)
class PreprocessedImages:
    """What preprocess_images has written to `out`. recipe_name: a preset, or the model's."""

    summary: StoreSummary
    recipe: Recipe
    recipe_name: str
    workers: int
    out: Path

    @property
    def complete(self) -> bool:
        """Whether every image is there."""
        return not self.summary.errors

    @property
    def label(self) -> str:
        """Name and identity of the recipe."""
        return f"{self.recipe_name} ({self.recipe.identity})"

    def to_dict(self) -> dict[str, Any]:
        """What `regcore preprocess --json` prints."""
        store = preprocessing.to_dict(self.summary, self.recipe, self.out)
        return {**store, "recipe": self.label, "workers": self.workers}

    def sentence(self) -> str:
        """The same in words."""
        written = preprocessing.sentence(self.summary, self.recipe, self.out)
        return f"{written}; recipe {self.label}"


@dataclass(frozen=True)
class PlannedImages:
    """What preprocess_images would write. images: how many are listed."""

    plan: StorePlan
    images: int
    out: Path

    def to_dict(self) -> dict[str, Any]:
        """What `regcore preprocess --dry-run --json` prints."""
        return preprocessing.plan_dict(self.plan, self.images)

    def sentence(self) -> str:
        """The same in words."""
        return preprocessing.plan_sentence(self.plan, self.images, self.out)


def preprocess_images(
    src: str | Path,
    out: str | Path,
    *,
    force: bool = False,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
    **options: Unpack[StoreOptions],
) -> PreprocessedImages:
    """Preprocesses all images in `src`, a folder or a file, into a store in the folder `out`.

    force: delete what an earlier run left in `out`. log, progress: see regcore.api.messages.
    options: see StoreOptions, and RecipeOptions and PreprocessorOptions in regcore.api.options.
    The same call again continues an interrupted one.

    Raises UsageError where the request contradicts itself, DatasetError where there is no image,
    MismatchError where `out` has images by another recipe, TooManyBadError at too many bad images,
    OutputError where `out` cannot be written, and, on Ctrl-C, LoggedInterrupt.
    """
    job = _prepare(Path(src), Path(out), options, log)
    listed, allowed = job.listed, job.allowed
    try:
        with progress(len(listed.names)) as advance:
            summary = write_store(
                job.preprocessor,
                listed.root,
                listed.names,
                job.out,
                job.form,
                max_bad=None if allowed is None else allowed - len(listed.broken),
                force=force,
                progress=advance,
                recipe_chosen=job.is_chosen,
            )
    except KeyboardInterrupt as error:
        log(_interruption(error, len(listed.names), job.out))
        raise LoggedInterrupt from None
    log_failures(log, summary.errors)
    summary = replace(summary, errors=(*listed.broken, *summary.errors))
    preprocessor = job.preprocessor
    return PreprocessedImages(
        summary, preprocessor.recipe, job.recipe_name, preprocessor.workers, job.out
    )


def plan_images(
    src: str | Path,
    out: str | Path,
    *,
    force: bool = False,
    log: Log = no_log,
    **options: Unpack[StoreOptions],
) -> PlannedImages:
    """Says what preprocess_images would do, and does nothing; the arguments are the same."""
    job = _prepare(Path(src), Path(out), options, log)
    listed = job.listed
    plan = plan_store(job.preprocessor, listed.root, listed.names, job.out, job.form, force=force)
    return PlannedImages(plan, len(listed.names), job.out)


@dataclass(frozen=True)
class _Job:
    """allowed: so many images may be bad; None: any number."""

    preprocessor: Preprocessor
    recipe_name: str
    is_chosen: bool
    listed: Listing
    out: Path
    form: Form
    allowed: int | None


def _prepare(src: Path, out: Path, options: StoreOptions, log: Log) -> _Job:
    check_names(options, StoreOptions)
    src = existing(src)
    for_model = options.get("for_model")
    own = read_metadata(existing(for_model)) if for_model else None
    name = options.get("recipe")
    is_chosen = own is not None or name is not None
    name, recipe = choose_recipe(
        name if is_chosen else GUIDES_RECIPE,
        own,
        log,
        dtype=options.get("dtype"),
        layout=options.get("layout"),
    )
    if not is_chosen:
        _log_default(name, recipe, log)
    form = _form(recipe, options)
    preprocessor = Preprocessor(recipe, **select(options, PreprocessorOptions))
    listed = _listed(src, options.get("list_file"), options.get("limit"))
    if out.resolve() in {src.resolve(), listed.root.resolve()}:
        raise UsageError(f"{out}: OUT is the folder of SRC; the results need one of their own")
    log_listing(log, listed)
    allowed = 0 if options.get("on_error") == "fail" else options.get("max_bad")
    if allowed is not None and len(listed.broken) > allowed:
        raise TooManyBadError(listed.broken, allowed)
    return _Job(preprocessor, name, is_chosen, listed, out, form, allowed)


def _log_default(name: str, recipe: Recipe, log: Log) -> None:
    log(
        f"by the recipe {name} ({recipe.identity}), the guide's, as none was chosen: --recipe NAME "
        "or --for MODEL chooses one"
    )


def _form(recipe: Recipe, options: StoreOptions) -> Form:
    batch_size = options.get("batch_size")
    pad, keep_folders = options.get("pad", False), options.get("keep_folders", False)
    if batch_size is None and pad:
        raise UsageError("--pad needs --pack: single images have no batch")
    if batch_size is not None and keep_folders:
        raise UsageError("--keep-folders is for single files, not for --pack")
    if batch_size is None:
        return Form(keep_folders=keep_folders)
    return pack_form(
        recipe, batch_size, padded=pad, pack_bytes=options.get("pack_bytes", _PACK_BYTES)
    )


def _listed(src: Path, list_file: str | Path | None, limit: int | None) -> Listing:
    if list_file is None:
        found = listing(src)
        return replace(found, names=found.names[:limit])
    return Listing(src, read_image_list(list_file, src)[:limit])


def _interruption(error: KeyboardInterrupt, listed: int, out: Path) -> str:
    if not isinstance(error, StoreInterruptedError):
        return f"interrupted: nothing is written; what is in {out} stays, the same command goes on"
    bad = f", {error.failed} bad" if error.failed else ""
    return (
        f"interrupted: {error.kept + error.written} of {listed} images are in {out} "
        f"({error.kept} kept, {error.written} written{bad}); the same command goes on"
    )

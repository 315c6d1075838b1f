"""Images preprocessed into files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regcore.api.messages import (
    Log,
    LoggedInterrupt,
    ProgressBar,
    log_failures,
    no_log,
    no_progress,
)
from regcore.api.preprocess_job import StoreOptions, plan_job
from regcore.counted import agreeing, counted
from regcore.recipes.recipe import Recipe
from regcore.reports import preprocessing
from regcore.store.interruption import StoreInterruptedError
from regcore.store.maker import Maker, make_here
from regcore.store.summary import StorePlan, StoreSummary
from regcore.store.writer import plan_store, write_store

if TYPE_CHECKING:
    from typing_extensions import Unpack


@dataclass(frozen=True)
class PreprocessedImages:
    """What preprocess_images has written to `out`. recipe_name: a preset, or the model's."""

    summary: StoreSummary
    recipe: Recipe
    recipe_name: str
    workers: int
    out: Path | str

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
        return preprocessing.to_dict(self.summary, self.recipe, self.out, self.label, self.workers)

    def sentence(self) -> str:
        """The same in words."""
        written = preprocessing.sentence(self.summary, self.recipe, self.out)
        return f"{written}; recipe {self.label}"


@dataclass(frozen=True)
class PlannedImages:
    """What preprocess_images would write. images: how many are listed."""

    plan: StorePlan
    images: int
    out: Path | str

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
    make: Maker = make_here,
    **options: Unpack[StoreOptions],
) -> PreprocessedImages:
    """Preprocesses all images in `src` into a store in the folder `out`.

    src: a folder, a file, a list, archives, tables, a database or a URL, see
    regcore.sources.spelling.open_source. out: a URL, too, that fsspec opens for writing.
    force: delete what an earlier run left in `out`. log, progress: see regcore.api.messages.
    make: what makes the images, by default threads of this process; see regcore.ray.ClusterMaker.
    options: see StoreOptions, and RecipeOptions and PreprocessorOptions in regcore.api.options.
    The same call again continues an interrupted one.

    Raises UsageError where the request contradicts itself, DatasetError where there is no image,
    MismatchError where `out` has images by another recipe, TooManyBadError at too many bad images,
    OutputError where `out` cannot be written, and, on Ctrl-C, LoggedInterrupt.
    """
    job = plan_job(src, out, options, log)
    source, allowed = job.source, job.allowed
    try:
        with source, progress(len(source)) as advance:
            summary = write_store(
                job.preprocessor,
                source,
                source.names,
                job.out,
                job.form,
                max_bad=None if allowed is None else allowed - len(source.broken),
                force=force,
                progress=advance,
                recipe_chosen=job.is_chosen,
                make=make,
            )
    except KeyboardInterrupt as error:
        log(_interruption(error, len(source), job.out))
        raise LoggedInterrupt from None
    log_failures(log, summary.errors)
    summary = replace(summary, errors=(*source.broken, *summary.errors))
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
    job = plan_job(src, out, options, log)
    with job.source as source:
        plan = plan_store(job.preprocessor, source, source.names, job.out, job.form, force=force)
    return PlannedImages(plan, len(source), job.out)


def _interruption(error: KeyboardInterrupt, listed: int, out: Path | str) -> str:
    if not isinstance(error, StoreInterruptedError):
        return f"interrupted: nothing is written; what is in {out} stays, the same command goes on"
    bad = f", {error.failed} bad" if error.failed else ""
    done = error.kept + error.written
    return (
        f"interrupted: {done} of {counted(listed, 'image')} {agreeing(done, 'is', 'are')} in {out} "
        f"({error.kept} kept, {error.written} written{bad}); the same command goes on"
    )

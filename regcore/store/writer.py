"""Images → a store that loses and doubles nothing, whatever interrupts its making."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DecodeError, OutputError
from regcore.files.atomic import sync
from regcore.images.diagnostics import Diagnostic
from regcore.images.preprocessor import Preprocessor, Progress
from regcore.sources.files import FileSource
from regcore.sources.protocol import ImageSource, absolute
from regcore.store.arrangement import arrange
from regcore.store.earlier import Earlier, prove, read_earlier
from regcore.store.finish import declare_whole
from regcore.store.interruption import StoreInterruptedError
from regcore.store.job import StoreJob
from regcore.store.journal import Journal, peek
from regcore.store.layout import check_list
from regcore.store.ledger import LEDGER, LayeredLedgers, place_of
from regcore.store.ledger_line import Record
from regcore.store.manifest import MANIFEST, StoreSpec
from regcore.store.manifest_form import StoreLayout
from regcore.store.packs import Packs
from regcore.store.progress import Tally
from regcore.store.single_files import SingleFiles
from regcore.store.space import check_space
from regcore.store.target_folder import remove_leftovers


@dataclass(frozen=True)
class StoreSummary:
    """What a run did.

    kept: images from earlier runs, verified; written: images of this run; errors: the others.
    diagnostics: images kept or written, but damaged or rotated.
    seconds: of writing, wall time; verify_seconds: of verifying what was there; stage_seconds: of
    the workers together in each stage of writing.
    """

    kept: int
    written: int
    errors: tuple[DecodeError, ...]
    diagnostics: tuple[Diagnostic, ...]
    seconds: float
    verify_seconds: float
    stage_seconds: dict[str, float]

    @property
    def images_per_s(self) -> float:
        """Images written per second of writing."""
        return self.written / self.seconds if self.seconds else 0.0


#: Makes the images of a job that are not kept: their files, their records, and what they count for.
Maker = Callable[[StoreJob, NDArray[np.bool_], Journal, Tally], object]


def make_here(job: StoreJob, kept: NDArray[np.bool_], journal: Journal, tally: Tally) -> None:
    """The Maker that has the preprocessor's own threads do it."""
    job.images.write(kept, journal, tally)


@dataclass(frozen=True)
class StorePlan:
    """What a run would do: bytes of all values, and of those in files that are there already."""

    files: int
    needed: int
    there: int


def write_store(
    preprocessor: Preprocessor,
    source: str | Path | ImageSource,
    paths: Sequence[str],
    folder: str | Path,
    form: StoreLayout | None = None,
    *,
    max_bad: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
    recipe_chosen: bool = True,
    make: Maker = make_here,
) -> StoreSummary:
    """Preprocesses the images `paths` below `source` into a store in `folder`.

    source: a folder, or a source of images, whose names `paths` are.
    An earlier run of the same on the same folder is continued: what it made is verified against
    its checksums, and images whose source has changed (size, time) or that failed are made again.
    The images are then in the order of `paths`, whatever it was before.
    force: what an earlier run made is deleted instead. max_bad: with more bad images it stops.
    recipe_chosen: False where nobody chose the recipe; the manifest says so. make: what makes the
    images, by default the preprocessor's own threads.

    Raises UsageError where two images would become one file, the folder holds others, or something
    would be written over an input; MismatchError where it was begun with another recipe, form or
    source; RegcoreError while another process writes there; OutputError where the disk is full;
    TooManyBadError; StoreInterruptedError after Ctrl-C. Nothing is touched before all is checked.
    """
    folder = Path(folder)
    check_list(paths)
    source = _chosen(source, paths)
    form = form or StoreLayout()
    description = StoreSpec(preprocessor.recipe, form, absolute(source.root))
    images = arrange(preprocessor, source, folder, form)
    tally = Tally(max_bad, progress)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot create: {error.strerror}") from error
    with Journal(folder) as journal:
        if journal.damage is not None and not force:
            raise journal.damage
        earlier = read_earlier(folder, journal.description, journal.ledger, force=force)
        earlier = replace(earlier, traces=earlier.traces or journal.was_there)
        description = replace(description, recipe_chosen=earlier.chosen(recipe_chosen))
        job = StoreJob(preprocessor, images, source, folder, description, force)
        there = job.check(earlier)
        known = LayeredLedgers() if force else earlier.known()
        stages = preprocessor.stage_seconds()
        start = perf_counter()
        kept = _verify(images, known, preprocessor.workers)
        if not earlier.proven and not force:
            kept = images.whole(prove(preprocessor, source, known, kept))
        verified = perf_counter()
        _count_kept(kept, source, known, tally)
        check_space(folder, job.growth(kept, there, earlier))
        # From here on something changes.
        remove_leftovers(folder, images.files)
        if force or not kept.all() or not earlier.is_whole(paths, description.recipe_chosen):
            _begin(folder, journal, description, earlier, force=force)
            if not earlier.proven:
                journal.append(_records(paths, kept, known), durably=True)
            try:
                make(job, kept, journal, tally)
                known.add(journal.reread())
                declare_whole(folder, description, paths, known)
            except KeyboardInterrupt as error:
                failed = len(tally.errors)
                raise StoreInterruptedError(tally.kept, tally.recorded, failed) from error
        journal.remove()
    return StoreSummary(
        kept=tally.kept,
        written=tally.written,
        errors=tuple(tally.errors),
        diagnostics=tuple(tally.diagnostics),
        seconds=perf_counter() - verified,
        verify_seconds=verified - start,
        stage_seconds={
            stage: seconds - stages[stage] + tally.stage_seconds.get(stage, 0.0)
            for stage, seconds in preprocessor.stage_seconds().items()
        },
    )


def plan_store(
    preprocessor: Preprocessor,
    source: str | Path | ImageSource,
    paths: Sequence[str],
    folder: str | Path,
    form: StoreLayout,
    *,
    force: bool = False,
) -> StorePlan:
    """What write_store would do; raises what it would, and touches nothing.

    Values that are there are taken to be intact, as they are not read.
    """
    folder = Path(folder)
    check_list(paths)
    source = _chosen(source, paths)
    images = arrange(preprocessor, source, folder, form)
    earlier = read_earlier(folder, *peek(folder), force=force)
    description = StoreSpec(preprocessor.recipe, form, absolute(source.root))
    job = StoreJob(preprocessor, images, source, folder, description, force)
    there = job.check(earlier)
    known = LayeredLedgers() if force else earlier.known()
    kept = images.seem_kept(known, there)
    check_space(folder, job.growth(kept, there, earlier))
    return StorePlan(
        files=len(images.files),
        needed=images.bytes_of_all(),
        there=sum(there.get(file, 0) for file in images.files),
    )


def _chosen(source: str | Path | ImageSource, paths: Sequence[str]) -> ImageSource:
    if not isinstance(source, ImageSource):
        return FileSource(source, paths)
    return source if source.names == paths else source.chosen(paths)


def _begin(
    folder: Path, journal: Journal, description: StoreSpec, earlier: Earlier, *, force: bool
) -> None:
    """Makes the store one in the making, for everybody to see, also after a power cut."""
    (folder / MANIFEST).unlink(missing_ok=True)
    if force:
        for file in earlier.known().files():
            place_of(folder, file).unlink(missing_ok=True)
    if force or not earlier.proven:
        (folder / LEDGER).unlink(missing_ok=True)
    sync(folder)
    if force:
        journal.forget()
    journal.begin(description)


def _verify(images: SingleFiles | Packs, known: LayeredLedgers, workers: int) -> NDArray[np.bool_]:
    together = images.verify_together()
    with ThreadPoolExecutor(workers) as pool:
        parts = pool.map(lambda part: images.verify(part, known), together)
        kept = np.concatenate([np.zeros(0, np.bool_), *parts])
    return images.fail_again(kept, known)


def _records(
    paths: Sequence[str], kept: NDArray[np.bool_], known: LayeredLedgers
) -> Iterator[Record]:
    found = (known.find(paths[place]) for place in np.flatnonzero(kept).tolist())
    return (record for record in found if record is not None)


def _count_kept(
    kept: NDArray[np.bool_],
    source: ImageSource,
    known: LayeredLedgers,
    tally: Tally,
) -> None:
    errors, diagnostics = [], []
    for index in np.flatnonzero(kept).tolist():
        record = known.find(source.names[index])
        if record is not None and record.error is not None:
            errors.append(DecodeError(source.path(index), record.error, index))
        elif record is not None and (diagnostic := record.diagnostic(source.root)):
            diagnostics.append(diagnostic)
    tally.kept = int(kept.sum()) - len(errors)
    tally.add(0, errors, diagnostics)

"""Images → a store that loses and doubles nothing, whatever interrupts its making."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from regcore.files.arguments import as_path
from regcore.files.atomic import sync
from regcore.files.new_folder import made_folder
from regcore.images.preprocessor import Preprocessor, Progress
from regcore.sources.files import FileSource
from regcore.sources.protocol import ImageSource, absolute
from regcore.store.arrangement import arrange
from regcore.store.earlier import Earlier, prove, read_earlier
from regcore.store.finish import declare_whole
from regcore.store.interruption import StoreInterruptedError
from regcore.store.job import StoreJob
from regcore.store.journal import Journal, peek
from regcore.store.kept import count_kept, kept_records
from regcore.store.layout import check_list
from regcore.store.ledger import LEDGER, LayeredLedgers, place_of
from regcore.store.maker import Maker, make_here
from regcore.store.manifest import MANIFEST, StoreSpec
from regcore.store.manifest_form import StoreLayout
from regcore.store.packs import Packs
from regcore.store.progress import Tally
from regcore.store.reader import StorePlace
from regcore.store.remote.folder import remote_folder
from regcore.store.remote.writer import plan_remote_store, write_remote_store
from regcore.store.single_files import SingleFiles
from regcore.store.space import check_space
from regcore.store.summary import StorePlan, StoreSummary
from regcore.store.target_folder import remove_leftovers


def write_store(
    preprocessor: Preprocessor,
    source: str | Path | ImageSource,
    paths: Sequence[str],
    folder: StorePlace,
    form: StoreLayout | None = None,
    *,
    max_bad: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
    recipe_chosen: bool = True,
    make: Maker = make_here,
) -> StoreSummary:
    """Preprocesses the images `paths` below `source` into a store in `folder`.

    folder: its path, a URL that fsspec opens, or a file system of fsspec and a path in it: see
    regcore.store.remote.writer.
    source: a folder, or a source of images, whose names `paths` are.
    An earlier run of the same on the same folder is continued: what it made is verified against
    its checksums, behind a URL by its sizes only, and images whose source has changed (size, time)
    or that failed are made again.
    The images are then in the order of `paths`, whatever it was before.
    force: what an earlier run made is deleted instead. max_bad: with more bad images it stops.
    recipe_chosen: False where nobody chose the recipe; the manifest says so. make: what makes the
    images, by default the preprocessor's own threads.

    Raises UsageError where two images would become one file, the folder holds others, or something
    would be written over an input; MismatchError where it was begun with another recipe, form or
    source; RegcoreError while another process writes there; OutputError where the disk is full;
    TooManyBadError; StoreInterruptedError after Ctrl-C. Nothing is touched before all is checked.
    """
    check_list(paths)
    source = _chosen(source, paths)
    form = form or StoreLayout()
    remote = remote_folder(folder)
    if remote is not None:
        return write_remote_store(
            preprocessor,
            source,
            remote,
            form,
            max_bad=max_bad,
            force=force,
            progress=progress,
            recipe_chosen=recipe_chosen,
            make=make,
        )
    folder = as_path("folder", folder)  # type: ignore[arg-type]
    description = StoreSpec(preprocessor.recipe, form, absolute(source.root))
    images = arrange(preprocessor, source, folder, form)
    tally = Tally(max_bad, progress)
    with made_folder(folder), Journal(folder) as journal:
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
        count_kept(kept, source, known, tally)
        check_space(folder, job.growth(kept, there, earlier))
        # From here on something changes.
        remove_leftovers(folder, images.files)
        if force or not kept.all() or not earlier.is_whole(paths, description.recipe_chosen):
            _begin(folder, journal, description, earlier, force=force)
            if not earlier.proven:
                journal.append(kept_records(paths, kept, known), durably=True)
            try:
                make(job, kept, journal, tally)
                if make is not make_here:  # others may have been killed on the way
                    remove_leftovers(folder, images.files)
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
    folder: StorePlace,
    form: StoreLayout,
    *,
    force: bool = False,
) -> StorePlan:
    """What write_store would do; raises what it would, and touches nothing.

    Values that are there are taken to be intact, as they are not read.
    """
    check_list(paths)
    source = _chosen(source, paths)
    remote = remote_folder(folder)
    if remote is not None:
        return plan_remote_store(preprocessor, source, remote, form, force=force)
    folder = as_path("folder", folder)  # type: ignore[arg-type]
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
        return FileSource(as_path("source", source), paths)
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

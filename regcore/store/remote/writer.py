"""Images → a store behind a URL, with the files and the digest of one on a disk.

Portions are made on a disk of this machine, or of others, and put: an object is there whole or not
at all. The ledger and the manifest come last. What tells the next run of portions that are there
lies in a folder of its own, beside the values, until the store is whole.

Nobody can lock a folder behind a URL. Two processes that write the same store write the same bytes.
Of two that write different ones, one is told so at its beginning, before its next portion or at its
end, where they do not begin in the same moment; what they mix in spite of that shows by the
checksums to whoever verifies what he reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from regcore.errors import OutputError, RegcoreError
from regcore.files.scratch_folder import scratch_folder
from regcore.images.preprocessor import Preprocessor, Progress
from regcore.sources.protocol import ImageSource, absolute
from regcore.store.arrangement import arrange
from regcore.store.earlier import Earlier
from regcore.store.finish import declare_whole
from regcore.store.interruption import StoreInterruptedError
from regcore.store.journal import JOURNAL, Journal
from regcore.store.kept import count_kept, kept_records
from regcore.store.layout import SUFFIX, pack_rows
from regcore.store.ledger import LEDGER, LayeredLedgers, Ledger, check_name
from regcore.store.maker import Maker
from regcore.store.manifest import MANIFEST, StoreSpec
from regcore.store.manifest_form import StoreLayout
from regcore.store.packs import Packs
from regcore.store.progress import Tally
from regcore.store.remote.earlier import read_remote_earlier
from regcore.store.remote.folder import WORK, RemoteFolder
from regcore.store.remote.run import begin, check_ours, check_there, clear_work
from regcore.store.remote.target import RemoteTarget
from regcore.store.single_files import SingleFiles
from regcore.store.summary import StorePlan, StoreSummary
from regcore.store.target_folder import check_foreign, check_surplus, check_unlisted


@dataclass(frozen=True)
class _Job:
    """See regcore.store.maker.MakerJob."""

    preprocessor: Preprocessor
    images: SingleFiles | Packs
    source: ImageSource
    description: StoreSpec
    target: RemoteTarget


@dataclass(frozen=True)
class _Found:
    """What is behind a URL, and what is to be there.

    there, values: sizes of all files, and of those with values. images: in their form, as they will
    lie in a folder of this machine.
    """

    there: Mapping[str, int]
    earlier: Earlier
    description: StoreSpec
    images: SingleFiles | Packs
    values: Mapping[str, int]


def write_remote_store(
    preprocessor: Preprocessor,
    source: ImageSource,
    files: RemoteFolder,
    form: StoreLayout,
    *,
    max_bad: int | None,
    force: bool,
    progress: Progress | None,
    recipe_chosen: bool,
    make: Maker,
) -> StoreSummary:
    """See regcore.store.writer.write_store.

    What an earlier run put is kept if its source is the same, and the file there has its size:
    values are not fetched to be verified, which `regcore verify --ledger` does. Raises RegcoreError
    where the file system cannot be read, and OutputError where it refuses to write.
    """
    tally = Tally(max_bad, progress)
    start = perf_counter()
    with scratch_folder() as scratch:
        found = _look(preprocessor, source, files, form, scratch, force=force)
        images, earlier, values = found.images, found.earlier, found.values
        chosen = earlier.chosen(recipe_chosen)
        description = replace(found.description, recipe_chosen=chosen)
        known = LayeredLedgers() if force else earlier.known()
        kept = images.fail_again(images.seem_kept(known, values), known)
        verified = perf_counter()
        count_kept(kept, source, known, tally)
        try:
            if force or not kept.all() or not earlier.is_whole(source.names, chosen):
                with Journal(scratch) as journal:
                    journal.begin(description)
                    journal.append(kept_records(source.names, kept, known))
                    begun = scratch / JOURNAL
                    run = begin(files, found.there, description, earlier, begun, force=force)
                    target = RemoteTarget(files, description, run)
                    job = _Job(preprocessor, images, source, description, target)
                    make(job, kept, journal, tally)
                    ledger = journal.reread()
                    declare_whole(scratch, description, source.names, LayeredLedgers(ledger))
                _publish(files, scratch, description, values.keys(), _sizes(ledger, description))
            _clear(files)
        except KeyboardInterrupt as error:
            failed = len(tally.errors)
            raise StoreInterruptedError(tally.kept, tally.recorded, failed) from error
    return StoreSummary(
        kept=tally.kept,
        written=tally.written,
        errors=tuple(tally.errors),
        diagnostics=tuple(tally.diagnostics),
        seconds=perf_counter() - verified,
        verify_seconds=verified - start,
        stage_seconds={
            stage: tally.stage_seconds.get(stage, 0.0) for stage in preprocessor.stage_seconds()
        },
        unread=True,
    )


def plan_remote_store(
    preprocessor: Preprocessor,
    source: ImageSource,
    files: RemoteFolder,
    form: StoreLayout,
    *,
    force: bool = False,
) -> StorePlan:
    """See regcore.store.writer.plan_store."""
    with scratch_folder() as scratch:
        found = _look(preprocessor, source, files, form, scratch, force=force)
    return StorePlan(
        files=len(found.images.files),
        needed=found.images.bytes_of_all(),
        there=sum(found.values.get(file, 0) for file in found.images.files),
        unread=True,
    )


def _look(
    preprocessor: Preprocessor,
    source: ImageSource,
    files: RemoteFolder,
    form: StoreLayout,
    scratch: Path,
    *,
    force: bool,
) -> _Found:
    """What is there, and what is to be, once nothing speaks against the work."""
    there = files.sizes()
    earlier = read_remote_earlier(files, there, force=force)
    description = StoreSpec(preprocessor.recipe, form, absolute(source.root))
    images = arrange(preprocessor, source, scratch, form)
    mine = earlier.known().files()
    for file in mine:
        check_name(files.url, file)
    if not force:
        earlier.check(description, files.url)
        check_unlisted(files.url, earlier.known().paths(), source.names)
    values = {name: size for name, size in there.items() if name.endswith(SUFFIX)}
    wanted = set(images.files)
    check_surplus(files.url, values, wanted | mine if force else wanted)
    if not earlier.traces and not force:
        check_foreign(files.url, [file for file in values if file not in mine])
    return _Found(there, earlier, description, images, values)


def _publish(
    files: RemoteFolder,
    scratch: Path,
    description: StoreSpec,
    before: AbstractSet[str],
    sizes: Mapping[str, int],
) -> None:
    """Puts the ledger, and last the manifest, once every file is there, and no other."""
    check_there(files, sizes)
    check_ours(files, description)
    files.remove(before - sizes.keys())  # of images that have no values any more
    check_ours(files, description)
    files.put({LEDGER: scratch / LEDGER})
    check_ours(files, description)
    files.put({MANIFEST: scratch / MANIFEST})


def _clear(files: RemoteFolder) -> None:
    """Removes what only a store in the making needs, once it is whole."""
    try:
        clear_work(files, files.sizes(WORK))
    except RegcoreError as error:
        raise OutputError(
            f"{error}; the store is whole, but for {WORK} in its folder, which the same command "
            "removes"
        ) from error


def _sizes(ledger: Ledger, description: StoreSpec) -> dict[str, int]:
    """What the files of all records should have."""
    rows: dict[str, int] = {}
    last = dict(zip(ledger.paths, ledger.files, strict=True))
    for file in last.values():
        if file is not None:
            rows[file] = rows.get(file, 0) + 1
    form, image_bytes = description.form, description.recipe.image_bytes
    if form.batch_size is None:
        return {file: count * image_bytes for file, count in rows.items()}
    return {file: pack_rows(form, count) * image_bytes for file, count in rows.items()}

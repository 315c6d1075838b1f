"""Images → a store that loses and doubles nothing, whatever interrupts its making."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from regcore.atomic import replacing
from regcore.errors import DatasetError, DecodeError, OutputError, UsageError
from regcore.findings import Finding
from regcore.preprocess import Preprocessor, Progress
from regcore.store.journal import Journal
from regcore.store.kept import file_checksum
from regcore.store.ledger import LEDGER, LayeredLedgers, Ledger, Record, lines, place_of
from regcore.store.manifest import MANIFEST, Description, Form, Manifest
from regcore.store.packs import Packs
from regcore.store.plan import SUFFIX, check_list
from regcore.store.reader import read_ledger
from regcore.store.single_files import SingleFiles
from regcore.store.tally import Tally

_LINES_AT_ONCE = 4096


@dataclass(frozen=True)
class StoreSummary:
    """What a run did.

    kept: images from earlier runs, verified; written: images of this run; errors: the others.
    findings: images kept or written, but damaged or rotated.
    seconds: of writing, wall time; verify_seconds: of verifying what was there; stage_seconds: of
    the workers together in each stage of writing.
    """

    kept: int
    written: int
    errors: tuple[DecodeError, ...]
    findings: tuple[Finding, ...]
    seconds: float
    verify_seconds: float
    stage_seconds: dict[str, float]

    @property
    def images_per_s(self) -> float:
        """Images written per second of writing."""
        return self.written / self.seconds if self.seconds else 0.0


def write_store(
    preprocessor: Preprocessor,
    source: str | Path,
    paths: Sequence[str],
    folder: str | Path,
    form: Form | None = None,
    *,
    max_bad: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> StoreSummary:
    """Preprocesses the images `paths` below `source` into a store in `folder`.

    An earlier run of the same on the same folder is continued: what it made is verified against
    its checksums, and images whose source has changed (size, time) or that failed are made again.
    force: what an earlier run made is deleted instead. max_bad: with more bad images it stops.

    Raises UsageError where two images would become one file, or the folder holds others;
    MismatchError where it was begun with another recipe, form or source; RegcoreError while another
    process writes there; OutputError where the disk is full; TooManyBadError.
    """
    source, folder = Path(source), Path(folder)
    check_list(paths)
    form = form or Form()
    description = Description(preprocessor.recipe, form, str(source.absolute()))
    images = arrange(preprocessor, source, paths, folder, form)
    tally = Tally(max_bad, progress)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot create: {error.strerror}") from error
    with Journal(folder) as journal:
        known = _known(folder, journal, description, force=force)
        _check_surplus(folder, known.paths() - set(paths), images.files)
        earlier = preprocessor.stage_seconds()
        start = perf_counter()
        kept = _verify(images, known, preprocessor.workers)
        verified = perf_counter()
        _count_kept(kept, source, paths, known, tally)
        check_space(folder, images.bytes_to_write(kept))
        if not kept.all() or Manifest.read(folder) is None:
            journal.begin(description)
            # From here on the store is in the making, for everybody to see.
            (folder / MANIFEST).unlink(missing_ok=True)
            images.write(kept, journal, tally)
            known.add(journal.reread())
            _finish(folder, description, paths, known)
        journal.remove()
    return StoreSummary(
        kept=tally.kept,
        written=tally.written,
        errors=tuple(tally.errors),
        findings=tuple(tally.findings),
        seconds=perf_counter() - verified,
        verify_seconds=verified - start,
        stage_seconds={
            stage: seconds - earlier[stage]
            for stage, seconds in preprocessor.stage_seconds().items()
        },
    )


def arrange(
    preprocessor: Preprocessor, source: Path, paths: Sequence[str], folder: Path, form: Form
) -> SingleFiles | Packs:
    """The images in the form that they will have; UsageError where two would become one."""
    kind = SingleFiles if form.batch_size is None else Packs
    return kind(preprocessor, source, paths, folder, form)


def check_space(folder: Path, needed: int) -> None:
    """Raises OutputError where the disk of `folder` has less than `needed` bytes left."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise OutputError(
            f"{folder}: needs {needed / 2**30:.2f} GiB, but the disk has {free / 2**30:.2f} GiB "
            "left; free some, or choose a smaller --dtype"
        )


def _known(
    folder: Path, journal: Journal, description: Description, *, force: bool
) -> LayeredLedgers:
    """What earlier runs made, if they were of the same description."""
    if force:
        _delete_store(folder, journal)
        return LayeredLedgers()
    manifest = Manifest.read(folder)
    ledger = read_ledger(folder, manifest)
    for earlier in (journal, manifest):
        if earlier is not None and earlier.description is not None:
            earlier.description.check(description, folder)
    if manifest is None and journal.description is None and len(ledger):
        raise DatasetError(f"{folder}: {LEDGER} is there, but no {MANIFEST}; --force to start anew")
    return LayeredLedgers(ledger, journal.ledger)


def _delete_store(folder: Path, journal: Journal) -> None:
    try:
        ledger = read_ledger(folder, None)
    except DatasetError:
        ledger = Ledger()  # what it named will be found as surplus
    files = [place_of(folder, file) for file in LayeredLedgers(ledger, journal.ledger).files()]
    (folder / MANIFEST).unlink(missing_ok=True)
    for file in files:
        file.unlink(missing_ok=True)
    (folder / LEDGER).unlink(missing_ok=True)
    journal.forget()


def _check_surplus(folder: Path, unlisted: set[str], files: Sequence[str]) -> None:
    """Nothing may lie in the folder that would be taken for one of the images."""
    if unlisted:
        raise UsageError(
            f"{folder} holds {len(unlisted)} images that are not listed now, the first is "
            f"{min(unlisted)}; choose another folder, or --force to start anew"
        )
    wanted = set(files)
    surplus = [file for file in _files_in(folder) if file not in wanted]
    if surplus:
        raise UsageError(
            f"{folder} holds {len(surplus)} other {SUFFIX} files, the first is {min(surplus)}; "
            "delete them, or choose another folder"
        )


def _files_in(folder: Path) -> Iterator[str]:
    """Value files below the folder; on the way, what killed writers left behind is deleted."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if name.startswith(".") and name.endswith(".part"):
                path.unlink(missing_ok=True)
            elif name.endswith(SUFFIX):
                yield path.relative_to(folder).as_posix()


def _verify(images: SingleFiles | Packs, known: LayeredLedgers, workers: int) -> NDArray[np.bool_]:
    together = images.verify_together()
    with ThreadPoolExecutor(workers) as pool:
        kept = pool.map(lambda part: images.verify(part, known), together)
        return np.concatenate([np.zeros(0, np.bool_), *kept])


def _count_kept(
    kept: NDArray[np.bool_],
    source: Path,
    paths: Sequence[str],
    known: LayeredLedgers,
    tally: Tally,
) -> None:
    errors, findings = [], []
    for index in np.flatnonzero(kept).tolist():
        record = known.find(paths[index])
        if record is not None and record.error is not None:
            errors.append(DecodeError(str(source / record.path), record.error, index))
        elif record is not None and (finding := record.finding(source)):
            findings.append(finding)
    tally.kept = int(kept.sum()) - len(errors)
    tally.add(0, errors, findings)


def _finish(
    folder: Path, description: Description, paths: Sequence[str], known: LayeredLedgers
) -> None:
    """Puts the records into the order of the list, and declares the store whole."""
    failed = 0
    packs: dict[str, int] = {}

    def records() -> Iterator[Record]:
        nonlocal failed
        for path in paths:
            record = known.find(path)
            if record is None:
                raise DatasetError(f"{folder}: no record of {path} was kept; run it again")
            failed += record.error is not None
            if record.file is not None and description.form.batch_size is not None:
                packs[record.file] = packs.get(record.file, 0) + 1
            yield record

    with replacing(folder / LEDGER) as temporary, temporary.open("wb") as file:
        listed = records()
        while block := list(islice(listed, _LINES_AT_ONCE)):
            file.write(lines(block))
        file.flush()
        os.fsync(file.fileno())
    Manifest(
        description=description,
        images=len(paths),
        failed=failed,
        packs=tuple(packs.items()),
        ledger_checksum=file_checksum(folder / LEDGER),
    ).write(folder)

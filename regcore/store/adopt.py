"""Files of unknown origin become a store, once every one of them is what a recipe gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from regcore.counted import agreeing, counted
from regcore.errors import DatasetError, DecodeError, MismatchError, UsageError
from regcore.files.checksum import checksum
from regcore.images.diagnostics import Diagnostic
from regcore.images.preprocessor import Preprocessor, Progress
from regcore.sources.protocol import ImageSource, absolute
from regcore.store.file_reading import read_exactly
from regcore.store.finish import declare_whole
from regcore.store.journal import Journal
from regcore.store.layout import check_list, image_files
from regcore.store.ledger import LEDGER, LayeredLedgers, made
from regcore.store.manifest import MANIFEST, StoreSpec
from regcore.store.manifest_form import StoreLayout
from regcore.store.target_folder import check_inside, check_surplus, value_files

_BATCH_SIZE = 16


def files_of(folder: Path, names: Sequence[str]) -> tuple[StoreLayout, list[str]]:
    """How files lie in a folder, and that of each image `names`, below the folder.

    Raises UsageError where there are more files than images, DatasetError where one is missing.
    """
    there = value_files(folder)
    flat, nested = StoreLayout(), StoreLayout(keep_folders=True)
    form = nested if any("/" in file for file in there) else flat
    files = image_files(form, names)
    missing = [file for file in files if file not in there]
    if missing:
        raise DatasetError(
            f"{folder}: {len(missing)} of {counted(len(names), 'image')} "
            f"{agreeing(len(missing), 'has', 'have')} no file there, the first is {missing[0]}; "
            "name the images that the files were made of, and no others"
        )
    check_surplus(folder, there, set(files))
    return form, files


def adopt_files(
    preprocessor: Preprocessor,
    source: ImageSource,
    folder: Path,
    *,
    progress: Progress | None = None,
) -> int:
    """Writes manifest and ledger for files that other tools made, and returns how many they are.

    Each image is made again first, and every byte compared: MismatchError names what differs, and
    nothing is written. Raises UsageError where the folder is a store, or has further files, and
    DatasetError where a file is missing or of another size.
    """
    names = source.names
    check_list(names)
    if (folder / MANIFEST).exists() or (folder / LEDGER).exists():
        raise UsageError(f"{folder}: is a store already; 'regcore verify' compares it")
    form, files = files_of(folder, names)
    check_inside(folder, files)
    with Journal(folder) as journal:
        if journal.was_there:
            raise UsageError(f"{folder}: a store is in the making there")
        states = [source.version(place) for place in range(len(names))]
        checksums, diagnostics = _compared(preprocessor, source, folder, files, progress)
        places = ((file, 0) for file in files)
        records = made(names, states, places, checksums, errors={}, diagnostics=diagnostics)
        description = StoreSpec(
            preprocessor.recipe, form, absolute(source.root), recipe_chosen=True
        )
        journal.begin(description)
        journal.append(records, durably=True)
        declare_whole(folder, description, names, LayeredLedgers(journal.reread()))
        journal.remove()
    return len(names)


def _compared(
    preprocessor: Preprocessor,
    source: ImageSource,
    folder: Path,
    files: Sequence[str],
    progress: Progress | None,
) -> tuple[np.ndarray[tuple[int], np.dtype[np.uint64]], list[Diagnostic]]:
    """The checksum of every file, once all are equal to what the recipe gives."""
    image_bytes = preprocessor.recipe.image_bytes
    stored = np.empty((1, image_bytes), np.uint8)
    checksums = np.zeros(len(files), np.uint64)
    diagnostics: list[Diagnostic] = []
    differing: list[str] = []
    errors: list[DecodeError] = []
    done = 0
    with preprocessor.stream(source.read(), _BATCH_SIZE, on_error="report") as stream:
        for batch in stream:
            for image, place in zip(batch.images, batch.indices.tolist(), strict=True):
                read_exactly(folder / files[place], image_bytes, 0, stored)
                checksums[place] = checksum(stored[0])
                if not np.array_equal(stored[0], image.reshape(-1).view(np.uint8)):
                    differing.append(files[place])
                done += 1
            errors += batch.errors
            diagnostics += batch.diagnostics
            if progress is not None:
                progress(done + len(errors), len(differing) + len(errors))
    if errors:
        raise errors[0]
    if differing:
        raise MismatchError(
            f"{folder}: {len(differing)} of {counted(len(files), 'file')} "
            f"{agreeing(len(differing), 'is', 'are')} not what the recipe gives, the first "
            f"is {differing[0]}; nothing was adopted"
        )
    return checksums, diagnostics

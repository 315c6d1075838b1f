"""Stores of one file an image, as the guide's scripts make them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from regcore.findings import Finding
from regcore.preprocess import Preprocessor
from regcore.store.journal import Journal
from regcore.store.kept import file_is_intact, is_current, is_welcome, source_stat
from regcore.store.ledger import LayeredLedgers, Record, made
from regcore.store.manifest import Form
from regcore.store.plan import image_files
from regcore.store.tally import Tally

# Images that are handed to the workers at once: what they do in about this time.
_CHUNK_SECONDS = 2.0
_FIRST_CHUNK = 256
_LARGEST_CHUNK = 8192


class SingleFiles:
    """The images of a list, each in a file of its own below `folder`."""

    def __init__(
        self,
        preprocessor: Preprocessor,
        source: Path,
        paths: Sequence[str],
        folder: Path,
        form: Form,
    ) -> None:
        self._preprocessor = preprocessor
        self._source = source
        self._paths = paths
        self._folder = folder
        self.files = image_files(form, paths)
        self._image_bytes = preprocessor.recipe.image_bytes

    def verify_together(self) -> list[range]:
        """The list in portions for `verify`."""
        starts = range(0, len(self._paths), _FIRST_CHUNK)
        return [range(at, min(at + _FIRST_CHUNK, len(self._paths))) for at in starts]

    def verify(self, images: range, known: LayeredLedgers) -> NDArray[np.bool_]:
        """Which of these images are there as they should be."""
        return np.array([self._is_kept(index, known.find(self._paths[index])) for index in images])

    def _is_kept(self, index: int, record: Record | None) -> bool:
        return (
            record is not None
            and record.file == self.files[index]
            and is_welcome(record, self._preprocessor)
            and is_current(record, self._source / self._paths[index])
            and file_is_intact(self._folder / self.files[index], record, self._image_bytes)
        )

    def bytes_to_write(self, kept: NDArray[np.bool_]) -> int:
        """Of values, at most."""
        return int((~kept).sum()) * self._image_bytes

    def write(self, kept: NDArray[np.bool_], journal: Journal, tally: Tally) -> None:
        """Makes all images that are not kept."""
        missing = np.flatnonzero(~kept)
        first, size = 0, _FIRST_CHUNK
        while first < len(missing):
            chunk = missing[first : first + size].tolist()
            start = perf_counter()
            self._write_chunk(chunk, journal, tally)
            rate = len(chunk) / (perf_counter() - start)
            first += size
            size = min(max(_FIRST_CHUNK, int(rate * _CHUNK_SECONDS)), _LARGEST_CHUNK)
        os.sync()  # once for all files, before a manifest says that they are there

    def _write_chunk(self, chunk: Sequence[int], journal: Journal, tally: Tally) -> None:
        paths = [self._paths[index] for index in chunk]
        files = [self.files[index] for index in chunk]
        sources = [self._source / path for path in paths]
        targets = [self._folder / file for file in files]
        for folder in {target.parent for target in targets}:
            folder.mkdir(parents=True, exist_ok=True)
        # Asked before reading: a file that changes meanwhile will be seen to be another one.
        states = [source_stat(source) for source in sources]
        checksums = np.zeros(len(chunk), np.uint64)
        findings: list[Finding] = []
        errors = self._preprocessor.to_files(
            sources,
            targets,
            checksums=checksums,
            progress=tally.running,
            on_finding=findings.append,
        )
        tally.add(len(chunk) - len(errors), errors, findings)
        failed = {error.index: error.detail for error in errors}
        places = ((file, 0) for i, file in enumerate(files) if i not in failed)
        journal.append(made(paths, states, places, checksums, errors=failed, findings=findings))

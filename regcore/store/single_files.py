"""Stores of one file an image, as the guide's scripts make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import dirname
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from regcore.images.diagnostics import Diagnostic
from regcore.images.preprocessor import Preprocessor
from regcore.sources.protocol import ImageSource
from regcore.store.durable import sync_file_systems
from regcore.store.integrity import file_is_intact, is_current, is_welcome
from regcore.store.interruption import Interruption, interrupted_at_end
from regcore.store.journal import RecordSink
from regcore.store.layout import image_files
from regcore.store.ledger import LayeredLedgers, made
from regcore.store.ledger_line import Record
from regcore.store.manifest_form import StoreLayout
from regcore.store.progress import Tally
from regcore.store.space import peak_growth

# Images that are handed to the workers at once: what they do in about this time.
_CHUNK_SECONDS = 2.0
_FIRST_CHUNK = 256
_LARGEST_CHUNK = 8192


class SingleFiles:
    """The images of a list, each in a file of its own below `folder`."""

    def __init__(
        self,
        preprocessor: Preprocessor,
        source: ImageSource,
        folder: Path,
        form: StoreLayout,
    ) -> None:
        self._preprocessor = preprocessor
        self._source = source
        self._paths = source.names
        self._folder = folder
        self.files = image_files(form, source.names)
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
            and is_current(record, self._source, index)
            and file_is_intact(self._folder / self.files[index], record, self._image_bytes)
        )

    def fail_again(self, kept: NDArray[np.bool_], known: LayeredLedgers) -> NDArray[np.bool_]:
        """Which images stay kept: all, as one without values is never kept here."""
        del known
        return kept

    def whole(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which images stay if only these may: each is by itself."""
        return kept

    def seem_kept(self, known: LayeredLedgers, there: Mapping[str, int]) -> NDArray[np.bool_]:
        """As `verify`, of all and without reading values; there: sizes of the files."""
        return np.array(
            [
                (record := known.find(path)) is not None
                and record.file == file
                and there.get(file) == self._image_bytes
                and is_welcome(record, self._preprocessor)
                and is_current(record, self._source, place)
                for place, (path, file) in enumerate(zip(self._paths, self.files, strict=True))
            ],
            np.bool_,
        )

    def bytes_of_all(self) -> int:
        """The bytes of the values of all images."""
        return len(self.files) * self._image_bytes

    def growth(self, kept: NDArray[np.bool_], there: Mapping[str, int]) -> int:
        """By how many bytes the folder grows at most on the way; there: sizes of the files."""
        missing = (self.files[index] for index in np.flatnonzero(~kept).tolist())
        return peak_growth(((self._image_bytes, there.get(file, 0)) for file in missing), 1)

    def write(self, kept: NDArray[np.bool_], journal: RecordSink, tally: Tally) -> None:
        """Makes all images that are not kept."""
        missing = np.flatnonzero(~kept)
        first, size = 0, _FIRST_CHUNK
        while first < len(missing):
            chunk = missing[first : first + size].tolist()
            start = perf_counter()
            with interrupted_at_end() as interruption:
                self._write_chunk(chunk, journal, tally, interruption)
            rate = len(chunk) / (perf_counter() - start)
            first += size
            size = min(max(_FIRST_CHUNK, int(rate * _CHUNK_SECONDS)), _LARGEST_CHUNK)
        # Before a manifest says that they are there.
        sync_file_systems(self._folder / below for below in {*map(dirname, self.files), ""})

    def _write_chunk(
        self, chunk: Sequence[int], journal: RecordSink, tally: Tally, interruption: Interruption
    ) -> None:
        paths = [self._paths[index] for index in chunk]
        files = [self.files[index] for index in chunk]
        targets = [self._folder / file for file in files]
        for folder in {target.parent for target in targets}:
            folder.mkdir(parents=True, exist_ok=True)
        # Asked before reading: a file that changes meanwhile will be seen to be another one.
        states = [self._source.version(index) for index in chunk]
        checksums = np.zeros(len(chunk), np.uint64)
        diagnostics: list[Diagnostic] = []
        errors = self._preprocessor.to_files(
            self._source.read(chunk),
            targets,
            checksums=checksums,
            progress=interruption.watching(tally.running),
            on_diagnostic=diagnostics.append,
        )
        failed = {error.index: error.detail for error in errors}
        places = ((file, 0) for i, file in enumerate(files) if i not in failed)
        records = made(paths, states, places, checksums, errors=failed, diagnostics=diagnostics)
        # The work may have ended early; what was not begun has no checksum.
        done = [record for i, record in enumerate(records) if checksums[i] or i in failed]
        journal.append(done)
        tally.recorded += len(done) - len(errors)
        tally.add(len(done) - len(errors), errors, diagnostics)

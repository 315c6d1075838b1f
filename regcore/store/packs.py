"""Stores of few large files, each of whole batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.errors import OutputError
from regcore.images.diagnostics import Diagnostic
from regcore.images.preprocessor import Preprocessor
from regcore.sources.protocol import ImageSource
from regcore.store.integrity import is_current, is_welcome, pack_is_intact
from regcore.store.journal import RecordSink
from regcore.store.layout import Part, pack_parts, pack_rows
from regcore.store.ledger import LayeredLedgers, made
from regcore.store.ledger_line import Record
from regcore.store.manifest_form import StoreLayout
from regcore.store.pack_file import PackFile
from regcore.store.progress import Tally
from regcore.store.space import peak_growth

#: While the disk takes in one pack, the workers fill the next.
_IN_WORK = 2


class Packs:
    """The images of a list, side by side in the pack files of `folder`."""

    def __init__(
        self,
        preprocessor: Preprocessor,
        source: ImageSource,
        folder: Path,
        form: StoreLayout,
        first_pack: int = 0,
    ) -> None:
        """first_pack: the number of the first pack, of a list that is part of a store's."""
        self._preprocessor = preprocessor
        self._source = source
        self._paths = source.names
        self._folder = folder
        self._form = form
        self._parts = pack_parts(form, len(source), first_pack)
        self.files = [part.file for part in self._parts]
        self._image_bytes = preprocessor.recipe.image_bytes

    def verify_together(self) -> list[range]:
        """The list in portions for `verify`."""
        return [range(part.first, part.first + part.count) for part in self._parts]

    def verify(self, images: range, known: LayeredLedgers) -> NDArray[np.bool_]:
        """Which of these images are there as they should be: a pack is kept as a whole."""
        file = self.files[images.start // self._parts[0].count]
        records = [known.find(self._paths[index]) for index in images]
        good = [record for record in records if record is not None and record.error is None]
        is_kept = self._fits(file, records, images.start) and self._is_intact(file, good)
        return np.full(len(images), is_kept)

    def _fits(self, file: str, records: Sequence[Record | None], first: int) -> bool:
        """Whether this is what the file would have, as far as that shows without reading it."""
        whole = [record for record in records if record is not None]
        good = [record for record in whole if record.error is None]
        return (
            len(whole) == len(records)
            and all(record.file == file and record.row == i for i, record in enumerate(good))
            and all(is_welcome(record, self._preprocessor) for record in good)
            and all(
                is_current(record, self._source, first + i)
                for i, record in enumerate(whole)
                if record.error is None
            )
        )

    def _is_intact(self, file: str, records: Sequence[Record]) -> bool:
        path = self._folder / file
        rows = pack_rows(self._form, len(records))
        return pack_is_intact(path, records, self._image_bytes, rows) if rows else True

    def fail_again(self, kept: NDArray[np.bool_], known: LayeredLedgers) -> NDArray[np.bool_]:
        """Which images stay kept, as those of their packs without values still have none.

        Neither size nor time of a file tells that its owner has let us read it.
        """
        records = (
            (index, known.find(self._paths[index])) for index in np.flatnonzero(kept).tolist()
        )
        failed = [index for index, record in records if record is None or record.error is not None]
        if not failed:
            return kept
        sources = self._source.read(failed)
        still = kept.copy()
        with self._preprocessor.stream(sources, 1, on_error="report") as stream:
            for batch in stream:
                for place in batch.indices.tolist():
                    still[failed[place]] = False
        return self.whole(still)

    def whole(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which images stay if only these may: a pack is kept as a whole."""
        for part in self._parts:
            images = slice(part.first, part.first + part.count)
            kept[images] = kept[images].all()
        return kept

    def seem_kept(self, known: LayeredLedgers, there: Mapping[str, int]) -> NDArray[np.bool_]:
        """As `verify`, of all and without reading values; there: sizes of the files."""
        kept = np.zeros(len(self._paths), np.bool_)
        for part in self._parts:
            images = slice(part.first, part.first + part.count)
            records = [known.find(path) for path in self._paths[images]]
            good = sum(record is not None and record.error is None for record in records)
            size = pack_rows(self._form, good) * self._image_bytes
            kept[images] = there.get(part.file, 0) == size and self._fits(
                part.file, records, part.first
            )
        return kept

    def bytes_of_all(self) -> int:
        """The bytes of the values of all images."""
        return sum(map(self._pack_bytes, self._parts))

    def growth(self, kept: NDArray[np.bool_], there: Mapping[str, int]) -> int:
        """By how many bytes the folder grows at most on the way; there: sizes of the files."""
        missing = self._missing(kept)
        sizes = ((self._pack_bytes(part), there.get(part.file, 0)) for part in missing)
        return peak_growth(sizes, _IN_WORK)

    def _pack_bytes(self, part: Part) -> int:
        return pack_rows(self._form, part.count) * self._image_bytes

    def write(self, kept: NDArray[np.bool_], journal: RecordSink, tally: Tally) -> None:
        """Makes all packs that are not kept."""
        # While the disk takes in one pack, the workers fill the next. The publisher comes to its
        # end before what it has not published is discarded.
        with ExitStack() as packs, ThreadPoolExecutor(1) as publisher:
            published = None
            for part in self._missing(kept):
                pack = PackFile(self._folder / part.file, self._image_bytes)
                packs.callback(pack.discard)  # before there is a file: Ctrl-C may come at any time
                pack.create()
                records = self._fill(pack, part, tally)
                if published is not None:
                    published.result()
                published = publisher.submit(_publish, pack, records, journal, tally)
            if published is not None:
                published.result()

    def _missing(self, kept: NDArray[np.bool_]) -> list[Part]:
        return [part for part in self._parts if not kept[part.first]]

    def _fill(self, pack: PackFile, part: Part, tally: Tally) -> list[Record]:
        paths = self._paths[part.first : part.first + part.count]
        images = range(part.first, part.first + part.count)
        # Asked before reading: a file that changes meanwhile will be seen to be another one.
        states = [self._source.version(index) for index in images]
        checksums = np.zeros(part.count, np.uint64)
        diagnostics: list[Diagnostic] = []
        try:
            errors = self._preprocessor.to_pack(
                self._source.read(images),
                pack.descriptor,
                checksums=checksums,
                progress=tally.running,
                on_diagnostic=diagnostics.append,
            )
        except OutputError as error:  # the core knows an open file, and no name
            raise OutputError(f"{pack.path}: {error}") from error
        tally.add(part.count - len(errors), errors, diagnostics)
        failed = {error.index: error.detail for error in errors}
        good = [row for row in range(part.count) if row not in failed]
        pack.close_up(good, pack_rows(self._form, len(good)))
        places = ((part.file, row) for row in count())
        return made(paths, states, places, checksums, errors=failed, diagnostics=diagnostics)


def _publish(pack: PackFile, records: Sequence[Record], journal: RecordSink, tally: Tally) -> None:
    pack.publish()
    journal.append(records, durably=True)
    tally.recorded += sum(record.error is None for record in records)

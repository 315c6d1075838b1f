"""Images in an Arrow IPC file or stream, as Hugging Face caches them; it is read, not mapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import DatasetError, DecodeError, first_line
from regcore.images.sources import Image
from regcore.sources.archive import Archive, runs
from regcore.sources.columns import Columns, row_names
from regcore.sources.label_columns import column_labels
from regcore.sources.packages import import_arrow, import_reader
from regcore.sources.prefetch import Content, Prefetched

_FILE_MARK = b"ARROW1"


class ArrowTable(Archive):
    """The images of one file, as of ParquetTable; listing it reads all of it once.

    A stream that is cut short or damaged is listed as far as it can be read, and `broken` says so.
    A record batch of a file that cannot be read fails its images by name.
    """

    def __init__(self, root: str, name: str) -> None:
        """Raises DatasetError where there is no such table, or no column holds images."""
        super().__init__(root, name)
        self._arrow = import_arrow()
        self._ipc = import_reader("pyarrow.ipc", "arrow", "reading Arrow files")
        self._offsets: list[int] = []  # of each batch in the stream of a file
        given: list[str | None] = []
        labels: list[Any] = []
        rows = [0]
        with self._errors_name(), self._arrow.OSFile(self.path) as file:
            start = 8 if file.read(len(_FILE_MARK)) == _FILE_MARK else 0
            file.seek(start)
            reader = self._ipc.open_stream(file)
            self._schema = reader.schema
            self._columns = Columns.of(self._schema, self.path)
            self._note(file, reader, given, labels, rows)
        self._starts = np.cumsum(rows)
        self._labels = labels
        self.names = row_names(given)

    def labels(self) -> NDArray[np.int64] | None:
        """See ImageSource."""
        if self._columns.label is None or not self._labels:
            return None
        with self._errors_name():
            column = self._arrow.chunked_array(self._labels)
        return column_labels(column, self._columns.label, self.path)

    def items(self, places: Sequence[int]) -> list[Image]:
        """See Archive: on demand, a record batch at once."""
        source = Prefetched(ahead=2, threads=1)
        items: list[Image] = []
        for batch, run in runs(np.searchsorted(self._starts, places, side="right") - 1):
            part = places[run]
            start = int(self._starts[batch])
            rows = [place - start for place in part]
            items += source.add([self.member(p) for p in part], partial(self._load, batch, rows))
        return items

    def identity(self, place: int) -> tuple[int, int]:
        """See Archive: the row."""
        return -1, place

    def _note(
        self,
        file: Any,  # noqa: ANN401
        reader: Any,  # noqa: ANN401
        given: list[str | None],
        labels: list[Any],
        rows: list[int],
    ) -> None:
        """Goes through the batches for what is to be known of them."""
        while True:
            offset = file.tell()
            try:
                batch = reader.read_next_batch()
                named = self._names(batch)
                labelled = self._labels_of(batch)
            except StopIteration:
                return
            except (OSError, self._arrow.ArrowException) as error:
                after = counted(len(given), "row")
                detail = f"damaged, it may have had more after {after}: {first_line(error)}"
                self.broken = [DecodeError(self.path, detail)]
                return
            self._offsets.append(offset)
            rows.append(batch.num_rows)
            given += named
            labels += labelled

    def _names(self, batch: Any) -> list[str | None]:  # noqa: ANN401
        if self._columns.name is None:
            return [None] * batch.num_rows
        column, _, inner = self._columns.name.partition(".")
        values = batch.column(column)
        if inner:
            values = values.field(inner)
        names: list[str | None] = values.to_pylist()
        return names

    def _labels_of(self, batch: Any) -> list[Any]:  # noqa: ANN401
        """A copy, for a slice would keep the images of its batch."""
        if self._columns.label is None:
            return []
        column = batch.column(self._columns.label)
        return [self._arrow.concat_arrays([column])]

    def _load(self, batch: int, rows: list[int]) -> Sequence[Content]:
        try:
            with self._arrow.OSFile(self.path) as file:
                file.seek(self._offsets[batch])
                message = self._ipc.read_message(file)
                contents = self._columns.contents(
                    self._ipc.read_record_batch(message, self._schema)
                )
        except (OSError, EOFError, self._arrow.ArrowException) as error:
            detail = f"record batch {batch} of its table cannot be read: {first_line(error)}"
            raise DecodeError(self.path, detail) from None
        return [contents[row] for row in rows]

    @contextmanager
    def _errors_name(self) -> Iterator[None]:
        try:
            yield
        except (OSError, self._arrow.ArrowException) as error:
            raise DatasetError(f"{self.path}: {first_line(error)}") from None

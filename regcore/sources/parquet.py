"""Images in a parquet file, one a row. It is read, not mapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError, DecodeError, first_line
from regcore.images.sources import Image, ImageOnDemand
from regcore.sources.archive import Archive, runs
from regcore.sources.columns import Columns, row_names
from regcore.sources.label_columns import column_labels
from regcore.sources.packages import import_arrow, import_reader
from regcore.sources.plain_pages import PlainPages
from regcore.sources.prefetch import Content, Prefetched, SequentialParts

if TYPE_CHECKING:
    from regcore.sources.remote import RemoteFiles

#: A row group of more bytes is read in portions, one after the other.
_LARGE_GROUP = 64 << 20
_PORTION = 16 << 20
_READ_BYTES = 1 << 16


class _PlainImage(ImageOnDemand):
    """One that lies in the file as it is."""

    __slots__ = ("_name", "_pages", "_row")

    def __init__(self, pages: PlainPages, row: int, name: str) -> None:
        self._pages, self._row, self._name = pages, row, name

    @property
    def name(self) -> str:
        return self._name

    def read(self) -> bytes:
        return self._pages.read(self._row)


class ParquetTable(Archive):
    """The images of one file: Hugging Face's `struct<bytes, path>`, or a column of bytes.

    A page that is damaged or cut short fails the images of its row group, or in a large group those
    from there on, each by name; the others are read. Of images that are neither compressed nor in a
    dictionary, as Hugging Face writes them, each is read by itself.
    """

    def __init__(self, root: str, name: str, remote: RemoteFiles | None = None) -> None:
        """remote: where it is not a local file.

        Raises DatasetError where the footer cannot be read, or no column holds images.
        """
        self._remote = remote
        super().__init__(root, name)
        self._arrow = import_arrow()
        self._compute = import_reader("pyarrow.compute", "arrow", "reading parquet files")
        self._parquet = import_reader("pyarrow.parquet", "arrow", "reading parquet files")
        with self._errors_name(), self._open() as file:
            self._metadata = file.metadata
            self._columns = Columns.of(file.schema_arrow, self.path)
            groups = range(file.metadata.num_row_groups)
            rows = [file.metadata.row_group(group).num_rows for group in groups]
            names: list[str | None] = [None] * sum(rows)
            if self._columns.name is not None:
                names = self._column(file, self._columns.name).to_pylist()
        schema = self._metadata.schema
        paths = [schema.column(number).path for number in range(len(schema))]
        image = self._columns.image
        self._image_column = paths.index(f"{image}.bytes" if self._columns.is_struct else image)
        self._starts = np.cumsum([0, *rows])
        self.names = row_names(names)

    def labels(self) -> NDArray[np.int64] | None:
        """See ImageSource: the column `label`, or of a similar name."""
        if self._columns.label is None:
            return None
        with self._errors_name(), self._open() as file:
            column = self._column(file, self._columns.label)
        return column_labels(column, self._columns.label, self.path)

    def items(self, places: Sequence[int]) -> list[Image]:
        """See Archive: on demand, each from its place in the file.

        Where they are compressed or in a dictionary, a row group or a part of a large one at once.
        """
        source = Prefetched(ahead=2, threads=1)
        items: list[Image] = []
        for group, run in runs(np.searchsorted(self._starts, places, side="right") - 1):
            start = int(self._starts[group])
            rows = [place - start for place in places[run]]
            pages = self._plain_pages(group)
            if pages is not None:
                items += [_PlainImage(pages, row, self.member(start + row)) for row in rows]
                continue
            for part, load in self._portions(group, rows):
                names = [self.member(start + row) for row in part]
                items += source.add(names, load)
        return items

    def identity(self, place: int) -> tuple[int, int]:
        """See Archive: the row."""
        return -1, place

    def _portions(self, group: int, rows: list[int]) -> Iterator[tuple[list[int], Any]]:
        """What is read at once of a row group, and how."""
        count = int(self._starts[group + 1] - self._starts[group])
        size = self._metadata.row_group(group).total_byte_size
        if size <= _LARGE_GROUP:
            yield rows, partial(self._load, group, rows)
            return
        step = max(1, count * _PORTION // size)
        parts = [(number, list(part)) for number, part in groupby(rows, lambda row: row // step)]
        one_pass = SequentialParts(partial(self._batches, group, step), [n for n, _ in parts])
        for number, part in parts:
            yield part, partial(one_pass.load, number, [row - number * step for row in part])

    def _plain_pages(self, group: int) -> PlainPages | None:
        if self._remote is not None:
            return None
        return PlainPages.of(self.path, self._metadata, group, self._image_column)

    def _load(self, group: int, rows: list[int]) -> Sequence[Content]:
        with self._group_errors(group), self._open() as file:
            table = file.read_row_group(group, columns=[self._columns.image], use_threads=False)
            contents = self._columns.contents(table)
        return [contents[row] for row in rows]

    def _batches(self, group: int, step: int) -> Iterator[Sequence[Content]]:
        with self._group_errors(group), self._open() as file:
            for batch in file.iter_batches(
                step, [group], columns=[self._columns.image], use_threads=False
            ):
                yield self._columns.contents(batch)

    def _column(self, file: Any, name: str) -> Any:  # noqa: ANN401
        table = file.read(columns=[name], use_threads=False)
        for part in name.split("."):
            is_table = isinstance(table, self._arrow.Table)
            table = table.column(part) if is_table else self._compute.struct_field(table, part)
        return table

    @contextmanager
    def _group_errors(self, group: int) -> Iterator[None]:
        try:
            yield
        except (OSError, self._arrow.ArrowException) as error:
            detail = f"row group {group} of its table cannot be read: {first_line(error)}"
            raise DecodeError(self.path, detail) from None

    @contextmanager
    def _errors_name(self) -> Iterator[None]:
        try:
            yield
        except (OSError, UnicodeDecodeError, self._arrow.ArrowException) as error:
            raise DatasetError(f"{self.path}: {first_line(error)}") from None

    def state_now(self) -> tuple[int, int]:
        """See Archive."""
        if self._remote is None:
            return super().state_now()
        return self._remote.state(self._remote.path)

    def file(self) -> Path | None:
        """See Archive."""
        return super().file() if self._remote is None else None

    def _open(self) -> Any:  # noqa: ANN401
        remote = self._remote
        return self._parquet.ParquetFile(
            self.path if remote is None else remote.call(remote.system.open, remote.path, "rb"),
            metadata=getattr(self, "_metadata", None),
            memory_map=False,
            pre_buffer=False,
            buffer_size=_READ_BYTES,
            page_checksum_verification=True,
        )

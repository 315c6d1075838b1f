"""The columns of a table that hold images and their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.files.names import ARCHIVE_MARK
from regcore.sources.label_columns import label_column
from regcore.sources.packages import import_arrow
from regcore.sources.prefetch import Content

if TYPE_CHECKING:
    import pyarrow as pa

#: What people call them, the first that is there counts.
_IMAGE = ("image", "img", "jpg", "jpeg", "png", "image_bytes", "bytes", "data")
_NAME = ("path", "name", "file_name", "filename", "image_name", "__key__", "key")
_DIGITS = 8  # of a row that has no other name


@dataclass(frozen=True)
class Columns:
    """image: has the bytes of an image file, or is Hugging Face's struct of `bytes` and `path`.

    label: see regcore.sources.label_columns.
    """

    image: str
    is_struct: bool
    label: str | None
    name: str | None

    @classmethod
    def of(cls, schema: pa.Schema, table: str) -> Columns:
        """Raises DatasetError where no column holds images."""
        types = import_arrow().types

        def is_bytes(kind: pa.DataType) -> bool:
            return bool(types.is_binary(kind) or types.is_large_binary(kind))

        def is_text(kind: pa.DataType) -> bool:
            return bool(types.is_string(kind) or types.is_large_string(kind))

        def holds_images(kind: pa.DataType) -> bool:
            if types.is_struct(kind):
                return any(field.name == "bytes" and is_bytes(field.type) for field in kind)
            return is_bytes(kind)

        known = {field.name: field.type for field in schema}
        image = next((n for n in (*_IMAGE, *known) if n in known and holds_images(known[n])), None)
        if image is None:
            raise DatasetError(
                f"{table}: no column of images, as binary or as a struct with 'bytes'; it has "
                + ", ".join(f"{field.name} ({field.type})" for field in schema)
            )
        is_struct = bool(types.is_struct(known[image]))
        has_path = is_struct and any(field.name == "path" for field in known[image])
        name = next((n for n in _NAME if n in known and is_text(known[n])), None)
        return cls(
            image,
            is_struct,
            label_column(schema),
            f"{image}.path" if has_path else name,
        )

    def contents(self, table: pa.Table | pa.RecordBatch) -> list[Content]:
        """The bytes of each row's image, without a copy."""
        found: list[Content] = []
        column = table.column(self.image)
        for chunk in getattr(column, "chunks", [column]):
            found += _contents(chunk.field("bytes") if self.is_struct else chunk, chunk)
        return found


def _contents(values: pa.Array, rows: pa.Array) -> list[Content]:
    """Slices of the array's one buffer; rows: whether there is an image at all."""
    _, offsets, data = values.buffers()
    wide = import_arrow().types.is_large_binary(values.type)
    every = np.frombuffer(offsets, np.int64 if wide else np.int32)
    starts = every[values.offset : values.offset + len(values) + 1].tolist()
    memory = memoryview(b"" if data is None else data).cast("B")
    if starts and not 0 <= starts[0] <= starts[-1] <= len(memory):
        raise ValueError("the places of its images lie outside of its data")
    missing = _is_null(values) | _is_null(rows)
    return [
        ValueError("has no bytes in its table") if is_missing else memory[start:end]
        for start, end, is_missing in zip(starts, starts[1:], missing.tolist(), strict=False)
    ]


def _is_null(values: pa.Array) -> NDArray[np.bool_]:
    """Of each value; as pyarrow's own conversion to NumPy does it, but without pandas."""
    bitmap = values.buffers()[0]
    if bitmap is None or not values.null_count:
        return np.zeros(len(values), np.bool_)
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")
    missing: NDArray[np.bool_] = np.equal(bits[values.offset : values.offset + len(values)], 0)
    return missing


def row_names(given: Sequence[str | None]) -> list[str]:
    """The names that a column has where each row has one of its own, else the rows' numbers."""
    names = [name.lstrip("/") for name in given if name]
    usable = (
        len(names) == len(given)
        and len(set(names)) == len(names)
        and not any(_leads_out(name) for name in names)
    )
    return names if usable else [f"{row:0{_DIGITS}}" for row in range(len(given))]


def _leads_out(name: str) -> bool:
    parts = name.split("/")
    return "" in parts or ".." in parts or "." in parts or "\0" in name or ARCHIVE_MARK in name

"""What an earlier run left: whether it is intact, and its sources are still the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from regcore.errors import DatasetError, MismatchError
from regcore.files.checksum import checksum
from regcore.images.preprocessor import Preprocessor
from regcore.sources.protocol import ImageSource
from regcore.store.file_reading import read_exactly
from regcore.store.ledger_line import Record

_AT_ONCE = 1 << 24  # bytes


def is_current(record: Record, source: ImageSource, place: int) -> bool:
    """Whether the image at this place of its source is the one that was read."""
    return record.size >= 0 and (record.size, record.mtime_ns) == source.version(place)


def is_welcome(record: Record, preprocessor: Preprocessor) -> bool:
    """Whether the preprocessor would take the image: it may refuse damaged ones."""
    return not (record.repaired and preprocessor.on_warning == "fail")


def file_is_intact(path: Path, record: Record, image_bytes: int) -> bool:
    """Whether the file of one image has the values that were written."""
    return pack_is_intact(path, [record], image_bytes, 1)


def pack_is_intact(path: Path, records: Sequence[Record], image_bytes: int, file_rows: int) -> bool:
    """Whether a pack of `file_rows` images, padding included, has the values of all `records`."""
    rows = np.empty((min(len(records), max(1, _AT_ONCE // image_bytes)), image_bytes), np.uint8)
    try:
        for first in range(0, len(records), len(rows)):
            part = records[first : first + len(rows)]
            read_exactly(path, file_rows * image_bytes, first * image_bytes, rows[: len(part)])
            for row, record in enumerate(part):
                if record.row != first + row or f"{checksum(rows[row]):016x}" != record.checksum:
                    return False
    except DatasetError:
        return False
    return True


def other_values(what: str) -> MismatchError:
    """The error where values have another checksum than when they were written."""
    return MismatchError(
        f"{what} are not those that were written, their checksum is another; "
        "'regcore preprocess' makes them again"
    )


def file_checksum(path: Path) -> str:
    """XXH3 of a whole file, 16 hex digits."""
    return f"{checksum(np.fromfile(path, np.uint8)):016x}"

"""What an earlier run left: whether it is intact, and its sources are still the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.checksum import checksum
from regcore.preprocess import Preprocessor
from regcore.store.ledger import Record


def source_stat(path: str | Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in ns; -1 and -1 where the file cannot be asked."""
    try:
        status = os.stat(path)  # noqa: PTH116  (a million times)
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def is_current(record: Record, source: str | Path) -> bool:
    """Whether the source is the file that was read."""
    return record.size >= 0 and (record.size, record.mtime_ns) == source_stat(source)


def is_welcome(record: Record, preprocessor: Preprocessor) -> bool:
    """Whether the preprocessor would take the image: it may refuse damaged ones."""
    return not (record.repaired and preprocessor.on_warning == "fail")


def file_is_intact(path: Path, record: Record, image_bytes: int) -> bool:
    """Whether the file of one image has the values that were written."""
    try:
        values = path.read_bytes()
    except OSError:
        return False
    return len(values) == image_bytes and f"{checksum(values):016x}" == record.checksum


def pack_is_intact(path: Path, records: Sequence[Record], image_bytes: int, file_rows: int) -> bool:
    """Whether a pack of `file_rows` images, padding included, has the values of all `records`."""
    values = map_file(path, file_rows * image_bytes)
    if values is None:
        return False
    return all(
        record.row is not None
        and f"{checksum(values[record.row * image_bytes :][:image_bytes]):016x}" == record.checksum
        for record in records
    )


def file_checksum(path: Path) -> str:
    """XXH3 of a whole file, 16 hex digits."""
    values = map_file(path, path.stat().st_size)
    return f"{checksum(b'' if values is None else values):016x}"


def map_file(path: Path, size: int) -> NDArray[np.uint8] | None:
    """The bytes of a file without reading them; None where it is absent or not of that size."""
    try:
        if path.stat().st_size != size or not size:
            return None
        return np.memmap(path, np.uint8, "r")
    except OSError:
        return None

"""The batch size that a file's name tells, where no line of the file does."""

from __future__ import annotations

import re
from pathlib import Path

from regcore.errors import DatasetError
from regcore.files.number_input import parse_count

_BATCH = re.compile(r"(?:bs|batch(?:_?size)?)[_-]?([0-9]+)", re.IGNORECASE)


def batch_in_name(path: Path) -> int | None:
    """16 of `result_bs16.json`. Raises DatasetError for a name that tells two, or a batch of 0."""
    try:
        sizes = {parse_count(digits, least=1) for digits in _BATCH.findall(path.name)}
    except ValueError as error:
        raise DatasetError(f"{path}: the batch size in its name: {error}") from error
    if len(sizes) > 1:
        told = " and ".join(map(str, sorted(sizes)))
        raise DatasetError(f"{path}: its name tells two batch sizes, {told}")
    return next(iter(sizes), None)

"""Scores in files with one image each, read by threads; the only door to the C++ reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import mode

import numpy as np
from numpy.typing import NDArray

from regcore._native import score_files as native
from regcore.counted import counted
from regcore.errors import DatasetError, RegcoreError, ScoreFileError
from regcore.evaluation.score_files.batch import BATCH_SIZE, ScoreBatch
from regcore.evaluation.score_files.npy import open_npy, require_regular_file
from regcore.files.read_ahead import read_ahead

#: Room for the text of a million classes.
MAX_FILE_BYTES = 1 << 25

_SAMPLES = 5
_FLOAT_BYTES = 4
# No file begins like this, as .npy has no version 0: the core then leaves all of them to NumPy.
_UNKNOWN_HEADER = b"\x93NUMPY\0\0"


class Files:
    """Files of the same number of scores, known by their endings: .txt, .bin or .npy."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Raises DatasetError where no file tells how many scores there are."""
        self._paths = paths
        self.classes = _common_classes(paths)
        first_npy = next((path for path in paths if path.endswith(".npy")), None)
        npy_header = _npy_header(first_npy, self.classes) if first_npy else _UNKNOWN_HEADER
        # What stands before raw values; None for text.
        self._headers = {".txt": None, ".bin": b"", ".npy": npy_header}

    def batches(self, workers: int) -> Iterator[ScoreBatch]:
        """See ScoreSource. With several workers the next batch is read while one is in use."""
        reader = native.Reader(workers, MAX_FILE_BYTES)
        memory = np.empty((2, BATCH_SIZE, self.classes), np.float32)
        reads = (
            partial(self._read, start, reader, memory[number % 2])
            for number, start in enumerate(range(0, len(self._paths), BATCH_SIZE))
        )
        # A reader does one batch at a time.
        return read_ahead(reads, ahead=1 if workers == 1 else 2, threads=1)

    def _read(self, start: int, reader: native.Reader, memory: NDArray[np.float32]) -> ScoreBatch:
        paths = self._paths[start : start + BATCH_SIZE]
        rows = memory[: len(paths)]
        try:
            failures, longer = reader.read(
                [(path, self._headers[path[-4:]]) for path in paths], rows
            )
        except RuntimeError as error:
            raise RegcoreError(str(error)) from None
        errors = {i: _read_again(paths[i], message, rows[i]) for i, message in failures}
        good = np.array([errors.get(i) is None for i in range(len(paths))], np.bool_)
        return ScoreBatch(
            scores=rows if good.all() else rows[good],
            indices=start + np.flatnonzero(good),
            errors=tuple(error for error in errors.values() if error is not None),
            longer=tuple(paths[i] for i in longer),
        )


def _read_again(path: str, message: str, row: NDArray[np.float32]) -> ScoreFileError | None:
    """What the core did not take: NumPy knows every form of .npy, the rest is an error."""
    if not path.endswith(".npy"):
        return ScoreFileError(path, message)
    try:
        scores = open_npy(path)
    except ScoreFileError as error:
        return error
    if scores.size != row.size:
        return ScoreFileError(path, f"{counted(scores.size, 'value')} instead of {row.size}")
    try:
        row[:] = scores.read().reshape(-1)
    except ScoreFileError as error:
        return error
    return None


def _npy_header(path: str, classes: int) -> bytes:
    """What stands before the raw values, in this file as in others of the same tool."""
    try:
        scores = open_npy(path)
    except ScoreFileError:
        return _UNKNOWN_HEADER
    rows = scores.column_major and len(scores.shape) > 1
    if scores.dtype != np.float32 or scores.size != classes or rows:
        return _UNKNOWN_HEADER
    if Path(path).stat().st_size != scores.offset + _FLOAT_BYTES * classes:
        return _UNKNOWN_HEADER
    with Path(path).open("rb") as file:
        return file.read(scores.offset)


def _common_classes(paths: Sequence[str]) -> int:
    """The number of scores in most of a few files, which all the others must have as well."""
    if not paths:
        return 0
    samples = paths[:: max(1, len(paths) // _SAMPLES)]
    counts = sorted(filter(None, map(_count_scores, samples)), reverse=True)
    if not counts:
        raise DatasetError(f"{samples[0]}: no scores in this file, nor in others")
    return mode(counts)  # of equally many the larger one: files get truncated


def _count_scores(path: str) -> int:
    """How many scores a file holds; 0 where that cannot be told, or it is too large to be read."""
    try:
        if path.endswith(".npy"):
            count = int(open_npy(path).size)
        elif path.endswith(".bin"):
            count = Path(path).stat().st_size // _FLOAT_BYTES
        else:
            require_regular_file(path)
            with Path(path).open("rb") as file:
                count = len(file.readline(MAX_FILE_BYTES).partition(b"\r")[0].split())
    except (OSError, ScoreFileError):
        return 0
    return count if count * _FLOAT_BYTES <= MAX_FILE_BYTES else 0

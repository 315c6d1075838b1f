"""Scores of all images in one array, and the names of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import DatasetError
from regcore.evaluation.score_files.batch import BATCH_SIZE, ScoreBatch
from regcore.evaluation.score_files.npy import ArrayFile, open_npy, require_regular_file
from regcore.files.input_file import read_input_text
from regcore.files.names import image_key


class Packed:
    """A .npy or raw float32 .bin file, [images, classes], which is not read into memory."""

    def __init__(self, path: Path, names_file: str | Path | None = None) -> None:
        """names_file: by default NAME.names.txt beside the file.

        Raises DatasetError where names and rows do not go together.
        """
        self._path = path
        beside = path.with_suffix(".names.txt")
        if names_file is None and not beside.is_file():
            raise DatasetError(f"{path}: no {beside.name} beside it, with a name for each row")
        names_file = beside if names_file is None else names_file
        self.names = read_names(names_file)
        self.scores = self._open_npy() if path.suffix == ".npy" else self._open_raw()
        rows = self.scores.shape[0]
        if rows != len(self.names):
            raise DatasetError(
                f"{path}: {counted(rows, 'row')}, but {names_file} has "
                f"{counted(len(self.names), 'name')}"
            )

    def rows(self, rows: Sequence[int]) -> Rows:
        """Those rows, in that order, as a source of predictions."""
        return Rows(self.scores, np.asarray(rows, dtype=np.intp))

    def _open_npy(self) -> ArrayFile:
        scores = open_npy(self._path)
        if len(scores.shape) != 2 or scores.shape[1] == 0:  # noqa: PLR2004
            raise DatasetError(f"{self._path}: an array of {scores.shape}, not [images, classes]")
        return scores

    def _open_raw(self) -> ArrayFile:
        if self._path.suffix != ".bin":
            raise DatasetError(f"{self._path}: neither a folder nor a packed .npy or .bin file")
        require_regular_file(self._path)
        size = self._path.stat().st_size
        row_bytes, rest = divmod(size, len(self.names))
        classes, rest_of_row = divmod(row_bytes, np.dtype(np.float32).itemsize)
        if rest or rest_of_row or not classes:
            raise DatasetError(
                f"{self._path}: {counted(size, 'byte is', 'bytes are')} not float32 scores of "
                f"{counted(len(self.names), 'image')}"
            )
        return ArrayFile(str(self._path), np.dtype(np.float32), (len(self.names), classes), 0)


class Rows:
    """Some rows of an array; one thread reads them."""

    def __init__(self, scores: ArrayFile, rows: NDArray[np.intp]) -> None:
        self.classes = int(scores.shape[1])
        self._scores = scores
        self._rows = rows

    def batches(self, workers: int) -> Iterator[ScoreBatch]:  # noqa: ARG002
        """See ScoreSource."""
        for start in range(0, len(self._rows), BATCH_SIZE):
            rows = self._rows[start : start + BATCH_SIZE]
            yield ScoreBatch(self._scores.read_rows(rows), np.arange(start, start + len(rows)))


def read_names(path: str | Path) -> tuple[str, ...]:
    """The first word of each line, cut at its first dot: of a list of images, or a label file.

    Raises DatasetError where there is none, or one comes twice.
    """
    lines = read_input_text(path).splitlines()
    first_line: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        name = image_key(words[0])
        if name in first_line:
            raise DatasetError(
                f"{path}, line {number}: {name} was in line {first_line[name]} before"
            )
        first_line[name] = number
    if not first_line:
        raise DatasetError(f"{path}: no names in this file")
    return tuple(first_line)

"""The files of a store in a folder of this machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.store.file_reading import read_exactly
from regcore.store.ledger import place_of


class Piece(NamedTuple):
    """Bytes of a file that are wanted in contiguous `rows`, uint8.

    file: as the ledger names it. file_bytes: what all of it should have. offset: of the first row.
    """

    file: str
    file_bytes: int
    offset: int
    rows: NDArray[np.uint8]


class LocalFiles:
    """Reads the values of a store. folder: in which it lies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def place(self) -> Path:
        """What opens the store elsewhere, where the same path leads to it."""
        return self.folder.absolute()

    def path(self, file: str) -> Path:
        """Where a file lies that the ledger names; DatasetError if it were outside."""
        return place_of(self.folder, file)

    def fill(self, pieces: Iterable[Piece]) -> None:
        """Reads; DatasetError where a file is missing or of another size."""
        for piece in pieces:
            read_exactly(self.path(piece.file), piece.file_bytes, piece.offset, piece.rows)

    def mapped(self, file: str, file_bytes: int) -> NDArray[np.uint8]:
        """All of a file, read-only; DatasetError where it is missing or of another size."""
        path = self.path(file)
        try:
            if path.stat().st_size == file_bytes:
                return np.memmap(path, np.uint8, "r")
        except OSError:
            pass
        raise DatasetError(f"{path}: missing or of another size; 'regcore preprocess' mends it")

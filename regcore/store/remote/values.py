"""The values of a store behind a URL, fetched as ranges of its files.

Many are asked for at once; whether they come so is up to the file system.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from regcore.errors import DatasetError
from regcore.store.ledger import check_name
from regcore.store.local_files import Piece
from regcore.store.remote.folder import RemoteFolder

#: Bytes of one request: more, and a single connection is what one waits for.
_REQUEST = 8 << 20
#: Bytes that are asked for together, and in memory a second time for that long.
_TOGETHER = 64 << 20


class RemoteValues:
    """Reads the values of a store. folder: its URL; place: what opens it elsewhere."""

    def __init__(self, place: RemoteFolder) -> None:
        self.folder = place.url
        self.place = place
        self._sound: dict[str, bool] = {}

    def path(self, file: str) -> str:
        """The URL of a file that the ledger names; DatasetError if it were outside."""
        check_name(self.folder, file)
        return self.place.called(file)

    def fill(self, pieces: Iterable[Piece]) -> None:
        """Reads; DatasetError where a file is missing or of another size."""
        together: list[Piece] = []
        waiting = 0
        for request in _requests(pieces):
            together.append(request)
            waiting += request.rows.size
            if waiting >= _TOGETHER:
                self._fetch(together)
                together, waiting = [], 0
        if together:
            self._fetch(together)

    def _fetch(self, requests: list[Piece]) -> None:
        for piece in requests:
            self._check_size(piece)
        # A byte more than there should be shows a file that is longer.
        ends = [piece.offset + piece.rows.size + _is_all(piece) for piece in requests]
        names = [piece.file for piece in requests]
        parts = self.place.read_ranges(names, [piece.offset for piece in requests], ends)
        for piece, part in zip(requests, parts, strict=True):
            if len(part) != piece.rows.size:
                raise self._wrong(piece.file)
            piece.rows[:] = np.frombuffer(part, np.uint8)

    def _check_size(self, piece: Piece) -> None:
        """Asks once for the size of a file of which only parts are read."""
        check_name(self.folder, piece.file)
        if _is_all(piece):
            return
        if piece.file not in self._sound:
            self._sound[piece.file] = self.place.size(piece.file) == piece.file_bytes
        if not self._sound[piece.file]:
            raise self._wrong(piece.file)

    def _wrong(self, file: str) -> DatasetError:
        return DatasetError(
            f"{self.place.called(file)}: missing or of another size; 'regcore preprocess' mends it"
        )


def _is_all(piece: Piece) -> bool:
    return piece.offset == 0 and piece.rows.size == piece.file_bytes


def _requests(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same bytes in pieces of which none is too large; rows are flat."""
    for piece in pieces:
        flat = piece.rows.reshape(-1)
        for first in range(0, flat.size, _REQUEST):
            rows = flat[first : first + _REQUEST]
            yield Piece(piece.file, piece.file_bytes, piece.offset + first, rows)

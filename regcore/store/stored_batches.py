"""The images of a store in batches, in the order of its list."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from regcore.errors import DecodeError
from regcore.files.read_ahead import read_ahead
from regcore.images.batch_stream import Array, Batch
from regcore.images.diagnostics import Diagnostic
from regcore.recipes.recipe import Recipe
from regcore.sources.protocol import below
from regcore.store.ledger import Ledger
from regcore.store.values import Values


@dataclass(frozen=True)
class StoredBatches:
    """What has to be known of a store to read it in batches.

    root: its source folder, as it was written down. verify: see `open_store`.
    """

    values: Values
    ledger: Ledger
    root: str
    recipe: Recipe
    verify: bool

    def read(
        self,
        batch_size: int,
        listed: int,
        *,
        buffers: Sequence[Array] | None,
        ahead: int,
        together: int,
    ) -> Generator[Batch]:
        """The first `listed` images of the list; see Store.batches."""
        places = self.values.places
        failed = sorted(place for place in self.ledger.errors if place < listed)
        told = 0
        stop = int(np.searchsorted(places, listed))
        with closing(self._read_pieces(batch_size * together, stop, buffers, ahead)) as pieces:
            for begin, images in _cut(pieces, batch_size):
                indices = places[begin : begin + len(images)]
                upto = bisect_left(failed, indices[-1])
                errors = self._errors(failed[told:upto])
                yield Batch(images, indices, errors, self._diagnostics(indices.tolist()))
                told = upto
        if told < len(failed):
            nothing = np.empty((0, *self.recipe.image_shape), self.recipe.numpy_dtype)
            yield Batch(nothing, np.empty(0, np.intp), self._errors(failed[told:]))

    def _read_pieces(
        self, size: int, stop: int, buffers: Sequence[Array] | None, ahead: int
    ) -> Generator[tuple[int, Array]]:
        reads = (
            partial(self._piece, begin, end, buffers[number % len(buffers)] if buffers else None)
            for number, (begin, end) in enumerate(self._bounds(size, stop))
        )
        if ahead > 1:
            yield from read_ahead(reads, ahead, threads=ahead)
        else:
            yield from (read() for read in reads)

    def _piece(self, begin: int, end: int, buffer: Array | None) -> tuple[int, Array]:
        if buffer is None:
            images = np.empty((end - begin, *self.recipe.image_shape), self.recipe.numpy_dtype)
        else:
            images = buffer[: end - begin]
        rows = images.reshape(len(images), -1).view(np.uint8)
        self.values.read_into(begin, rows, verify=self.verify)
        return begin, images

    def _bounds(self, size: int, stop: int) -> Iterator[tuple[int, int]]:
        """Where reads begin and end."""
        starts = self.values.pack_starts.tolist()
        for first, end in pairwise(starts if len(starts) > 1 else [0, stop]):
            for begin in range(first, min(end, stop), size):
                yield begin, min(begin + size, end, stop)

    def _errors(self, places: Iterable[int]) -> tuple[DecodeError, ...]:
        paths, errors = self.ledger.paths, self.ledger.errors
        return tuple(DecodeError(below(self.root, paths[p]), errors[p], p) for p in places)

    def _diagnostics(self, places: Iterable[int]) -> tuple[Diagnostic, ...]:
        paths, noticed = self.ledger.paths, self.ledger.noticed
        return tuple(
            Diagnostic(below(self.root, paths[p]), *noticed[p], p) for p in places if p in noticed
        )


def _cut(pieces: Iterable[tuple[int, Array]], batch_size: int) -> Iterator[tuple[int, Array]]:
    for begin, images in pieces:
        for row in range(0, len(images), batch_size):
            yield begin + row, images[row : row + batch_size]

"""The images of a store."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend
from regcore.errors import DecodeError
from regcore.images.batch_stream import Batch
from regcore.images.result_memory import largest_batch
from regcore.inference.inputs.source import Inputs, closed_after, host_buffers
from regcore.sources.protocol import below
from regcore.store.reader import Store

#: Reads in work at once at least; one device is not faster with more.
_AHEAD = 2
#: Small batches are read together, up to so many bytes: a read of its own for each of them wakes
#: threads more often than its values are worth, and a processor that is the device pays for that.
_READ_BYTES = 4 << 20
_CACHE_LINE = 64


class StoreInputs(Inputs):
    """What `regcore preprocess` has made."""

    def __init__(self, store: Store, places: Sequence[int] | None = None) -> None:
        """places: of the images that are meant, in their order; by default all."""
        self._store = store
        self._places = range(len(store.listed)) if places is None else places
        self.names = store.listed if places is None else [store.listed[p] for p in places]

    def versions(self) -> NDArray[np.int64]:
        """See Inputs: the checksums of the values."""
        checksums = self._store.checksums[np.asarray(self._places, np.intp)]
        versions: NDArray[np.int64] = checksums.view(np.int64).reshape(-1, 1)
        return versions

    def batches(
        self, backend: Backend, batch_size: int, wanted: NDArray[np.intp] | None = None
    ) -> AbstractContextManager[Iterable[Batch]]:
        """See Inputs. Values that are not those of the ledger raise MismatchError."""
        places = self._places if wanted is None else [self._places[p] for p in wanted.tolist()]
        return closed_after(chosen_batches(self._store, backend, batch_size, places))


def device_batches(
    store: Store, backend: Backend, batch_size: int, count: int | None = None
) -> Generator[Batch]:
    """Store.batches, read ahead into memory that suits the backend, kept as long as it needs it."""
    listed = len(store.listed)
    images = listed if count is None else min(count, listed)
    batch_size = largest_batch(batch_size, images)
    together = _batches_in_a_read(batch_size * store.recipe.image_bytes, ceil(images / batch_size))
    ahead = max(_AHEAD, backend.depth // 2 // together)  # depth grows with the devices
    number = ceil(backend.depth / together) + ahead
    buffers = host_buffers(backend, number, batch_size * together, store.recipe)
    if buffers is None:
        shape = (batch_size * together, *store.recipe.image_shape)
        buffers = [np.empty(shape, store.recipe.numpy_dtype) for _ in range(number)]
    return store.batches(batch_size, count, buffers=buffers, ahead=ahead, together=together)


def _batches_in_a_read(size: int, batches: int) -> int:
    """size: of a batch, in bytes. Each of them begins on a cache line, as devices want it."""
    return max(1, min(_READ_BYTES // size, batches)) if size % _CACHE_LINE == 0 else 1


def chosen_batches(
    store: Store, backend: Backend, batch_size: int, places: Sequence[int]
) -> Generator[Batch]:
    """The same of some images, each of which then has its place in `places`."""
    if isinstance(places, range):  # the first ones
        return device_batches(store, backend, batch_size, len(places))
    batches = device_batches(store, backend, batch_size, max(places, default=-1) + 1)
    return _chosen(batches, np.array(places, np.intp))


def _chosen(batches: Iterable[Batch], wanted: NDArray[np.intp]) -> Generator[Batch]:
    """The images of each batch whose places are in `wanted`, with their places there."""
    new_place = {int(place): new for new, place in enumerate(wanted)}
    for batch in batches:
        rows = [row for row, place in enumerate(batch.indices.tolist()) if place in new_place]
        errors = tuple(
            DecodeError(error.path, error.detail, new_place[error.index])
            for error in batch.errors
            if error.index in new_place
        )
        diagnostics = tuple(
            replace(diagnostic, index=new_place[diagnostic.index])
            for diagnostic in batch.diagnostics
            if diagnostic.index in new_place
        )
        if rows or errors:
            places = [new_place[int(batch.indices[row])] for row in rows]
            yield Batch(batch.images[rows], np.array(places, dtype=np.intp), errors, diagnostics)


def batches_in_order(
    store: Store, backend: Backend, batch_size: int, names: Sequence[str]
) -> Generator[Batch]:
    """Images of a store by their names, in the order of these, each read where it lies.

    Batch.indices and DecodeError.index are places in `names`. Values that are not those of the
    ledger raise MismatchError.
    """
    batch_size = largest_batch(batch_size, len(names))
    shape = (batch_size, *store.recipe.image_shape)
    number = backend.depth + 1
    buffers = host_buffers(backend, number, batch_size, store.recipe)
    if buffers is None:
        buffers = [np.empty(shape, store.recipe.numpy_dtype) for _ in range(number)]
    for turn, first in enumerate(range(0, len(names), batch_size)):
        images = buffers[turn % number]
        rows: list[int] = []
        errors: list[DecodeError] = []
        for place, name in enumerate(names[first : first + batch_size], first):
            if name in store:
                rows.append(place)
            else:
                detail = store.failed.get(name, "it is not in the store")
                errors.append(DecodeError(below(store.root, name), detail, place))
        store.read_places(store.places_of(names[row] for row in rows), images[: len(rows)])
        yield Batch(images[: len(rows)], np.array(rows, np.intp), tuple(errors))

"""The images of a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from regcore.backends.backend import Backend
from regcore.batch_stream import Batch
from regcore.errors import DecodeError
from regcore.inputs import Inputs
from regcore.store.reader import Store


class StoreInputs(Inputs):
    """What `regcore preprocess` has made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.names = store.listed

    def versions(self) -> NDArray[np.int64]:
        """See Inputs: the checksums of the values."""
        versions: NDArray[np.int64] = self._store.checksums.view(np.int64).reshape(-1, 1)
        return versions

    def batches(
        self, backend: Backend, batch_size: int, wanted: NDArray[np.intp] | None = None
    ) -> AbstractContextManager[Iterable[Batch]]:
        """See Inputs; the arrays are the store's own."""
        del backend
        batches = self._store.batches(batch_size)
        return nullcontext(batches if wanted is None else _chosen(batches, wanted))


def _chosen(batches: Iterable[Batch], wanted: NDArray[np.intp]) -> Iterator[Batch]:
    """Of each batch the images whose places are in `wanted`, which is sorted."""
    new_place = {int(place): new for new, place in enumerate(wanted)}
    for batch in batches:
        rows = [row for row, place in enumerate(batch.indices.tolist()) if place in new_place]
        errors = tuple(
            DecodeError(error.path, error.detail, new_place[error.index])
            for error in batch.errors
            if error.index in new_place
        )
        findings = tuple(
            replace(finding, index=new_place[finding.index])
            for finding in batch.findings
            if finding.index in new_place
        )
        if rows or errors:
            places = [new_place[int(batch.indices[row])] for row in rows]
            yield Batch(batch.images[rows], np.array(places, dtype=np.intp), errors, findings)

"""Image files, preprocessed on the way to the device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend
from regcore.images.batch_stream import Batch, BatchStream
from regcore.images.listing import Listing, listing
from regcore.images.preprocessor import Preprocessor
from regcore.inference.inputs.source import Inputs, file_versions, host_buffers


class PhotoInputs(Inputs):
    """Image files, preprocessed on the way."""

    def __init__(self, preprocessor: Preprocessor, source: Path | Listing) -> None:
        """source: a folder or a file, see image_list.listing, or what that gave."""
        found = source if isinstance(source, Listing) else listing(source)
        self._preprocessor = preprocessor
        self._root, self.names = found.root, found.names

    def versions(self) -> NDArray[np.int64]:
        """See Inputs."""
        return file_versions(self._root / name for name in self.names)

    def batches(
        self, backend: Backend, batch_size: int, wanted: NDArray[np.intp] | None = None
    ) -> AbstractContextManager[Iterable[Batch]]:
        """See Inputs."""
        names = self.names if wanted is None else [self.names[place] for place in wanted]
        paths = [self._root / name for name in names]
        return device_stream(self._preprocessor, backend, paths, batch_size)


@contextmanager
def device_stream(
    preprocessor: Preprocessor, backend: Backend, items: Sequence[str | Path], batch_size: int
) -> Iterator[BatchStream]:
    """A stream of `items` in the memory that suits the backend, kept as long as it needs it."""
    count = preprocessor.buffers_needed(batch_size, backend.depth)
    buffers = host_buffers(backend, count, batch_size, preprocessor.recipe)
    with preprocessor.stream(
        items, batch_size, buffers=buffers, keep=backend.depth, on_error="report"
    ) as stream:
        yield stream

"""Images of a source, preprocessed on the way to the device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend
from regcore.images.batch_stream import Batch, BatchStream
from regcore.images.preprocessor import Preprocessor
from regcore.images.result_memory import largest_batch
from regcore.images.sources import Image
from regcore.inference.inputs.source import Inputs, host_buffers
from regcore.sources.protocol import ImageSource
from regcore.sources.spelling import open_source


class PhotoInputs(Inputs):
    """The images of a source, preprocessed on the way."""

    def __init__(self, preprocessor: Preprocessor, source: str | Path | ImageSource) -> None:
        """source: or what regcore.sources.spelling.open_source opens."""
        self._preprocessor = preprocessor
        self._source = open_source(source)
        self.names = self._source.names

    def versions(self) -> NDArray[np.int64]:
        """See Inputs."""
        return self._source.versions()

    def batches(
        self, backend: Backend, batch_size: int, wanted: NDArray[np.intp] | None = None
    ) -> AbstractContextManager[Iterable[Batch]]:
        """See Inputs."""
        items = self._source.read(None if wanted is None else wanted.tolist())
        return device_stream(self._preprocessor, backend, items, batch_size)


def device_stream(
    preprocessor: Preprocessor, backend: Backend, items: Sequence[Image], batch_size: int
) -> AbstractContextManager[BatchStream]:
    """A stream of `items` in the memory that suits the backend, kept as long as it needs it.

    The memory is there after the call; the workers begin with the block.
    """
    batch_size = largest_batch(batch_size, len(items))
    count = preprocessor.buffers_needed(batch_size, backend.depth, len(items))
    buffers = host_buffers(backend, count, batch_size, preprocessor.recipe)

    @contextmanager
    def streaming() -> Iterator[BatchStream]:
        with preprocessor.stream(
            items, batch_size, buffers=buffers, keep=backend.depth, on_error="report"
        ) as stream:
            yield stream

    return streaming()

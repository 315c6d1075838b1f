"""Batches of a list of images, in order, prepared ahead by workers."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from regcore._native import pipeline as native
from regcore.counted import counted
from regcore.errors import DecodeError, RegcoreError
from regcore.images.diagnostics import Diagnostic
from regcore.images.sources import split_reports
from regcore.images.tensors import as_tensor

if TYPE_CHECKING:
    import torch
    from typing_extensions import Self

Array = NDArray[Any]
OnError = Literal["raise", "report"]

#: A worker's number, and the times of time.perf_counter_ns at which it asked for the place of an
#: image, began, had read, had decoded, and had resampled and normalised it.
WORKED = np.dtype(
    [(name, np.int64) for name in ("worker", "asked", "began", "read", "decoded", "done")]
)


@dataclass(frozen=True)
class Batch:
    """Part of a stream.

    images: one row per good image, in the recipe's shape, dtype and layout; a view into the ring,
        valid until the next batch is asked for, or as many as the stream was told to keep. It goes
        by DLPack, too (`torch.from_dlpack(batch.images)`), and what shares it lives no longer.
    indices: for each row, its place in the list that was streamed; of a store, in `Store.listed`.
    errors: the images of this part that have no row.
    diagnostics: rows of damaged, rotated or clipped images, see Preprocessor.
    worked: who prepared each image of this part, and when; WORKED [images], empty from a store.
    """

    images: Array
    indices: NDArray[np.intp]
    errors: tuple[DecodeError, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    worked: NDArray[np.void] = field(default_factory=lambda: np.empty(0, WORKED))

    def torch(self, device: str | torch.device | None = None, *, copy: bool = True) -> torch.Tensor:
        """The images as a tensor of torch; the bits of bfloat16 become bfloat16.

        device: where it goes, by default main memory. copy: whether it has memory of its own; if
        not, a tensor in main memory lives as long as `images`. Raises BackendError without torch.
        """
        shared = as_tensor(self.images)
        tensor = shared if device is None else shared.to(device)
        return tensor.clone() if copy and tensor.data_ptr() == shared.data_ptr() else tensor

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.images.shape[1:]))
        bad = f", {len(self.errors)} bad" if self.errors else ""
        count = counted(len(self.images), "image")
        return f"<Batch: {count} of {shape} {self.images.dtype}{bad}>"


class BatchStream:
    """Iterator of Batch; a context manager that stops its workers at the end."""

    def __init__(
        self,
        stream: native.Stream,
        items: Sequence[native.Item],
        buffers: Sequence[Array],
        on_error: OnError,
    ) -> None:
        self._stream = stream
        self._items = items
        self._buffers = buffers
        self._on_error = on_error
        self._places = np.arange(len(items), dtype=np.intp)
        self._places.flags.writeable = False  # the batches share it
        self._one_at_a_time = threading.Lock()
        # At the latest when the interpreter ends: later, workers could not call Pillow any more.
        weakref.finalize(self, stream.close)

    def __repr__(self) -> str:
        count = counted(len(self._items), "image")
        return f"<BatchStream: {count} in batches of {len(self._buffers[0])}>"

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        with self._one_at_a_time:
            try:
                part = self._stream.next()
            except RuntimeError as error:
                raise RegcoreError(str(error)) from None
        if part is None:
            self.close()
            raise StopIteration
        first, count, number, reports, worked = part
        images = self._buffers[number][:count]
        indices = self._places[first : first + count]
        times = np.frombuffer(worked, WORKED)
        if not reports:
            return Batch(images, indices, (), (), times)
        errors, diagnostics = split_reports(self._items, reports)
        failed = tuple(errors.values())
        if failed:
            if self._on_error == "raise":
                self.close()
                raise failed[0]
            good = np.ones(count, dtype=bool)
            good[[index - first for index in errors]] = False
            images, indices = images[good], indices[good]
        return Batch(images, indices, failed, tuple(diagnostics), times)

    def close(self) -> None:
        """Stop the workers; the iterator then ends, also one that waits in another thread."""
        self._stream.closing = True
        if self._one_at_a_time.acquire(blocking=False):
            try:
                self._stream.close()
            finally:
                self._one_at_a_time.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        with self._one_at_a_time:  # another thread may be closing it: its workers end before this
            self._stream.close()

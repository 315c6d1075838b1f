"""Batches of images on a device, prepared and copied ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from regcore.counted import counted
from regcore.errors import BackendError, DecodeError, UsageError
from regcore.files.arguments import check_choice, check_switch, whole_within
from regcore.images.batch_stream import Batch, OnError
from regcore.images.preprocessor import Preprocessor
from regcore.images.result_memory import largest_batch
from regcore.images.sources import Image
from regcore.images.tensors import as_array, as_tensor
from regcore.recipes.recipe import Recipe
from regcore.torch.dataset import targets_of

Pair = tuple[torch.Tensor, torch.Tensor]

_MOST = 1 << 20


class ImageLoader:
    """(images, targets) of each batch, in order, as tensors on a device; can be iterated anew.

    Threads prepare the images ahead, without the GIL, straight into a ring of buffers. For a CUDA
    device these are page-locked, and a stream of its own copies `ahead` batches while the device
    computes; the tensors may be used on the stream that is current when the batch is taken.

    How long a batch lives: as long as it is held. With `keep`, which is for main memory, nothing is
    copied: a batch is a part of the ring, and valid until `keep` more were asked for; a batch of
    which on_error="report" leaves nothing is not given out, but counts.

    errors: the images that were left out of the last iteration, with on_error="report".
    """

    def __init__(
        self,
        images: Sequence[Image],
        labels: Any,  # noqa: ANN401  # whatever has integers
        recipe: Recipe,
        batch_size: int = 64,
        *,
        device: str | torch.device | None = None,
        ahead: int = 2,
        keep: int | None = None,
        pin_memory: bool = False,
        on_error: OnError = "raise",
        workers: int | None = None,
        **options: Any,  # noqa: ANN401
    ) -> None:
        """images, labels, workers, options: as for ImageDataset.

        device: where the tensors are, by default in main memory. ahead: batches that are on their
        way to a CUDA device while one is used. pin_memory: whether tensors in main memory are
        page-locked. on_error: "raise" a DecodeError at the batch of a bad image, or "report" it in
        `errors` and go on without it.

        Raises UsageError for what makes no sense, BackendError where torch has no such device.
        """
        self.images = images
        self.targets = targets_of(images, labels)
        self.recipe = recipe
        self.batch_size = whole_within("batch_size", batch_size, 1, _MOST)
        self.device = _device("cpu" if device is None else device)
        self.errors: list[DecodeError] = []
        check_switch("pin_memory", pin_memory)
        check_choice("on_error", on_error, ("raise", "report"))
        self._ahead = whole_within("ahead", ahead, 1, _MOST)
        self._keep = None if keep is None else whole_within("keep", keep, 1, _MOST)
        self._pin = pin_memory or self.device.type == "cuda"
        self._on_error: OnError = on_error
        self._preprocessor = Preprocessor(recipe, workers=workers, **options)
        if keep is not None and self.device.type != "cpu":
            raise UsageError("keep is for batches in main memory; others have memory of their own")
        if self._pin and not torch.cuda.is_available():
            raise BackendError("page-locked memory needs a CUDA device, which torch does not find")

    def __repr__(self) -> str:
        batches = f"{counted(len(self.images), 'image')} in batches of {self.batch_size}"
        return f"<ImageLoader: {batches} on {self.device} by recipe {self.recipe.identity}>"

    def __len__(self) -> int:
        return (len(self.images) + self.batch_size - 1) // self.batch_size

    def __iter__(self) -> Iterator[Pair]:
        self.errors = []
        if self.device.type == "cuda":
            batches = self._on_cuda(self.device)
        else:
            batches = self._in_memory() if self._keep is None else self._in_ring(self._keep)
        return (batch for batch in batches if len(batch[1]))

    def _in_ring(self, keep: int) -> Iterator[Pair]:
        """Every batch of the list, also one of which no image is good."""
        ring = self._ring(keep)
        arrays = [as_array(buffer) for buffer in ring]
        with self._preprocessor.stream(
            self.images, len(arrays[0]), buffers=arrays, keep=keep, on_error=self._on_error
        ) as batches:
            for batch in batches:
                self.errors += batch.errors
                yield _tensor_of(batch, ring), torch.from_numpy(self.targets[batch.indices])

    def _in_memory(self) -> Iterator[Pair]:
        for images, targets in self._in_ring(1):
            copy = torch.empty_like(images, pin_memory=self._pin)
            yield copy.copy_(images).to(self.device), targets.to(self.device)

    def _on_cuda(self, device: torch.device) -> Iterator[Pair]:
        side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        copies: deque[torch.cuda.Event] = deque()
        waiting: deque[tuple[Pair, torch.cuda.Event]] = deque()
        batches = self._in_ring(self._ahead)
        try:
            while True:
                # To ask for a batch gives up the memory of the one so many before it.
                if len(copies) == self._ahead:
                    copies.popleft().synchronize()
                batch = next(batches, None)
                if batch is None:
                    break
                with torch.cuda.stream(side):
                    images, targets = (
                        part.pin_memory().to(device, non_blocking=True) for part in batch
                    )
                copies.append(side.record_event())
                waiting.append(((images, targets), copies[-1]))
                if len(waiting) > self._ahead:
                    yield _taken(*waiting.popleft(), device)
            while waiting:
                yield _taken(*waiting.popleft(), device)
        finally:
            side.synchronize()

    def _ring(self, keep: int) -> list[torch.Tensor]:
        batch_size = largest_batch(self.batch_size, len(self.images))
        shape = (batch_size, *self.recipe.image_shape)
        dtype: torch.dtype = getattr(torch, self.recipe.dtype)
        count = self._preprocessor.buffers_needed(batch_size, keep)
        return [
            torch.empty(shape, dtype=dtype, device="cpu", pin_memory=self._pin)
            for _ in range(count)
        ]


def _tensor_of(batch: Batch, ring: Sequence[torch.Tensor]) -> torch.Tensor:
    """The part of the ring in which the images are, or a tensor of them where some failed."""
    start = batch.images.ctypes.data
    for buffer in ring:
        if buffer.data_ptr() == start:
            return buffer[: len(batch.images)]
    return as_tensor(batch.images)


def _taken(batch: Pair, copied: torch.cuda.Event, device: torch.device) -> Pair:
    """The batch, for the work that the current stream is given from now on."""
    current = torch.cuda.current_stream(device)
    current.wait_event(copied)
    for part in batch:
        part.record_stream(current)
    return batch


def _device(name: str | torch.device) -> torch.device:
    try:
        device = torch.device(name)
        device = torch.empty(0, device=device).device  # with its number
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise BackendError(f"torch has no device {str(name)!r}: {lines[0]}") from None
    return device

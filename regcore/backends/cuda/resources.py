"""What is given back to CUDA, in the reverse of the order in which it was had."""

from __future__ import annotations

from functools import partial
from typing import Any

from regcore.backends.cuda.runtime import Cuda
from regcore.backends.page_locked import PageLockedRanges, ResourceStack

_PORTABLE = 1  # cudaHostAllocPortable: page-locked for all GPUs
_NON_BLOCKING = 1  # cudaStreamNonBlocking: in no order with the default stream

PAGE_LOCKED = PageLockedRanges()


class Resources(ResourceStack):
    """Everything on one GPU. `device`: its number."""

    def __init__(self, cuda: Cuda, device: int) -> None:
        super().__init__(PAGE_LOCKED)
        self._cuda = cuda
        self._device = device

    def make(self, name: str, *arguments: object, undo: str) -> Any:  # noqa: ANN401
        """What the call `name` gives; `undo` takes it back."""
        thing = self._cuda.value(name, *arguments)
        self.then(lambda: self._cuda.do(undo, thing))
        return thing

    def event(self) -> Any:  # noqa: ANN401
        """A new event that takes the time."""
        return self.make("EventCreate", undo="EventDestroy")

    def device_memory(self, size: int) -> int:
        """The address of `size` bytes on the GPU."""
        return int(self.make("Malloc", size, undo="Free"))

    def _make_stream(self) -> Any:  # noqa: ANN401
        return self.make("StreamCreateWithFlags", _NON_BLOCKING, undo="StreamDestroy")

    def _lock_pages(self, size: int) -> int:
        return int(self.make("HostAlloc", size, _PORTABLE, undo="FreeHost"))

    def _enter(self) -> None:
        if self._releases:
            self._attempt(partial(self._cuda.do, "SetDevice", self._device))

    def _wait_for(self, stream: Any) -> None:  # noqa: ANN401
        self._attempt(partial(self._cuda.do, "StreamSynchronize", stream))

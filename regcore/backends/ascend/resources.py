"""What is given back to pyACL, in the reverse of the order in which it was had."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from regcore.backends.ascend.pyacl import Acl
from regcore.backends.page_locked import PageLockedRanges, ResourceStack

_HUGE_PAGES_FIRST = 0

PAGE_LOCKED = PageLockedRanges()


class Resources(ResourceStack):
    """Everything of one context, from the device on."""

    def __init__(self, acl: Acl) -> None:
        super().__init__(PAGE_LOCKED)
        self._acl = acl
        self.context = 0

    def make(self, name: str, *arguments: object, undo: str) -> int:
        """What the function `name` gives, with its code; `undo` takes it back."""
        return self._kept(int(self._acl.value(name, *arguments)), undo)

    def make_where_known(
        self, name: str, *arguments: object, undo: str, unknown: Collection[int]
    ) -> int | None:
        """The same; None where pyACL lacks the function, or answers with one of these codes."""
        if not self._acl.has(name):
            return None
        thing = self._acl.value(name, *arguments, accept=unknown)
        return None if thing is None else self._kept(int(thing), undo)

    def handle(self, name: str, *arguments: object, undo: str) -> int:
        """The same of a function that returns no code."""
        return self._kept(self._acl.handle(name, *arguments), undo)

    def device_memory(self, size: int) -> int:
        """The address of `size` bytes on the device."""
        return self.make("rt.malloc", size, _HUGE_PAGES_FIRST, undo="rt.free")

    def _kept(self, thing: int, undo: str) -> int:
        self.then(lambda: self._acl.do(undo, thing))
        return thing

    def _make_stream(self) -> int:
        return self.make("rt.create_stream", undo="rt.destroy_stream")

    def _lock_pages(self, size: int) -> int:
        return self.make("rt.malloc_host", size, undo="rt.free_host")

    def _enter(self) -> None:
        if self.context:
            enter = partial(self._acl.do, "rt.set_context", self.context)
            # Nothing can be given back outside of its context.
            _ = self._attempt(enter) or self._attempt(enter)
        self.context = 0

    def _wait_for(self, stream: int) -> None:
        # The first answer may be the failure of a task, whose place is with its result.
        self._acl.get("rt.synchronize_stream", stream)
        self._acl.get("rt.synchronize_stream", stream)

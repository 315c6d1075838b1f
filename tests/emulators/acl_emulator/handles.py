"""Handles: plain integers that stand for what the emulator made, by kind."""

from __future__ import annotations

from typing import Any

from acl_emulator.errors import AclError, Code

_FIRST, _STEP = 0x7ACE_0000_0010, 0x10


class Handles:
    """Everything that is alive, and what was."""

    def __init__(self) -> None:
        self._next = _FIRST
        self._alive: dict[int, tuple[str, Any]] = {}
        self._dead: dict[int, str] = {}

    def new(self) -> int:
        """A number that no other thing has."""
        self._next += _STEP
        return self._next

    def add(self, kind: str, thing: Any, handle: int | None = None) -> int:
        """Takes care of `thing`; returns its handle."""
        handle = self.new() if handle is None else handle
        self._alive[handle] = (kind, thing)
        return handle

    def get(self, kind: str, handle: int, code: int = Code.INVALID_PARAM) -> Any:
        """The living thing; a rule is broken where there is none of this kind."""
        found, thing = self._alive.get(handle, ("", None))
        if found == kind:
            return thing
        if self._dead.get(handle) == kind:
            raise AclError(code, f"{kind} {handle:#x} was used after it had been given back")
        raise AclError(code, f"{handle!r} is no {kind}" + (f" but a {found}" if found else ""))

    def remove(self, kind: str, handle: int, code: int = Code.INVALID_PARAM) -> Any:
        """The thing, which is given back."""
        thing = self.get(kind, handle, code)
        del self._alive[handle]
        self._dead[handle] = kind
        return thing

    def alive(self, kind: str | None = None) -> list[tuple[str, int, Any]]:
        """Kind, handle and thing of all that lives, in the order in which it was made."""
        return [
            (found, handle, thing)
            for handle, (found, thing) in self._alive.items()
            if kind in (None, found)
        ]

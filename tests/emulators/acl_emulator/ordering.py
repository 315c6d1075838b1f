"""What happened before what, by vector clocks, so that a race is found however it ends.

There is one actor for the host and one for each stream. A stream's task follows the host's call
that submitted it, the tasks before it, and what its events waited for; the host follows a stream
only where it synchronised with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from acl_emulator.errors import AclError, Code

HOST = 0


@dataclass(frozen=True)
class Stamp:
    """When an actor did something: its own tick, and the ticks of all that it follows."""

    actor: int
    tick: int
    seen: dict[int, int]

    def follows(self, other: Stamp) -> bool:
        return self.seen.get(other.actor, 0) >= other.tick


class Ordering:
    """The clocks of all actors."""

    def __init__(self) -> None:
        self._clocks: dict[int, dict[int, int]] = {HOST: {}}

    def step(self, actor: int) -> Stamp:
        """The next thing that `actor` does, by a call of the host."""
        clock = self._clocks.setdefault(actor, {})
        if actor != HOST:
            _merge(clock, self._clocks[HOST])
        clock[actor] = clock.get(actor, 0) + 1
        return Stamp(actor, clock[actor], dict(clock))

    def join(self, actor: int, seen: Stamp) -> None:
        """From now on, `actor` follows `seen`."""
        _merge(self._clocks.setdefault(actor, {}), seen.seen)

    def join_stream(self, actor: int, stream: int) -> None:
        """From now on, `actor` follows all that `stream` was given so far."""
        _merge(self._clocks.setdefault(actor, {}), self._clocks.get(stream, {}))

    def host_follows(self, stream: int) -> bool:
        """Whether the host has waited for all that `stream` was given."""
        given = self._clocks.get(stream, {}).get(stream, 0)
        return self._clocks[HOST].get(stream, 0) >= given


def _merge(clock: dict[int, int], other: dict[int, int]) -> None:
    for actor, tick in other.items():
        clock[actor] = max(tick, clock.get(actor, 0))


@dataclass(frozen=True)
class _Use:
    stamp: Stamp
    what: str
    write: bool
    low: int
    high: int


class Uses:
    """Who used a thing, or a part of it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._uses: list[_Use] = []

    def add(
        self, stamp: Stamp, what: str, *, write: bool = True, low: int = 0, high: int = 1
    ) -> None:
        """Notes a use of [low, high); a rule is broken where one before it may not be over."""
        for old in self._uses:
            apart = high <= old.low or old.high <= low
            if not apart and (write or old.write) and not stamp.follows(old.stamp):
                raise AclError(
                    Code.RT_DRV_INTERNAL,
                    f"{what}: {self._name} may still be in use by {old.what}: nothing orders them "
                    "(an event, or a synchronisation)",
                )
        self._uses = [
            old
            for old in self._uses
            if not (
                low <= old.low
                and old.high <= high
                and (write or not old.write)
                and stamp.follows(old.stamp)
            )
        ]
        self._uses.append(_Use(stamp, what, write, low, high))

"""acl.rt's events, as the emulated release of CANN has and limits them."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np

from acl_emulator.errors import AclError, Code
from acl_emulator.machine import Machine
from acl_emulator.ordering import HOST, Uses
from acl_emulator.streams import Event, Maker, Record, Stream, Task
from acl_emulator.surface import action, value

SYNC, TIME_LINE = 1, 8
#: The releases from which these hold.
_SYNC_FLAG, _ASYNCHRONOUS_RESET, _EX, _NO_RESET_OF_PLAIN = (7, 0), (7, 0), (8, 0), (9, 0)
_LOOK_EVERY = 0.0005


class EventIds:
    """Those of one device. An event holds one for its last record, and for earlier ones until
    their streams have come to them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.made: Counter[int] = Counter()  # by events of create_event_with_flag
        self._records: list[tuple[Event, Record]] = []

    def _in_use(self) -> int:
        self._records = [
            (event, record)
            for event, record in self._records
            if event.record is record or not record.done.is_set()
        ]
        return len(self._records) + self.made.total()

    def make(self, handle: int) -> None:
        """For an event that holds one as long as it lives."""
        if self._in_use() >= self._limit:
            raise AclError(Code.RT_NO_EVENT_RESOURCE, "no event id is free", rule=False)
        self.made[handle] += 1

    def take(self, event: Event, record: Record, machine: Machine) -> None:
        """For a record; waits, as the real one does, until there is one."""
        while self._in_use() >= self._limit:
            machine.note_held_gil("rt.record_event")
            if all(taken.done.is_set() for _, taken in self._records):
                reason = f"record_event waits for ever: all {self._limit} event ids are taken"
                raise AclError(Code.RT_NO_EVENT_RESOURCE, reason)
            time.sleep(_LOOK_EVERY)
        self._records.append((event, record))


class Events:
    """Functions acl.rt.NAME."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        settings = machine.settings
        self._release = settings.release
        self._ids = [EventIds(settings.event_ids) for _ in range(settings.devices)]
        if self._release < _EX:
            self.create_event_ex_with_flag = None  # type: ignore[assignment,method-assign]

    def _add(self, maker: Maker, flags: int) -> int:
        self._machine.context()
        return self._machine.handles.add("event", Event(self._machine.current or 0, maker, flags))

    @value
    def create_event(self) -> int:
        return self._add("plain", SYNC | TIME_LINE)

    @value
    def create_event_with_flag(self, flags: int) -> int:
        if flags & SYNC and self._release < _SYNC_FLAG:
            raise AclError(Code.RT_PARAM_INVALID, f"no flag {flags:#x} in this CANN", rule=False)
        _check_flags(flags)
        handle = self._add("flagged", flags)
        if flags & SYNC:
            try:
                self._ids[self._machine.context().device].make(handle)
            except AclError:
                self._machine.handles.remove("event", handle)
                raise
        return handle

    @value
    def create_event_ex_with_flag(self, flags: int) -> int:
        _check_flags(flags)
        return self._add("ex", flags)

    def _is_captured(self, event: Event) -> bool:
        """Whether a wait means the record before it, whatever is recorded later."""
        return event.maker == "ex" or (
            event.maker == "plain" and self._release >= _NO_RESET_OF_PLAIN
        )

    @action
    def record_event(self, event: int, stream: int) -> None:
        machine = self._machine
        found, target = machine.event(event), machine.stream(stream)
        if found.waited and not self._is_captured(found):
            reason = f"event {event:#x} was waited for and not reset: a wait would pass at once"
            raise AclError(Code.INVALID_PARAM, reason)
        stamp = machine.ordering.step(stream)
        if self._is_captured(found):
            found.uses = Uses("event")
        found.uses.add(stamp, "record_event")
        record = Record(stamp)
        if found.maker == "plain" or (found.maker == "ex" and found.flags & SYNC):
            self._ids[machine.context().device].take(found, record, machine)
        found.record = record
        target.submit(Task(records=record))

    @action
    def stream_wait_event(self, stream: int, event: int) -> None:
        machine = self._machine
        found, target = machine.event(event), machine.stream(stream)
        if not found.flags & SYNC:
            raise AclError(Code.RT_PARAM_INVALID, f"event {event:#x} lacks ACL_EVENT_SYNC")
        if found.record is None:
            reason = f"event {event:#x} was not recorded: the stream would wait for ever"
            raise AclError(Code.INVALID_PARAM, reason)
        machine.ordering.join(stream, found.record.stamp)
        found.uses.add(machine.ordering.step(stream), "stream_wait_event", write=False)
        found.waited = True
        target.submit(Task(waits=found.record))

    @action
    def reset_event(self, event: int, stream: int) -> None:
        machine = self._machine
        found, target = machine.event(event), machine.stream(stream)
        self._check_reset(found, event)
        if found.record is None:
            raise AclError(Code.INVALID_PARAM, f"event {event:#x} was not recorded")
        found.uses.add(machine.ordering.step(stream), "reset_event")
        found.record, found.waited = None, False
        if self._release < _ASYNCHRONOUS_RESET:
            machine.note_held_gil("rt.reset_event")
            _wait_for_all(target)

    def _check_reset(self, found: Event, event: int) -> None:
        if found.maker == "ex":
            reason = f"event {event:#x} of create_event_ex_with_flag cannot be reset"
            raise AclError(Code.RT_FEATURE_NOT_SUPPORT, reason)
        if found.maker == "plain" and self._release >= _NO_RESET_OF_PLAIN:
            reason = f"event {event:#x} of create_event was reset, which is undefined behaviour"
            raise AclError(Code.RT_PARAM_INVALID, reason)
        if not found.flags & SYNC:
            raise AclError(Code.RT_PARAM_INVALID, f"event {event:#x} lacks ACL_EVENT_SYNC")

    @action
    def destroy_event(self, event: int) -> None:
        found = self._machine.event(event)
        found.uses.add(self._machine.host_step(), "destroy_event")
        self._machine.handles.remove("event", event)
        found.record = None
        for ids in self._ids:
            ids.made.pop(event, None)

    @value
    def event_elapsed_time(self, start: int, end: int) -> float:
        first, last = (self._recorded(handle) for handle in (start, end))
        if first.stamp.actor != last.stamp.actor:
            reason = f"events {start:#x} and {end:#x} were recorded in different streams"
            raise AclError(Code.RT_PARAM_INVALID, reason)
        return float(np.float32(1000 * (last.at - first.at)))

    def _recorded(self, handle: int) -> Record:
        event = self._machine.event(handle)
        if not event.flags & TIME_LINE:
            raise AclError(Code.RT_PARAM_INVALID, f"event {handle:#x} lacks ACL_EVENT_TIME_LINE")
        seen = self._machine.ordering.step(HOST)
        if event.record is None or not seen.follows(event.record.stamp):
            reason = f"event {handle:#x} is not recorded, or nobody waited for its stream"
            raise AclError(Code.INVALID_PARAM, reason)
        return event.record


def _check_flags(flags: int) -> None:
    if not flags or flags & ~(SYNC | TIME_LINE):
        raise AclError(Code.RT_PARAM_INVALID, f"flags {flags:#x} are not emulated")


def _wait_for_all(stream: Stream) -> None:
    if stream.last is not None:
        stream.last.done.wait()

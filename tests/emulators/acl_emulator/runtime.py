"""acl.rt without memory: devices, contexts, streams, events."""

from __future__ import annotations

import numpy as np

from acl_emulator.errors import AclError, Code
from acl_emulator.machine import Context, Machine
from acl_emulator.ordering import HOST
from acl_emulator.streams import Event, Record, Stream, Task
from acl_emulator.surface import action, value, values

_HOST_MODE = 1


class Runtime:
    """Functions acl.rt.NAME."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._default: dict[int, int] = {}
        if machine.settings.unverified.version:
            self.get_version = values(lambda: (1, 13, 0))

    @value
    def get_device_count(self) -> int:
        return self._machine.settings.devices

    @value
    def get_run_mode(self) -> int:
        return _HOST_MODE

    @action
    def set_device(self, device: int) -> None:
        machine = self._machine
        if machine.devices_set[machine.device(device)] == 0:
            context = Context(device, default=True)
            self._default[device] = machine.handles.add("context", context)
        machine.devices_set[device] += 1
        machine.current = self._default[device]

    @action
    def reset_device(self, device: int) -> None:
        machine = self._machine
        if machine.devices_set[machine.device(device)] == 0:
            raise AclError(Code.RT_INVALID_DEVICEID, f"device {device} is not set")
        machine.devices_set[device] -= 1
        if machine.devices_set[device]:
            return
        machine.handles.remove("context", self._default.pop(device))
        there = [
            f"context {handle:#x}"
            for _, handle, context in machine.handles.alive("context")
            if context.device == device
        ]
        there += [str(b) for b in machine.memory.alive() if b.device == device]
        machine.leaks += [f"reset_device({device}): {name}" for name in there]

    @value
    def create_context(self, device: int) -> int:
        handle = self._machine.handles.add("context", Context(self._machine.device(device)))
        self._machine.current = handle
        return handle

    @value
    def get_context(self) -> int:
        self._machine.context()
        return self._machine.current or 0

    @action
    def set_context(self, context: int) -> None:
        self._machine.handles.get("context", context, Code.RT_CONTEXT_NULL)
        self._machine.current = context

    @action
    def destroy_context(self, context: int) -> None:
        handles = self._machine.handles
        if handles.get("context", context, Code.RT_CONTEXT_NULL).default:
            reason = "the default context belongs to set_device and is not destroyed"
            raise AclError(Code.INVALID_PARAM, reason)
        inside = [
            f"{kind} {handle:#x}"
            for kind, handle, thing in handles.alive()
            if getattr(thing, "context", None) == context
        ]
        if inside:
            raise AclError(Code.INVALID_PARAM, f"the context still has {', '.join(inside)}")
        handles.remove("context", context)
        if self._machine.current == context:
            self._machine.current = None

    @value
    def create_stream(self) -> int:
        machine = self._machine
        machine.context()
        go_on = machine.settings.unverified.after_failure == "go on"
        return machine.handles.add("stream", Stream(machine.current or 0, go_on=go_on))

    @action
    def destroy_stream(self, stream: int) -> None:
        machine = self._machine
        found = machine.stream(stream)
        if not machine.ordering.host_follows(stream):
            raise AclError(Code.INVALID_PARAM, "the stream has tasks that nobody waited for")
        machine.handles.remove("stream", stream)
        found.stop()

    @action
    def synchronize_stream(self, stream: int) -> None:
        self._machine.synchronise(stream, self._machine.stream(stream))

    @value
    def create_event(self) -> int:
        self._machine.context()
        return self._machine.handles.add("event", Event(self._machine.current or 0))

    @action
    def record_event(self, event: int, stream: int) -> None:
        machine = self._machine
        found, target = machine.event(event), machine.stream(stream)
        if found.waited and self._flags:
            reason = f"event {event:#x} was waited for and not reset: a wait would pass at once"
            raise AclError(Code.INVALID_PARAM, reason)
        stamp = machine.ordering.step(stream)
        found.uses.add(stamp, "record_event")
        found.record = Record(stamp)
        target.submit(Task(records=found.record))

    @property
    def _flags(self) -> bool:
        """Whether an event is a flag, that stays up until it is reset."""
        return self._machine.settings.unverified.event_reset == "needed"

    @action
    def stream_wait_event(self, stream: int, event: int) -> None:
        machine = self._machine
        found, target = machine.event(event), machine.stream(stream)
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
        found = machine.event(event)
        machine.stream(stream)
        if not self._flags:
            reason = "reset_event is not needed and not supported"
            raise AclError(Code.RT_FEATURE_NOT_SUPPORT, reason, rule=False)
        if found.record is None:
            raise AclError(Code.INVALID_PARAM, f"event {event:#x} was not recorded")
        found.uses.add(machine.ordering.step(stream), "reset_event")
        found.record, found.waited = None, False

    @action
    def destroy_event(self, event: int) -> None:
        found = self._machine.event(event)
        found.uses.add(self._machine.host_step(), "destroy_event")
        self._machine.handles.remove("event", event)

    @value
    def event_elapsed_time(self, start: int, end: int) -> float:
        times = []
        for handle in (start, end):
            record = self._machine.event(handle).record
            seen = self._machine.ordering.step(HOST)
            if record is None or not seen.follows(record.stamp):
                reason = f"event {handle:#x} is not recorded, or nobody waited for its stream"
                raise AclError(Code.INVALID_PARAM, reason)
            times.append(record.at)
        return float(np.float32(1000 * (times[1] - times[0])))

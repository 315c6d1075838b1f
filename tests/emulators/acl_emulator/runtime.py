"""acl.rt without memory and events: devices, contexts, streams."""

from __future__ import annotations

from acl_emulator.errors import AclError, Code
from acl_emulator.machine import Context, Machine
from acl_emulator.streams import Stream
from acl_emulator.surface import action, value

_HOST_MODE = 1
_COUNTED = (8, 0)  # the release from which reset_device counts the calls of set_device


class Runtime:
    """Functions acl.rt.NAME."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._default: dict[int, int] = {}
        if machine.settings.release < _COUNTED:
            self.reset_device_force = None  # type: ignore[assignment,method-assign]

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
        if machine.settings.release < _COUNTED:
            # Whoever else has set it loses all that is there.
            for _, handle, context in machine.handles.alive("context"):
                if context.device == device and not context.default:
                    machine.handles.remove("context", handle)
            machine.devices_set[device] = 0
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

    @action
    def reset_device_force(self, device: int) -> None:
        self._machine.devices_set[device] = min(1, self._machine.devices_set[device])
        self.reset_device(device)

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

"""acl itself: init, finalize with its report of leaks, data buffers, the last error."""

from __future__ import annotations

import json
from pathlib import Path

from cann_error_text import inner_error

from acl_emulator.datasets import DataBuffer
from acl_emulator.errors import AclError, Code
from acl_emulator.machine import Machine
from acl_emulator.surface import action, getter, value, values


class Base:
    """Functions acl.NAME."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @action
    def init(self, config: str = "") -> None:
        machine = self._machine
        if machine.initialised:
            # Today's CANN counts, returns this all the same, and says that it may be ignored.
            raise AclError(Code.REPEAT_INITIALIZE, "acl.init was called before", rule=False)
        if machine.finalised:
            raise AclError(Code.REPEAT_INITIALIZE, "acl.init after acl.finalize")
        if config and not Path(config).is_file():
            raise AclError(Code.INVALID_FILE, f"no configuration {config}", rule=False)
        machine.initialised = True

    @action
    def finalize(self) -> None:
        machine = self._machine
        if not machine.initialised:
            code = Code.REPEAT_FINALIZE if machine.finalised else Code.UNINITIALIZE
            raise AclError(code, "acl.finalize without acl.init")
        machine.leaks += [f"finalize: {leak}" for leak in alive(machine)]
        for _, _, stream in machine.handles.alive("stream"):
            stream.stop()
        machine.initialised, machine.finalised = False, True
        write_report(machine)

    @getter
    def get_soc_name(self) -> str:
        return self._machine.settings.soc

    @values
    def get_version(self) -> tuple[int, int, int]:
        return 1, 13, 0

    @getter
    def get_recent_err_msg(self) -> str | None:
        """Words that are asked for are gone; None where there are none."""
        text, self._machine.last_error = self._machine.last_error, ""
        return inner_error(self._machine.settings.release, f"emulator: {text}") if text else None

    @getter
    def create_data_buffer(self, address: int, size: int) -> int:
        if address <= 0 or size <= 0:
            raise AclError(Code.INVALID_PARAM, f"{size} bytes at address {address}")
        return self._machine.handles.add("data buffer", DataBuffer(address, size))

    @getter
    def get_data_buffer_addr(self, buffer: int) -> int:
        found: DataBuffer = self._machine.handles.get("data buffer", buffer)
        return found.address

    @getter
    def get_data_buffer_size_v2(self, buffer: int) -> int:
        found: DataBuffer = self._machine.handles.get("data buffer", buffer)
        return found.size

    @action
    def update_data_buffer(self, buffer: int, address: int, size: int) -> None:
        found: DataBuffer = self._machine.handles.get("data buffer", buffer)
        found.uses.add(self._machine.host_step(), "update_data_buffer")
        found.address, found.size = address, size

    @action
    def destroy_data_buffer(self, buffer: int) -> None:
        found: DataBuffer = self._machine.handles.get("data buffer", buffer)
        found.uses.add(self._machine.host_step(), "destroy_data_buffer")
        self._machine.handles.remove("data buffer", buffer)


class Util:
    """Functions acl.util.NAME."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @value
    def start_thread(self, *_: object) -> int:
        raise AclError(Code.RT_FEATURE_NOT_SUPPORT, "callbacks are not emulated", rule=False)

    @getter
    def ptr_to_bytes(self, address: int, size: int) -> bytes:
        region = self._machine.memory.region(address, size, "ptr_to_bytes")
        if region.device is not None:
            raise AclError(Code.INVALID_PARAM, f"{region} is on a device")
        return region.bytes().tobytes()


def alive(machine: Machine) -> list[str]:
    """What was made and not given back, in words."""
    found = [
        f"{kind} {handle:#x}"
        for kind, handle, thing in machine.handles.alive()
        if not getattr(thing, "default", False)
    ]
    found += [str(block) for block in machine.memory.alive()]
    found += [f"device {device} is set" for device, count in machine.devices_set.items() if count]
    return found


def write_report(machine: Machine) -> None:
    """Leaks and broken rules as JSON, where the settings name a file for it."""
    if machine.settings.report:
        report = {
            "finalised": machine.finalised,
            "leaks": machine.leaks or ([] if machine.finalised else alive(machine)),
            "violations": machine.violations,
            "calls": len(machine.calls),
            "waits_for_logs_ms": machine.waits_for_logs,
        }
        Path(machine.settings.report).write_text(json.dumps(report, indent=1) + "\n")

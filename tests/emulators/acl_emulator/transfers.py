"""acl.rt's memory: malloc and free on both sides, and copies between them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from time import perf_counter

from acl_emulator.engines import Engine
from acl_emulator.errors import AclError, Code
from acl_emulator.machine import Machine
from acl_emulator.memory import ALIGNMENT, GARBAGE, Region
from acl_emulator.ordering import Stamp
from acl_emulator.surface import action, value

#: Of each aclrtMemcpyKind, whether destination and source are on a device.
_KINDS = {0: (False, False), 1: (True, False), 2: (False, True), 3: (True, True)}
_KIND_NAMES = ("HOST_TO_HOST", "HOST_TO_DEVICE", "DEVICE_TO_HOST", "DEVICE_TO_DEVICE")
_DEFAULT_KIND = 4
_POLICIES = range(6)


class Transfers:
    """Functions acl.rt.NAME."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @value
    def malloc(self, size: int, policy: int) -> int:
        if size <= 0 or policy not in _POLICIES:
            raise AclError(Code.RT_PARAM_INVALID, f"{size} bytes with policy {policy}")
        return self._machine.memory.malloc(self._machine.context().device, size).start

    @value
    def malloc_host(self, size: int) -> int:
        self._machine.context()
        if size <= 0:
            raise AclError(Code.RT_PARAM_INVALID, f"{size} bytes")
        return self._machine.memory.malloc_host(size).start

    @action
    def free(self, address: int) -> None:
        self._free(address, device=True)

    @action
    def free_host(self, address: int) -> None:
        self._free(address, device=False)

    def _free(self, address: int, *, device: bool) -> None:
        self._machine.context()
        block = self._machine.memory.block_at(address, device=device)
        block.uses.add(self._machine.host_step(), "free", high=len(block.data))
        self._machine.memory.free(block)

    @action
    def memcpy(self, to: int, room: int, source: int, count: int, kind: int) -> None:
        machine = self._machine
        with machine.lock:
            target, origin = self._regions(to, room, source, count, kind)
            self._use(machine.host_step(), "memcpy", target, origin)
        engine, seconds = self._timing(target, origin)

        def copy() -> None:
            target.bytes()[:] = origin.bytes()

        if engine is None:
            copy()
        else:
            machine.note_held_gil("rt.memcpy")
            engine.run(perf_counter(), seconds, copy)

    @action
    def memcpy_async(
        self, to: int, room: int, source: int, count: int, kind: int, stream: int
    ) -> None:
        machine = self._machine
        with machine.lock:
            found = machine.stream(stream)
            target, origin = self._regions(to, room, source, count, kind)
            for region in (target, origin):
                if region.address % ALIGNMENT:
                    reason = f"{region.address:#x} is not a multiple of {ALIGNMENT}"
                    raise AclError(Code.RT_PARAM_INVALID, reason)
            engine, seconds = self._timing(target, origin)
            if engine is None:
                reason = "no asynchronous copies from host to host"
                raise AclError(Code.RT_PARAM_INVALID, reason)
            self._use(machine.ordering.step(stream), "memcpy_async", target, origin)
            copy = self._copy(target, origin)
            task = machine.work("memcpy", found, engine, seconds, copy)
        if not all(region.pinned or region.device is not None for region in (target, origin)):
            machine.note_held_gil("rt.memcpy_async")
            task.done.wait()

    def _copy(self, target: Region, origin: Region) -> Callable[[], None]:
        checked = self._machine.settings.check_sources
        sent = zlib.crc32(origin.bytes()) if checked and origin.device is None else None
        if target.device is None:
            # Whoever reads too early shall not find the values of an earlier batch.
            target.bytes()[:] = GARBAGE

        def copy() -> None:
            if sent is not None and zlib.crc32(origin.bytes()) != sent:
                reason = f"{origin} was changed before it was copied"
                raise AclError(Code.RT_DRV_INTERNAL, reason)
            target.bytes()[:] = origin.bytes()

        return copy

    def _regions(
        self, to: int, room: int, source: int, count: int, kind: int
    ) -> tuple[Region, Region]:
        context = self._machine.context()
        if room < count:
            raise AclError(Code.RT_PARAM_INVALID, f"{count} bytes do not fit into {room}")
        target = self._machine.memory.region(to, count, "destination")
        origin = self._machine.memory.region(source, count, "source")
        sides = (target.device is not None, origin.device is not None)
        if kind != _DEFAULT_KIND and _KINDS.get(kind) != sides:
            name = _KIND_NAMES[kind] if kind in _KINDS else str(kind)
            raise AclError(Code.RT_PARAM_INVALID, f"{name} from {origin} to {target}")
        for region in (target, origin):
            if region.device not in (None, context.device):
                reason = f"{region} is not of the context's device {context.device}"
                raise AclError(Code.RT_PARAM_INVALID, reason)
        return target, origin

    def _use(self, stamp: Stamp, what: str, target: Region, origin: Region) -> None:
        if origin.block is not None:
            if origin.device is not None and not origin.block.has_values(origin.low, origin.high):
                raise AclError(Code.RT_PARAM_INVALID, f"{origin} has bytes that nobody wrote")
            origin.block.uses.add(stamp, what, write=False, low=origin.low, high=origin.high)
        if target.block is not None:
            target.block.uses.add(stamp, what, low=target.low, high=target.high)
            target.block.write(target.low, target.high)

    def _timing(self, target: Region, origin: Region) -> tuple[Engine | None, float]:
        engines, settings = self._machine.engines_here(), self._machine.settings
        if target.device is None and origin.device is None:
            return None, 0.0
        host = origin if origin.device is None else target
        seconds = settings.copy_seconds(target.size, pinned=host.pinned)
        return engines.to_host if target.device is None else engines.to_device, seconds

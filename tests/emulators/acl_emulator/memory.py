"""Blocks of memory: on the devices, at addresses that no host pointer has, and page-locked."""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np

from acl_emulator.errors import AclError, Code
from acl_emulator.ordering import Uses

ALIGNMENT = 64
#: No pointer of a process has more than 48 bits: to touch such an address is a crash.
DEVICE_BASE = 0x0ACE_0000_0000_0000
_DEVICE_SHIFT = 40
_PAGE = 2 << 20
#: What memory holds that nobody has written: as float32 or float16 no sensible score.
GARBAGE, FREED = 0xA5, 0xDD
_KEPT_FREED = 256 << 20


@dataclass
class Block:
    """`size` bytes at `start`. device: None for page-locked host memory."""

    start: int
    data: np.ndarray
    device: int | None
    freed: bool = False
    written: list[tuple[int, int]] = field(default_factory=list)
    uses: Uses = field(init=False)

    def __post_init__(self) -> None:
        self.uses = Uses(str(self))

    def __str__(self) -> str:
        where = "page-locked" if self.device is None else f"device {self.device}"
        return f"{where} memory {self.start:#x} of {len(self.data)} bytes"

    def write(self, low: int, high: int) -> None:
        """Notes that [low, high) has values now."""
        rest = [(a, b) for a, b in self.written if b < low or high < a]
        touching = [(a, b) for a, b in self.written if not (b < low or high < a)]
        rest.append((min([low, *(a for a, _ in touching)]), max([high, *(b for _, b in touching)])))
        self.written = rest

    def has_values(self, low: int, high: int) -> bool:
        return any(a <= low and high <= b for a, b in self.written)


class Memory:
    """All blocks, living and freed; an address is never used for another block."""

    def __init__(self, device_bytes: int) -> None:
        self._device_bytes = device_bytes
        self._next: dict[int, int] = {}
        self._starts: list[int] = []
        self._blocks: list[Block] = []
        self._freed_pinned: list[Block] = []

    def malloc(self, device: int, size: int) -> Block:
        """Garbage on a device."""
        used = sum(len(b.data) for b in self.alive() if b.device == device)
        if used + size > self._device_bytes:
            raise AclError(
                Code.RT_MEMORY_ALLOCATION,
                f"device {device} has {self._device_bytes - used} bytes left, not {size}",
                rule=False,
            )
        base = DEVICE_BASE + (device << _DEVICE_SHIFT)
        start = self._next.get(device, base)
        # A page between two blocks: what runs over the end of one hits no other.
        self._next[device] = start + -(-size // _PAGE) * _PAGE + _PAGE
        return self._add(Block(start, np.full(size, GARBAGE, np.uint8), device))

    def malloc_host(self, size: int) -> Block:
        """Garbage on the host, page-locked."""
        raw = np.empty(size + ALIGNMENT, np.uint8)
        offset = -raw.ctypes.data % ALIGNMENT
        data = raw[offset : offset + size]
        data[:] = GARBAGE
        return self._add(Block(data.ctypes.data, data, None))

    def _add(self, block: Block) -> Block:
        at = bisect_right(self._starts, block.start)
        self._starts.insert(at, block.start)
        self._blocks.insert(at, block)
        return block

    def free(self, block: Block) -> None:
        """Overwrites it, so that whoever still reads it sees that."""
        block.data[:] = FREED
        block.freed = True
        if block.device is not None:
            block.data = np.empty(0, np.uint8)
            return
        # The host may still have pointers to it. Kept for a while, so as not to crash.
        self._freed_pinned.append(block)
        while sum(len(b.data) for b in self._freed_pinned) > _KEPT_FREED:
            oldest = self._freed_pinned.pop(0)
            at = self._blocks.index(oldest)
            del self._blocks[at], self._starts[at]

    def alive(self) -> list[Block]:
        return [block for block in self._blocks if not block.freed]

    def block_at(self, start: int, *, device: bool) -> Block:
        """The living block that begins at `start`, for free and free_host."""
        block = self._find(start)
        kind = "device" if device else "page-locked"
        if block is None or block.start != start or (block.device is not None) != device:
            raise AclError(Code.INVALID_PARAM, f"{start:#x} is not the start of {kind} memory")
        if block.freed:
            raise AclError(Code.INVALID_PARAM, f"{kind} memory {start:#x} is freed twice")
        return block

    def _find(self, address: int) -> Block | None:
        at = bisect_right(self._starts, address) - 1
        if at < 0:
            return None
        block = self._blocks[at]
        return block if block.freed or address < block.start + max(1, len(block.data)) else None

    def region(self, address: int, size: int, what: str) -> Region:
        """The `size` bytes at `address`; a rule is broken where they are not in one block."""
        if not isinstance(address, int) or address <= 0 or size <= 0:
            raise AclError(Code.RT_PARAM_INVALID, f"{what}: {size} bytes at address {address!r}")
        block = self._find(address)
        if block is None or (block.freed and block.device is None and not _inside(block, address)):
            if address >= DEVICE_BASE:
                raise AclError(Code.RT_PARAM_INVALID, f"{what}: {address:#x} is no memory")
            return Region(None, address, size)
        if block.freed:
            raise AclError(Code.RT_PARAM_INVALID, f"{what}: {block.start:#x} was freed before")
        if address + size > block.start + len(block.data):
            raise AclError(
                Code.RT_PARAM_INVALID, f"{what}: {size} bytes run over the end of {block}"
            )
        return Region(block, address, size)


def _inside(block: Block, address: int) -> bool:
    return address < block.start + len(block.data)


@dataclass(frozen=True)
class Region:
    """Part of a block, or (without one) ordinary memory of the process, which is taken on trust."""

    block: Block | None
    address: int
    size: int

    @property
    def device(self) -> int | None:
        return self.block.device if self.block else None

    @property
    def pinned(self) -> bool:
        return self.block is not None and self.block.device is None

    @property
    def low(self) -> int:
        return self.address - self.block.start if self.block else 0

    @property
    def high(self) -> int:
        return self.low + self.size

    def bytes(self) -> np.ndarray:
        """The bytes themselves."""
        if self.block is not None:
            return self.block.data[self.low : self.high]
        return np.ctypeslib.as_array((ctypes.c_uint8 * self.size).from_address(self.address))

    def __str__(self) -> str:
        return str(self.block) if self.block else f"pageable memory {self.address:#x}"

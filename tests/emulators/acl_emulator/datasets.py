"""Data buffers, and datasets: lists of them, that a model takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from acl_emulator.ordering import Uses


@dataclass
class DataBuffer:
    """`size` bytes at `address`, which belong to the caller."""

    address: int
    size: int
    uses: Uses = field(default_factory=lambda: Uses("data buffer"))


@dataclass
class Dataset:
    """Handles of data buffers, in the order of a model's inputs or outputs.

    gear: the batch that was set for the next execution, which takes it.
    """

    buffers: list[int] = field(default_factory=list)
    gear: int | None = None
    uses: Uses = field(default_factory=lambda: Uses("dataset"))

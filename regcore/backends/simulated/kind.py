"""Simulated devices, as regcore registers them."""

from __future__ import annotations

from regcore.backends.kind import ModelKind, OpenOptions
from regcore.backends.protocol import Backend


def _open(model: str, options: OpenOptions) -> Backend:
    from regcore.backends.simulated.backend import SimulatedBackend

    del options
    return SimulatedBackend.parse(model)


KIND = ModelKind(
    spelling="simulated:RATE[:CLASSES]",
    open=_open,
    choices=frozenset(),
    prefixes=("simulated",),
)

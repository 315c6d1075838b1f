"""The .om files of Ascend devices, as regcore registers them."""

from __future__ import annotations

from pathlib import Path

from regcore.backends.kind import Description, ModelKind, OpenOptions
from regcore.backends.protocol import Backend
from regcore.backends.round_robin import open_on_devices


def _open(model: str, options: OpenOptions) -> Backend:
    from regcore.backends.ascend.backend import SLOTS, AscendBackend

    slots = options.copies or SLOTS
    return open_on_devices(
        options.devices,
        lambda device: AscendBackend(
            Path(model), device=device, output=options.output, slots=slots
        ),
    )


def _describe(model: Path) -> Description | None:
    from regcore.backends import ascend

    return ascend.read_description(model) if ascend.has_acl() else None


KIND = ModelKind(
    spelling="FILE.om",
    open=_open,
    choices=frozenset({"output", "devices", "copies"}),
    suffixes=(".om",),
    describe=_describe,
    driver="an Ascend and its pyACL",
)

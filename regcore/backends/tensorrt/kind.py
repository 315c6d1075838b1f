"""The engines of TensorRT, as regcore registers them."""

from __future__ import annotations

from pathlib import Path

from regcore.backends.kind import Description, ModelKind, OpenOptions
from regcore.backends.protocol import Backend
from regcore.backends.round_robin import open_on_devices


def _open(model: str, options: OpenOptions) -> Backend:
    from regcore.backends.tensorrt import TensorRTBackend

    return open_on_devices(
        options.devices,
        lambda device: TensorRTBackend(Path(model), device=device, output=options.output),
    )


def _describe(model: Path) -> Description | None:
    from regcore.backends import tensorrt

    return tensorrt.read_description(model) if tensorrt.has_tensorrt() else None


KIND = ModelKind(
    spelling="FILE.engine",
    open=_open,
    choices=frozenset({"output", "devices"}),
    suffixes=(".engine", ".plan"),
    describe=_describe,
    driver="a GPU and TensorRT",
    batches_are_a_range=True,
)

"""PyTorch: its CPU, and the GPU or NPU that it should find."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from importlib.util import find_spec

from regcore.backends.pytorch.devices import find_device
from regcore.errors import BackendError
from regcore.frameworks import import_torch
from regcore.trust.doctor.findings import DeviceFound
from regcore.trust.doctor.machine.accelerators import has_nvidia
from regcore.trust.doctor.runtimes.protocol import Runtime, tried

_SUM = 6.0


def _devices(asked: Collection[str]) -> Sequence[DeviceFound]:
    torch = import_torch()
    wanted = ["cpu"]
    if has_nvidia() or torch.version.cuda is not None or "cuda" in asked:
        wanted.append("cuda")
    if find_spec("torch_npu") is not None or "npu" in asked:
        wanted.append("npu")
    return [tried(name, partial(_add, name)) for name in wanted]


def _add(name: str) -> str:
    """A sum on the device: a GPU that is too old or too new for this torch is listed, too."""
    torch = import_torch()
    device = find_device(torch, name)
    found = float(torch.tensor([1.0, 2.0, 3.0], device=device).sum())
    if found != _SUM:
        raise BackendError(f"{name}: 1 + 2 + 3 is {found:g}")
    return name if name == "cpu" else str(getattr(torch, name).get_device_name(device))


RUNTIME = Runtime("pytorch", ("torch",), _devices)

"""Ascend: Huawei's pyACL, and the chips that its driver finds."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from regcore.backends.ascend.pyacl import Acl, import_acl, interface_version
from regcore.errors import BackendError
from regcore.trust.doctor.findings import DeviceFound
from regcore.trust.doctor.runtimes.protocol import Runtime, tried


def _devices(_: Collection[str]) -> Sequence[DeviceFound]:
    return [tried("npu", _npu)]


def _npu() -> str:
    module = import_acl()
    acl = Acl(module, "the NPU")
    acl.do("init")
    try:
        count = int(acl.value("rt.get_device_count"))
        if not count:
            raise BackendError("no NPU is found (npu-smi info shows its driver)")
        name = str(acl.get("get_soc_name") or "NPU")
        return f"{count} x {name}, AscendCL {interface_version(module)}"
    finally:
        acl.do("finalize")


RUNTIME = Runtime("ascend", (), _devices, module="acl")

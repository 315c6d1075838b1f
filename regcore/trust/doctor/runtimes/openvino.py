"""OpenVINO: every device that it finds, tried with a model."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from regcore.backends.openvino.model_file import import_openvino
from regcore.trust.doctor.findings import DeviceFound
from regcore.trust.doctor.runtimes.protocol import Runtime
from regcore.trust.doctor.runtimes.trial import try_model


def _devices(asked: Collection[str]) -> Sequence[DeviceFound]:
    found = [str(name).lower() for name in import_openvino().Core().available_devices]
    wanted = [*found, *(name for name in ("gpu", "npu") if name in asked and name not in found)]
    return [try_model(name, "openvino:", name.replace(".", ":")) for name in wanted]


RUNTIME = Runtime("openvino", ("openvino",), _devices)

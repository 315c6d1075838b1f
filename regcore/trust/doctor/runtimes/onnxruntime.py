"""ONNX Runtime: every provider that it has or that a plugin brings, tried with a model."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from regcore.backends.onnxruntime.library import import_onnxruntime
from regcore.backends.onnxruntime.plugins import plugin_names
from regcore.trust.doctor.findings import DeviceFound
from regcore.trust.doctor.machine.accelerators import has_nvidia
from regcore.trust.doctor.runtimes.protocol import Runtime
from regcore.trust.doctor.runtimes.trial import try_model

_SUFFIX = "ExecutionProvider"
#: It runs models on other machines, which nobody asks for here.
_LEFT_OUT = {"azure"}
#: What is called cuda has this one beside it, which wants TensorRT's own libraries.
_ON_DEMAND = {"tensorrt"}


def _devices(asked: Collection[str]) -> Sequence[DeviceFound]:
    runtime = import_onnxruntime()
    available = [
        str(name).removesuffix(_SUFFIX).lower() for name in runtime.get_available_providers()
    ]
    wanted = {"cpu", *available, *plugin_names(), *(set(asked) & {"cuda", "cann", "tensorrt"})}
    if has_nvidia():
        wanted.add("cuda")
    wanted -= _LEFT_OUT | (_ON_DEMAND - set(asked))
    return [try_model(name, "", name) for name in sorted(wanted)]


RUNTIME = Runtime(
    "onnxruntime",
    ("onnxruntime", "onnxruntime-gpu", "onnxruntime-cann", "onnxruntime-openvino"),
    _devices,
)

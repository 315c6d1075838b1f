"""The runtimes of models: one file each, with a RUNTIME, which tries what it can run on here."""

from __future__ import annotations

#: The modules by the runtime's name.
RUNTIMES = {
    name: f"{__name__}.{name}"
    for name in ("onnxruntime", "openvino", "pytorch", "tensorrt", "ascend")
}

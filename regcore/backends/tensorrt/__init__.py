"""TensorRT engines on NVIDIA GPUs; only here are `tensorrt` and `cuda.bindings` used to run."""

from __future__ import annotations

from regcore.backends.tensorrt.backend import TensorRTBackend
from regcore.backends.tensorrt.engine_io import EngineIO
from regcore.backends.tensorrt.session import has_tensorrt, read_description

__all__ = ["EngineIO", "TensorRTBackend", "has_tensorrt", "read_description"]

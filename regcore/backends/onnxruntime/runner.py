"""How a batch is run in a session of ONNX Runtime, on the CPU or on a device."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from threading import Lock
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.onnxruntime.device_memory import DeviceMemory
from regcore.backends.protocol import Span
from regcore.errors import BackendError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, IOBinding, OrtValue

#: Runs a batch; its scores, and what the device did. Those of a device may be called at once.
Run = Callable[[NDArray[Any]], tuple[NDArray[Any], list[Span]]]

_BFLOAT16 = "tensor(bfloat16)"
_ONNX_BFLOAT16 = 16  # TensorProto.BFLOAT16


def runner(
    runtime: ModuleType,
    session: InferenceSession,
    image_name: str,
    score_name: str,
    memory: DeviceMemory | None,
) -> Run:
    """What runs a batch of `session`: on a device with its input and output bound there.

    memory: the device's, None where it computes in that of the host. Scores of bfloat16, which
    NumPy does not know, become float32, which holds them as they are; images of it come as their
    bits, uint16.
    """
    (kind,) = (arg.type for arg in session.get_outputs() if arg.name == score_name)
    (taken,) = (arg.type for arg in session.get_inputs() if arg.name == image_name)
    to_numpy = _from_bfloat16 if kind == _BFLOAT16 else _as_numpy
    if memory is not None:
        if taken == _BFLOAT16:
            return _refuse_bfloat16
        # Only the runtime itself can copy bfloat16 to the host.
        place = ("cpu", 0) if kind == _BFLOAT16 else memory.score_place

        def bind(images: NDArray[Any]) -> IOBinding:
            binding = session.io_binding()
            memory.bind(runtime, binding, image_name, images)
            binding.bind_output(score_name, *place)
            return binding

        return _on_device(session, memory.number, bind, to_numpy)

    def run(images: NDArray[Any]) -> tuple[NDArray[Any], list[Span]]:
        start = perf_counter()
        if _BFLOAT16 in (kind, taken):
            value_type = runtime.OrtValue
            value = (
                value_type.ortvalue_from_numpy_with_onnx_type(images, _ONNX_BFLOAT16)
                if taken == _BFLOAT16
                else value_type.ortvalue_from_numpy(images)
            )
            (found,) = session.run_with_ort_values([score_name], {image_name: value})
            scores = to_numpy(found)
        else:
            (scores,) = session.run([score_name], {image_name: images})
        return scores, [Span("compute", 0, start, perf_counter())]

    return run


def _on_device(
    session: InferenceSession,
    number: int,
    bind: Callable[[NDArray[Any]], IOBinding],
    to_numpy: Callable[[OrtValue], NDArray[Any]],
) -> Run:
    computing = Lock()  # held by the batch that the device computes while others are copied

    def run_bound(images: NDArray[Any]) -> tuple[NDArray[Any], list[Span]]:
        start = perf_counter()
        binding = bind(images)
        loaded = perf_counter()
        with computing:
            begun = perf_counter()
            session.run_with_iobinding(binding)
            computed = perf_counter()
        scores = to_numpy(binding.get_outputs()[0])
        end = perf_counter()
        h2d = Span("h2d", number, start, loaded)
        compute = Span("compute", number, begun, computed)
        return scores, [h2d, compute, Span("d2h", number, computed, end)]

    return run_bound


def _refuse_bfloat16(images: NDArray[Any]) -> tuple[NDArray[Any], list[Span]]:
    del images
    raise BackendError("images of bfloat16 cannot be loaded onto a device from NumPy")


def _as_numpy(value: OrtValue) -> NDArray[Any]:
    scores: NDArray[Any] = value.numpy()
    return scores


def _from_bfloat16(value: OrtValue) -> NDArray[Any]:
    shape = tuple(value.shape())
    memory = (ctypes.c_uint16 * math.prod(shape)).from_address(value.data_ptr())
    bits = np.frombuffer(memory, np.uint16).astype(np.uint32) << 16
    return bits.view(np.float32).reshape(shape)

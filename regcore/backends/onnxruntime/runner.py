"""How a batch is run in a session of ONNX Runtime, on the CPU or on a device."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from threading import Lock
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from regcore.backends.onnxruntime.providers import memory_of
from regcore.backends.protocol import Span
from regcore.errors import BackendError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, OrtValue

#: Runs a batch; its scores, and what the device did. Those of a device may be called at once.
Run = Callable[[NDArray[Any]], tuple[NDArray[Any], list[Span]]]

_BFLOAT16 = "tensor(bfloat16)"
_ONNX_BFLOAT16 = 16  # TensorProto.BFLOAT16


def runner(runtime: ModuleType, session: InferenceSession, image_name: str, score_name: str) -> Run:
    """What runs a batch of `session`: on a device with its input and output bound there.

    Scores of bfloat16, which NumPy does not know, become float32, which holds them as they are;
    images of it come as their bits, uint16.
    """
    provider = session.get_providers()[0]
    memory = memory_of(provider)
    (kind,) = (arg.type for arg in session.get_outputs() if arg.name == score_name)
    to_numpy = _from_bfloat16 if kind == _BFLOAT16 else _as_numpy
    (taken,) = (arg.type for arg in session.get_inputs() if arg.name == image_name)
    value_type = runtime.OrtValue

    def ort_value(images: NDArray[Any], *place: Any) -> OrtValue:  # noqa: ANN401
        if taken != _BFLOAT16:
            return cast("OrtValue", value_type.ortvalue_from_numpy(images, *place))
        if place:
            raise BackendError(f"images of bfloat16 cannot be loaded onto {place[0]} from NumPy")
        return cast(
            "OrtValue", value_type.ortvalue_from_numpy_with_onnx_type(images, _ONNX_BFLOAT16)
        )

    if memory is None:

        def run(images: NDArray[Any]) -> tuple[NDArray[Any], list[Span]]:
            start = perf_counter()
            if _BFLOAT16 in (kind, taken):
                value = ort_value(images)
                (found,) = session.run_with_ort_values([score_name], {image_name: value})
                scores = to_numpy(found)
            else:
                (scores,) = session.run([score_name], {image_name: images})
            return scores, [Span("compute", 0, start, perf_counter())]

        return run
    options = session.get_provider_options().get(provider, {})
    number = int(options.get("device_id", 0))
    # Only the runtime itself can copy bfloat16 to the host.
    score_place = ("cpu", 0) if kind == _BFLOAT16 else (memory, number)
    computing = Lock()  # held by the batch that the device computes while others are copied

    def run_bound(images: NDArray[Any]) -> tuple[NDArray[Any], list[Span]]:
        start = perf_counter()
        binding = session.io_binding()
        binding.bind_ortvalue_input(image_name, ort_value(images, memory, number))
        binding.bind_output(score_name, *score_place)
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


def _as_numpy(value: OrtValue) -> NDArray[Any]:
    scores: NDArray[Any] = value.numpy()
    return scores


def _from_bfloat16(value: OrtValue) -> NDArray[Any]:
    shape = tuple(value.shape())
    memory = (ctypes.c_uint16 * math.prod(shape)).from_address(value.data_ptr())
    bits = np.frombuffer(memory, np.uint16).astype(np.uint32) << 16
    return bits.view(np.float32).reshape(shape)

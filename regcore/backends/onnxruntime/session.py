"""A session of ONNX Runtime on one of its providers, and how a batch is run there."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Span
from regcore.errors import BackendError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, OrtValue

#: Runs a batch; its scores, and what the device did.
Run = Callable[[NDArray[Any]], tuple[NDArray[Any], list[Span]]]

_CPU = "CPUExecutionProvider"
_PROVIDERS = {
    "cpu": _CPU,
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "cann": "CANNExecutionProvider",
}
# What of a model TensorRT does not take, CUDA does.
_BESIDE = {"TensorrtExecutionProvider": "CUDAExecutionProvider"}
#: Where the tensors of a provider are, in the runtime's words.
_MEMORY = {
    "CUDAExecutionProvider": "cuda",
    "TensorrtExecutionProvider": "cuda",
    "CANNExecutionProvider": "cann",
}
# What it logs as an error it raises as well; providers that do not load say so elsewhere.
_FATAL_ONLY = 4
_BFLOAT16 = "tensor(bfloat16)"
_ONNX_BFLOAT16 = 16  # TensorProto.BFLOAT16
_LONGEST_REASON = 500


def open_session(
    runtime: ModuleType,
    path: Path,
    provider: str | None,
    threads: int | None,
    *,
    allow_fallback: bool,
) -> InferenceSession:
    """Opens a model on `provider`, as in `cuda`, `cuda:1` or the runtime's own name.

    Raises BackendError where the provider is not there, and, unless allow_fallback, where all or
    part of the model would run on the CPU instead.
    """
    name, _, number = (provider or "cpu").partition(":")
    wanted = _PROVIDERS.get(name.lower(), name)
    available = runtime.get_available_providers()
    if wanted not in available:
        raise BackendError(
            f"ONNX Runtime {runtime.__version__} has no provider {name} here, only "
            f"{', '.join(available)}; install the onnxruntime package that brings it"
        )
    if number and (not number.isdigit() or wanted == _CPU):
        raise BackendError(f"{provider}: expected a provider such as cuda or cuda:1")
    options = runtime.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    if threads is not None:
        options.intra_op_num_threads = threads
    if wanted != _CPU and not allow_fallback:
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    names = [wanted, *(beside for beside in (_BESIDE.get(wanted),) if beside in available)]
    device = {"device_id": number} if number else {}
    try:
        # With its own fallback the runtime would go on elsewhere and say so on stdout only.
        session = runtime.InferenceSession(
            path, options, providers=[(one, device) for one in names], enable_fallback=0
        )
    except Exception as error:  # its exceptions share no other base
        reason = one_line(error)
        if "fallback to CPU" in reason:
            reason += f"; see that the libraries of {wanted} load, or --allow-fallback permits it"
        raise BackendError(f"{path}: {reason}") from error
    running = session.get_providers()
    if running[0] != wanted and not allow_fallback:
        raise BackendError(
            f"{path}: asked for {wanted}, but ONNX Runtime fell back to {running[0]}; "
            "see that its driver and libraries are installed, or --allow-fallback"
        )
    return cast("InferenceSession", session)


def runner(runtime: ModuleType, session: InferenceSession, image_name: str, score_name: str) -> Run:
    """What runs a batch of `session`: on a device with its input and output bound there.

    Scores of bfloat16, which NumPy does not know, become float32, which holds them as they are;
    images of it come as their bits, uint16.
    """
    provider = session.get_providers()[0]
    memory = _MEMORY.get(provider)
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
    binding = session.io_binding()
    # Only the runtime itself can copy bfloat16 to the host.
    score_place = ("cpu", 0) if kind == _BFLOAT16 else (memory, number)

    def run_bound(images: NDArray[Any]) -> tuple[NDArray[Any], list[Span]]:
        start = perf_counter()
        on_device = ort_value(images, memory, number)
        binding.bind_ortvalue_input(image_name, on_device)
        # Bound anew, as its size is the batch's.
        binding.bind_output(score_name, *score_place)
        loaded = perf_counter()
        session.run_with_iobinding(binding)
        computed = perf_counter()
        scores = to_numpy(binding.get_outputs()[0])
        times = (start, loaded, computed, perf_counter())
        h2d = Span("h2d", number, times[0], times[1])
        compute = Span("compute", number, times[1], times[2])
        return scores, [h2d, compute, Span("d2h", number, times[2], times[3])]

    return run_bound


def _as_numpy(value: OrtValue) -> NDArray[Any]:
    scores: NDArray[Any] = value.numpy()
    return scores


def _from_bfloat16(value: OrtValue) -> NDArray[Any]:
    shape = tuple(value.shape())
    memory = (ctypes.c_uint16 * math.prod(shape)).from_address(value.data_ptr())
    bits = np.frombuffer(memory, np.uint16).astype(np.uint32) << 16
    return bits.view(np.float32).reshape(shape)


def one_line(error: Exception) -> str:
    """What ONNX Runtime says of a failure; which input it was stands in a further line of it."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}..."

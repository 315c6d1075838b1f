"""ONNX models on ONNX Runtime: the CPU by default, any of its providers by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from regcore.backends.backend import Backend, Result, Span, TensorSpec
from regcore.backends.tensors import image_input, score_output
from regcore.errors import BackendError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, NodeArg

_PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "cann": "CANNExecutionProvider",
}
_DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
}
_ERRORS_ONLY = 3


class OnnxRuntimeBackend(Backend):
    """One ONNX model in one session."""

    name = "onnxruntime"

    def __init__(
        self,
        path: Path,
        *,
        provider: str | None = None,
        threads: int | None = None,
        output: str | None = None,
    ) -> None:
        """Opens `path`; see `open_backend`."""
        onnxruntime = import_onnxruntime()
        if not path.is_file():
            raise BackendError(f"{path}: no such model file")
        self.version: str = onnxruntime.__version__
        self._path = path
        session = _open_session(onnxruntime, path, provider, threads)
        self._session: InferenceSession | None = session
        self.provider: str = session.get_providers()[0]
        self.metadata: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
        inputs = [_spec(arg) for arg in session.get_inputs()]
        outputs = [_spec(arg) for arg in session.get_outputs()]
        self.inputs: tuple[TensorSpec, ...] = (image_input(path, inputs),)
        self.outputs: tuple[TensorSpec, ...] = (score_output(path, outputs, output),)

    def submit(self, batch: NDArray[Any]) -> None:
        """Keeps a batch [n, ...] in the dtype of the model's input for `result`, which runs it."""
        self._batch = batch

    def result(self) -> Result:
        """Runs the batch.

        A model with a built-in batch size runs as often as needed; the last batch is filled up
        with zeros whose scores are dropped.
        """
        start = perf_counter()
        scores = self._run_parts(self._batch)
        return Result(scores, (Span("compute", 0, start, perf_counter()),))

    def _run_parts(self, batch: NDArray[Any]) -> NDArray[Any]:
        shape = self.inputs[0].shape
        size = shape[0] if shape else None
        if size is None:
            return self._run_once(batch)
        parts = [self._run_static(batch[at : at + size], size) for at in range(0, len(batch), size)]
        return np.concatenate(parts)

    def _run_static(self, images: NDArray[Any], size: int) -> NDArray[Any]:
        if len(images) == size:
            return self._run_once(images)
        full = np.zeros((size, *images.shape[1:]), dtype=images.dtype)
        full[: len(images)] = images
        return self._run_once(full)[: len(images)]

    def _run_once(self, images: NDArray[Any]) -> NDArray[Any]:
        if self._session is None:
            raise BackendError(f"{self._path}: the model was closed")
        try:
            found = self._session.run([self.outputs[0].name], {self.inputs[0].name: images})
        except Exception as error:  # its exceptions share no other base
            raise BackendError(f"{self._path}: {_first_line(error)}") from error
        scores = cast("NDArray[Any]", found[0])
        if scores.ndim != 2 or len(scores) != len(images):  # noqa: PLR2004
            raise BackendError(
                f"{self._path}: output {self.outputs[0].name} has the shape {scores.shape} "
                f"for {len(images)} images, expected [images, classes]"
            )
        return scores

    def close(self) -> None:
        """Frees the session; the backend cannot run any more."""
        self._session = None


def import_onnxruntime() -> ModuleType:
    """The onnxruntime module. Raises BackendError where it is not installed."""
    try:
        import onnxruntime
    except ImportError as error:
        raise BackendError(
            f"ONNX Runtime is not installed ({error}); install it with: pip install 'regcore[onnx]'"
        ) from error
    return cast("ModuleType", onnxruntime)


def _open_session(
    runtime: ModuleType, path: Path, provider: str | None, threads: int | None
) -> InferenceSession:
    wanted = _PROVIDERS.get((provider or "cpu").lower(), provider)
    available = runtime.get_available_providers()
    if wanted not in available:
        raise BackendError(
            f"ONNX Runtime {runtime.__version__} has no provider {provider} here, only "
            f"{', '.join(available)}; install the onnxruntime package that brings it"
        )
    options = runtime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        # With its own fallback the runtime would go on elsewhere and say so on stdout only.
        session = runtime.InferenceSession(path, options, providers=[wanted], enable_fallback=0)
    except Exception as error:  # its exceptions share no other base
        raise BackendError(f"{path}: {_first_line(error)}") from error
    running = session.get_providers()
    if running[0] != wanted:
        raise BackendError(
            f"{path}: asked for {wanted}, but ONNX Runtime fell back to {running[0]}; "
            "see that its driver and libraries are installed"
        )
    return session


def _spec(arg: NodeArg) -> TensorSpec:
    shape = tuple(dim if isinstance(dim, int) else None for dim in arg.shape)
    return TensorSpec(arg.name, shape, _DTYPES.get(arg.type, arg.type))


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]

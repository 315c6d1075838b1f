"""ONNX models on ONNX Runtime: the CPU by default, any of its providers by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from regcore.backends.onnxruntime.session import Run, one_line, open_session, runner
from regcore.backends.protocol import Backend, Result, Span
from regcore.errors import BackendError
from regcore.models.onnx_operators import doubts
from regcore.models.tensors import (
    SCORE_DTYPES,
    TensorSpec,
    as_scores,
    image_input,
    is_scores,
    score_output,
    scores_spec,
)

if TYPE_CHECKING:
    from onnxruntime import NodeArg

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(bfloat16)": "bfloat16",
} | {f"tensor({name})": name for name in SCORE_DTYPES if "int" in name}
_SCORES = (*SCORE_DTYPES, "bfloat16")


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
        allow_fallback: bool = False,
    ) -> None:
        """Opens `path`; see `open_backend`."""
        onnxruntime = import_onnxruntime()
        self.doubts: tuple[str, ...] = doubts(path)
        self.version: str = onnxruntime.__version__
        self._path = path
        session = open_session(onnxruntime, path, provider, threads, allow_fallback=allow_fallback)
        self.provider: str = session.get_providers()[0]
        try:
            self.metadata: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
            inputs = [_spec(arg) for arg in session.get_inputs()]
            outputs = [_spec(arg) for arg in session.get_outputs()]
        except UnicodeDecodeError as error:
            raise BackendError(
                f"{path}: a name or its metadata are not UTF-8 text ({error.reason})"
            ) from error
        self.inputs: tuple[TensorSpec, ...] = (image_input(path, inputs),)
        scores = score_output(path, outputs, output, dtypes=_SCORES, open_shapes=True)
        self.outputs: tuple[TensorSpec, ...] = (scores_spec(scores),)
        names = (self.inputs[0].name, self.outputs[0].name)
        self._run: Run | None = runner(onnxruntime, session, *names)

    def submit(self, batch: NDArray[Any]) -> None:
        """Keeps a batch [n, ...] in the dtype of the model's input for `result`, which runs it."""
        self._batch = batch

    def result(self) -> Result:
        """Runs the batch.

        A model with a built-in batch size runs as often as needed; the last batch is filled up
        with zeros whose scores are dropped.
        """
        shape = self.inputs[0].shape
        size = (shape[0] if shape else None) or len(self._batch)
        spans: list[Span] = []
        starts = range(0, len(self._batch), size)
        parts = [self._run_part(self._batch[at : at + size], size, spans) for at in starts]
        return Result(parts[0] if len(parts) == 1 else np.concatenate(parts), tuple(spans))

    def _run_part(self, images: NDArray[Any], size: int, spans: list[Span]) -> NDArray[Any]:
        if len(images) == size:
            return self._run_once(images, spans)
        full = np.zeros((size, *images.shape[1:]), dtype=images.dtype)
        full[: len(images)] = images
        return self._run_once(full, spans)[: len(images)]

    def _run_once(self, images: NDArray[Any], spans: list[Span]) -> NDArray[Any]:
        if self._run is None:
            raise BackendError(f"{self._path}: the model was closed")
        try:
            values, times = self._run(images)
        except Exception as error:  # its exceptions share no other base
            raise BackendError(f"{self._path}: {one_line(error)}") from error
        if not is_scores(values) or len(values) != len(images):
            raise BackendError(
                f"{self._path}: output {self.outputs[0].name} has the shape {values.shape} "
                f"for {len(images)} images, expected [images, classes]"
            )
        scores = as_scores(values)
        spans += times
        return scores

    def close(self) -> None:
        """Frees the session; the backend cannot run any more."""
        self._run = None


def import_onnxruntime() -> ModuleType:
    """The onnxruntime module. Raises BackendError where it is not installed."""
    try:
        import onnxruntime
    except ImportError as error:
        raise BackendError(
            f"ONNX Runtime is not installed ({error}); install it with: pip install 'regcore[onnx]'"
        ) from error
    return cast("ModuleType", onnxruntime)


def _spec(arg: NodeArg) -> TensorSpec:
    shape = tuple(dim if isinstance(dim, int) and dim >= 0 else None for dim in arg.shape)
    return TensorSpec(arg.name, shape, _DTYPES.get(arg.type, arg.type))

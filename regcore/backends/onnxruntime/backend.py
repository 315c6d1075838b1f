"""ONNX models on ONNX Runtime: the CPU by default, any of its providers by name."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.onnxruntime.batch_axis import BatchAxis, batch_axis
from regcore.backends.onnxruntime.device_memory import memory_for
from regcore.backends.onnxruntime.device_threads import DeviceThreads
from regcore.backends.onnxruntime.host_arrays import page_locked_memory
from regcore.backends.onnxruntime.library import import_onnxruntime
from regcore.backends.onnxruntime.messages import one_line
from regcore.backends.onnxruntime.node_placement import can_tell, computes_sizes, in_words
from regcore.backends.onnxruntime.providers import CPU, find_provider, settle_precision
from regcore.backends.onnxruntime.runner import Run, runner
from regcore.backends.onnxruntime.session import SessionFactory
from regcore.backends.onnxruntime.steady_batches import PaddedBatches, ProvenBatches
from regcore.backends.page_locked import ResourceStack
from regcore.backends.protocol import Backend, Result, Span
from regcore.counted import counted
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
    from onnxruntime import InferenceSession, NodeArg

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(bfloat16)": "bfloat16",
} | {f"tensor({name})": name for name in SCORE_DTYPES if "int" in name}
_SCORES = (*SCORE_DTYPES, "bfloat16")
_BATCHES_IN_WORK = 2

#: What runs the next batch, by the number of its images.
_RunFor = Callable[[int], Run]
_Work = Callable[[], tuple[NDArray[Any], list[Span]]]


class OnnxRuntimeBackend(Backend):
    """One ONNX model in one session at a time."""

    name = "onnxruntime"

    def __init__(
        self,
        path: Path,
        *,
        provider: str | None = None,
        threads: int | None = None,
        output: str | None = None,
        allow_fallback: bool = False,
        precision: str | None = None,
    ) -> None:
        """Opens `path`; see `open_backend`."""
        onnxruntime = import_onnxruntime()
        self.doubts: tuple[str, ...] = doubts(path)
        self.version: str = onnxruntime.__version__
        self._path = path
        wanted = find_provider(onnxruntime, provider)
        self.precision = settle_precision(wanted, precision)
        self._sessions = SessionFactory(
            onnxruntime, path, wanted, threads, allow_fallback, self.precision
        )
        session = self._sessions.open()
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
        # The scores of a doubtful model depend on the images beside it, copies included.
        axis = None if self.doubts else batch_axis(session, path)
        if axis is None:
            session = self._sessions.only_on_device(session)
            self._tell_of_cpu(session)
        self.provider: str = session.get_providers()[0]
        self._memory = memory_for(onnxruntime, session, wanted)
        self._run_for: _RunFor | None = self._batches(session, axis)
        self.depth = 1
        self._page_locked: ResourceStack | None = None
        if self._memory is not None and wanted.uses_cuda:
            self.depth = _BATCHES_IN_WORK
            number = self._memory.number
            self._page_locked = page_locked_memory(f"{path} on GPU {number}", number)
        self._threads = DeviceThreads(self.depth) if self.depth > 1 else None
        self._in_work: deque[list[_Work]] = deque()

    def _tell_of_cpu(self, session: InferenceSession) -> None:
        left = self._sessions.left_to_cpu(session)
        if left:
            words = f"{in_words(left)} run on the CPU beside {session.get_providers()[0]}"
            self.doubts = (*self.doubts, f"{self._path}: {words}, which costs time")

    def _batches(self, session: InferenceSession, axis: BatchAxis | None) -> _RunFor:
        runtime = self._sessions.runtime

        def run_in(session: InferenceSession) -> Run:
            names = (self.inputs[0].name, self.outputs[0].name)
            return runner(runtime, session, *names, self._memory)

        free = run_in(session)
        if axis is None:
            return lambda _: free

        def open_run(size: int | None) -> Run | None:
            if size is None:
                return run_in(self._sessions.open())
            fixed = self._sessions.open_fixed(axis, size)
            return None if fixed is None else run_in(fixed)

        if self._memory is not None or self._sessions.left_to_cpu(session):
            return PaddedBatches(open_run, free).run_for
        if self.provider == CPU and can_tell(runtime) and computes_sizes(session):
            return ProvenBatches(open_run, free).run_for
        return lambda _: free  # nothing would be gained

    def host_buffers(
        self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> list[NDArray[Any]] | None:
        """Page-locked arrays for a GPU. Raises BackendError where there is not so much memory."""
        if self._page_locked is None:
            return None
        return [self._page_locked.host_array(shape, dtype) for _ in range(count)]

    def submit(self, batch: NDArray[Any]) -> None:
        """Begins with a batch [n, ...] in the dtype of the model's input, on a device.

        On the CPU `result` runs it. A model with a built-in batch size runs as often as needed; the
        last batch is filled up with zeros whose scores are dropped.
        """
        shape = self.inputs[0].shape
        size = (shape[0] if shape else None) or len(batch)
        starts = range(0, len(batch), size)
        self._in_work.append([self._begin(batch[at : at + size], size) for at in starts])

    def _begin(self, images: NDArray[Any], size: int) -> _Work:
        if self._run_for is None:
            raise BackendError(f"{self._path}: the model was closed")
        count = len(images)
        if count < size:
            full = np.zeros((size, *images.shape[1:]), dtype=images.dtype)
            full[:count] = images
            images = full
        run = self._run_for(size)

        def work() -> tuple[NDArray[Any], list[Span]]:
            scores, spans = self._run_once(run, images)
            return scores[:count], spans

        return work if self._threads is None else self._threads.submit(work).result

    def result(self) -> Result:
        """Waits for the scores of the oldest batch; on the CPU, runs it."""
        done = [work() for work in self._in_work.popleft()]
        spans = tuple(span for _, times in done for span in times)
        return Result(done[0][0] if len(done) == 1 else np.concatenate([s for s, _ in done]), spans)

    def _run_once(self, run: Run, images: NDArray[Any]) -> tuple[NDArray[Any], list[Span]]:
        try:
            values, spans = run(images)
        except BackendError:
            raise
        except Exception as error:  # its exceptions share no other base
            raise BackendError(f"{self._path}: {one_line(error)}") from error
        if not is_scores(values) or len(values) != len(images):
            raise BackendError(
                f"{self._path}: output {self.outputs[0].name} has the shape {values.shape} "
                f"for {counted(len(images), 'image')}, expected [images, classes]"
            )
        return as_scores(values), spans

    def close(self) -> None:
        """Frees the session, once what is in work is done; the backend cannot run any more."""
        self._run_for = None
        self._in_work.clear()
        if self._threads is not None:
            self._threads.close()
        memory, self._page_locked = self._page_locked, None
        failure = None if memory is None else memory.release()
        if failure is not None:
            raise failure


def _spec(arg: NodeArg) -> TensorSpec:
    shape = tuple(dim if isinstance(dim, int) and dim >= 0 else None for dim in arg.shape)
    return TensorSpec(arg.name, shape, _DTYPES.get(arg.type, arg.type))

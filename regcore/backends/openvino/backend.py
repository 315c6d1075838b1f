"""A model on OpenVINO: each batch in an infer request of its own, several of them in work."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.deferred_interrupt import deferred_sigint
from regcore.backends.openvino.devices import compile_model, short_version, where_it_runs
from regcore.backends.openvino.model_file import ModelFile, import_openvino, openvino_errors
from regcore.backends.protocol import Backend, Result, Span
from regcore.counted import counted
from regcore.errors import BackendError
from regcore.models.tensors import TensorSpec, as_scores, describe, is_scores, scores_spec


@dataclass(frozen=True)
class _InWork:
    """A request, its images, which it reads where they are, and when it was started."""

    request: Any
    images: NDArray[Any]
    count: int
    started: float


class OpenvinoBackend(Backend):
    """One model, compiled for one device.

    The device computes as many batches at once as OpenVINO finds best; one more waits, so that
    none of its streams ever does. Images are read where they lie, and scores are copied out.
    """

    name = "openvino"

    def __init__(
        self,
        path: Path,
        *,
        provider: str | None = None,
        threads: int | None = None,
        output: str | None = None,
        precision: str | None = None,
    ) -> None:
        """Opens an .onnx or .xml file; see `open_backend`, and `compile_model` for its options."""
        self._path = path
        file = ModelFile.read(path)
        self.doubts: tuple[str, ...] = file.doubts
        self.metadata: Mapping[str, str] = file.metadata
        self.inputs: tuple[TensorSpec, ...] = (file.image,)
        self._output, scores = file.scores(output)
        self.outputs: tuple[TensorSpec, ...] = (scores_spec(scores),)
        self._fixed = (file.image.shape or (None,))[0]
        self.max_batch = self._fixed
        self._in_work: deque[_InWork] = deque()
        self._busy_until = 0.0
        self.version: str = short_version()
        self.precision = precision or ""
        self._tensor = import_openvino().Tensor
        with deferred_sigint():
            compiled = compile_model(file, provider, threads, precision)
            self.provider: str = where_it_runs(compiled)
            with openvino_errors(path):
                self.depth = 1 + compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
                self._idle = deque(compiled.create_infer_request() for _ in range(self.depth))

    def submit(self, batch: NDArray[Any]) -> None:
        """Begins with a batch [n, ...] in the dtype of the model's input.

        A model with a built-in batch size takes up to so many, and is filled up with zeros.
        """
        self._check(batch)
        images = _filled_up(batch, self._fixed)
        with deferred_sigint(), openvino_errors(self._path):
            request = self._idle[0]
            request.set_input_tensor(self._tensor(_writeable(images), shared_memory=True))
            started = perf_counter()
            request.start_async()
            self._idle.popleft()
            self._in_work.append(_InWork(request, images, len(batch), started))

    def _check(self, batch: NDArray[Any]) -> None:
        spec = self.inputs[0]
        if not self._idle and not self._in_work:
            raise BackendError(f"{self._path}: the model was closed")
        if not self._idle:
            raise BackendError(f"{self._path}: {self.depth} results wait to be taken")
        if batch.dtype.name != spec.dtype or not batch.flags.c_contiguous:
            given = describe(batch.dtype.name, batch.shape)
            raise BackendError(f"{self._path}: takes {spec}, not {given}")
        if not 1 <= len(batch) <= (self._fixed or len(batch)):
            raise BackendError(
                f"{self._path}: takes 1 to {counted(self._fixed or 1, 'image')} at a time, "
                f"not {len(batch)}"
            )

    def result(self) -> Result:
        """Waits for the oldest batch."""
        if not self._in_work:
            raise BackendError(f"{self._path}: no batch was submitted")
        with deferred_sigint(), openvino_errors(self._path):
            oldest = self._in_work.popleft()
            oldest.request.wait()
            self._idle.append(oldest.request)
            values = np.array(oldest.request.get_output_tensor(self._output).data)
            span = self._span(oldest)
        if not is_scores(values) or len(values) != len(oldest.images):
            raise BackendError(
                f"{self._path}: output {self.outputs[0].name} has the shape {values.shape} "
                f"for {counted(len(oldest.images), 'image')}, expected [images, classes]"
            )
        return Result(as_scores(values[: oldest.count]), (span,), lasting=True)

    def _span(self, done: _InWork) -> Span:
        """What a batch adds to the time in which the device computes, as batches overlap."""
        start = max(done.started, self._busy_until)
        end = min(perf_counter(), done.started + done.request.latency / 1000)
        self._busy_until = max(end, start)
        return Span("compute", 0, start, self._busy_until)

    def close(self) -> None:
        """Ends what is in work, and frees the model."""
        with deferred_sigint():
            for entry in self._in_work:
                with suppress(Exception):
                    entry.request.cancel()
            for entry in self._in_work:
                # No request may read its images any more; why it ended does not matter.
                with suppress(Exception):
                    entry.request.wait()
            self._in_work.clear()
            self._idle.clear()


def _filled_up(batch: NDArray[Any], size: int | None) -> NDArray[Any]:
    if size is None or len(batch) >= size:
        return batch
    full = np.zeros((size, *batch.shape[1:]), batch.dtype)
    full[: len(batch)] = batch
    return full


def _writeable(images: NDArray[Any]) -> NDArray[Any]:
    """The same memory, also where NumPy may not write into it: OpenVINO only reads it."""
    if images.flags.writeable:
        return images
    memory = (ctypes.c_uint8 * images.nbytes).from_address(images.ctypes.data)
    found: NDArray[Any] = np.frombuffer(memoryview(memory), images.dtype).reshape(images.shape)
    return found

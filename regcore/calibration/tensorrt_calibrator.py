"""Calibration images for the calibrators of TensorRT before 11."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from regcore.backends.cuda.resources import Resources
from regcore.backends.cuda.runtime import Cuda, import_cuda
from regcore.backends.tensorrt.library import import_tensorrt
from regcore.calibration.folder import CalibrationSet, open_calibration
from regcore.counted import counted
from regcore.errors import BackendError, UsageError
from regcore.files.arguments import as_path, whole_within
from regcore.files.atomic import replacing, write_text
from regcore.files.input_file import read_input

_LARGEST_BATCH = 1 << 16
_MAX_CACHE_BYTES = 1 << 26


def tensorrt_calibrator(
    folder: str | Path | CalibrationSet,
    *,
    batch_size: int = 1,
    cache: str | Path | None = None,
    device: int = 0,
) -> Any:  # noqa: ANN401
    """The images for TensorRT's builder: a tensorrt.IInt8EntropyCalibrator2.

    It is for `config.int8_calibrator`, with BuilderFlag.INT8; keep it until the engine is built.
    batch_size: images to a step, of which there must be a whole number. cache: a file for the
    ranges that TensorRT finds for one network. A file beside it, CACHE.calibration, has the
    identity of the images, and a cache of others is not used. device: the GPU. close() gives its
    memory back.

    Raises BackendError where TensorRT or CUDA does not work, or TensorRT has no calibrators any
    more (from 11 on, which takes the .onnx of `regcore quantize --symmetric`), UsageError where the
    images are no whole number of batches, and what open_calibration does.
    """
    trt = import_tensorrt()
    base = getattr(trt, "IInt8EntropyCalibrator2", None)
    if base is None:
        raise BackendError(
            f"TensorRT {trt.__version__} has no calibrators; build the engine of the .onnx file "
            "that 'regcore quantize --symmetric' makes"
        )
    images = folder if isinstance(folder, CalibrationSet) else open_calibration(folder)
    batch_size = whole_within("batch_size", batch_size, 1, _LARGEST_BATCH)
    if len(images) % batch_size:
        raise UsageError(
            f"batch_size {batch_size}: the set has {counted(len(images), 'image')}, no whole "
            "number of batches"
        )
    return _calibrator_class(base)(_Feed(images, batch_size, device), _Cache(cache, images))


def _calibrator_class(base: Any) -> Any:  # noqa: ANN401
    """A calibrator whose methods TensorRT calls by their names."""

    class Calibrator(base):  # type: ignore[misc]
        def __init__(self, feed: _Feed, cache: _Cache) -> None:
            super().__init__()
            self._feed = feed
            self._cache = cache
            self.close = feed.close

        def get_batch_size(self) -> int:
            return self._feed.batch_size

        def get_batch(self, names: Sequence[str]) -> list[int] | None:
            return self._feed.next(names)

        def read_calibration_cache(self) -> bytes | None:
            return self._cache.read()

        def write_calibration_cache(self, cache: Any) -> None:  # noqa: ANN401
            self._cache.write(bytes(cache))

    return Calibrator


class _Feed:
    """Batches in the memory of a GPU, always at the same place."""

    def __init__(self, images: CalibrationSet, batch_size: int, device: int) -> None:
        self.batch_size = batch_size
        self._cuda = Cuda(import_cuda(), f"{images.folder} on GPU {device}")
        self._cuda.do("SetDevice", device)
        self._resources = Resources(self._cuda, device)
        self._stream = self._resources.stream()
        self._memory = self._resources.device_memory(batch_size * images[0].nbytes)
        self._batches = images.batches(batch_size)

    def next(self, names: Sequence[str]) -> list[int] | None:
        """The address of the next batch, for the one input of the network."""
        if len(names) != 1:
            raise UsageError(f"the network has the inputs {', '.join(names)}, not one")
        batch = next(self._batches, None)
        if batch is None:
            return None
        values = np.ascontiguousarray(batch)
        kind = self._cuda.module.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._cuda.do(
            "MemcpyAsync", self._memory, values.ctypes.data, values.nbytes, kind, self._stream
        )
        self._cuda.do("StreamSynchronize", self._stream)
        return [self._memory]

    def close(self) -> None:
        """Gives the memory back."""
        error = self._resources.release()
        if error is not None:
            raise error


class _Cache:
    """The ranges that TensorRT has found, with the identity of the images in a file beside."""

    def __init__(self, path: str | Path | None, images: CalibrationSet) -> None:
        self._path = None if path is None else as_path("cache", path)
        self._identity = images.identity

    def read(self) -> bytes | None:
        """Those of the same images."""
        if self._path is None or not self._path.is_file():
            return None
        mark = _mark(self._path)
        if not mark.is_file() or mark.read_text().strip() != self._identity:
            return None
        return read_input(self._path, _MAX_CACHE_BYTES, error=BackendError)

    def write(self, content: bytes) -> None:
        """Keeps them; a file without the identity beside it belongs to nobody."""
        if self._path is None:
            return
        _mark(self._path).unlink(missing_ok=True)
        with replacing(self._path) as temporary:
            temporary.write_bytes(content)
        write_text(_mark(self._path), f"{self._identity}\n")


def _mark(cache: Path) -> Path:
    return cache.with_name(f"{cache.name}.calibration")

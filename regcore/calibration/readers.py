"""Calibration images as the quantisers of other libraries ask for them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from regcore.backends.onnxruntime.library import import_onnxruntime
from regcore.calibration.folder import CalibrationSet, open_calibration
from regcore.errors import BackendError
from regcore.files.arguments import whole_within
from regcore.images.batch_stream import Array

if TYPE_CHECKING:
    from onnxruntime.quantization import CalibrationDataReader

_LARGEST_BATCH = 1 << 16


def calibration_reader(
    folder: str | Path | CalibrationSet, *, batch_size: int = 1, input_name: str | None = None
) -> CalibrationDataReader:
    """The images for onnxruntime.quantization, a CalibrationDataReader that can be rewound.

    folder: of `regcore calibrate`, or one that is open. batch_size: images to a step. input_name:
    of the model that is quantised, by default that of the model they were prepared for.

    Raises BackendError where ONNX Runtime or onnx is not installed, and what open_calibration does.
    """
    import_onnxruntime()
    try:
        from onnxruntime.quantization import CalibrationDataReader
    except ImportError as error:
        raise BackendError(
            f"ONNX Runtime's quantisation needs the package onnx ({error}); install it with: "
            "pip install 'regcore[quantize]'"
        ) from error
    found = folder if isinstance(folder, CalibrationSet) else open_calibration(folder)
    batch_size = whole_within("batch_size", batch_size, 1, _LARGEST_BATCH)
    name = input_name or found.input_name

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """One dict of the input's name and a batch a call, then None."""

        def __init__(self) -> None:
            self._batches: Iterator[Array] = found.batches(batch_size)

        def get_next(self) -> dict[str, Array] | None:
            batch = next(self._batches, None)
            return None if batch is None else {name: batch}

        def set_range(self, start_index: int, end_index: int) -> None:
            self._batches = islice(found.batches(batch_size), start_index, end_index)

        def rewind(self) -> None:
            self._batches = found.batches(batch_size)

        def __len__(self) -> int:
            return math.ceil(len(found) / batch_size)

    return Reader()


def calibration_dataset(
    folder: str | Path | CalibrationSet, *, batch_size: int = 1, input_name: str | None = None
) -> Any:  # noqa: ANN401
    """The images for OpenVINO's quantiser: an nncf.Dataset of arrays [batch_size, ...].

    input_name: makes each a dict with this name, as NNCF wants them for a model of ONNX; without it
    they are for one of OpenVINO.

    Raises BackendError where NNCF is not installed, and what open_calibration does.
    """
    nncf = import_nncf()
    found = folder if isinstance(folder, CalibrationSet) else open_calibration(folder)
    batch_size = whole_within("batch_size", batch_size, 1, _LARGEST_BATCH)
    batches = _Repeatable(found, batch_size)
    if input_name is None:
        return nncf.Dataset(batches)
    return nncf.Dataset(batches, lambda batch: {input_name: batch})


def import_nncf() -> ModuleType:
    """The package nncf. Raises BackendError where it is not installed."""
    try:
        import nncf
    except ImportError as error:
        raise BackendError(
            f"NNCF is not installed ({error}); install it with: pip install nncf"
        ) from error
    found: ModuleType = nncf
    return found


class _Repeatable:
    """Batches that can be gone through several times, as NNCF does."""

    def __init__(self, images: CalibrationSet, batch_size: int) -> None:
        self._images = images
        self._batch_size = batch_size

    def __iter__(self) -> Iterator[Array]:
        return self._images.batches(self._batch_size)

    def __len__(self) -> int:
        return math.ceil(len(self._images) / self._batch_size)

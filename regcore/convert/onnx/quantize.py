"""Float32 models to int8, by ONNX Runtime's quantiser."""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend
from regcore.backends.onnxruntime.library import import_onnxruntime
from regcore.calibration.folder import CalibrationSet
from regcore.calibration.readers import calibration_reader
from regcore.convert.onnx.check_scores import ExportCheck
from regcore.convert.onnx.float_nodes import nodes_named, shape_nodes
from regcore.errors import BackendError, RegcoreError, UsageError, first_line
from regcore.models.onnx_package import STANDARD_DOMAINS, check_onnx, import_onnx, opset_of

if TYPE_CHECKING:
    from onnx import ModelProto

METHODS = {"minmax": "MinMax", "entropy": "Entropy", "percentile": "Percentile"}
PERCENTILE = 99.999

_LOWEST_OPSET = 13  # of a scale for each channel
_BATCH = 8
_COMPARED = 64  # images


@dataclass(frozen=True)
class Quantizer:
    """How ONNX Runtime quantises; see regcore.api.quantize.quantize_model."""

    method: str
    percentile: float
    per_channel: bool
    symmetric: bool
    keep: tuple[str, ...]

    def __call__(
        self, model: ModelProto, calibration: CalibrationSet, input_name: str, batch: int | None
    ) -> tuple[ModelProto, list[str]]:
        """The model with QuantizeLinear and DequantizeLinear, and the nodes that `keep` names.

        batch: the model's fixed batch size. Raises UsageError where `keep` names no node or the
        model is quantised already, and BackendError where the quantiser fails.
        """
        ort = import_onnxruntime()
        if any(node.op_type == "QuantizeLinear" for node in model.graph.node):
            raise UsageError("the model is quantised already; take the one that it was made of")
        size = batch or _BATCH
        reader = calibration_reader(calibration, batch_size=size, input_name=input_name)
        if batch and len(calibration) % batch:
            raise UsageError(
                f"the model takes batches of {batch}, and there are {len(calibration)} calibration "
                "images: choose a multiple with 'regcore calibrate --count'"
            )
        from onnxruntime import quantization as quantizer
        from onnxruntime.quantization.shape_inference import quant_pre_process

        activations = "QInt8" if self.symmetric else "QUInt8"
        extra: dict[str, Any] = {"ActivationSymmetric": self.symmetric}
        if self.method == "percentile":
            extra["CalibPercentile"] = self.percentile
        if self.method != "minmax":
            extra["CalibStridedMinMax"] = 1  # batch by batch, or all tensors of all stay in memory
        with tempfile.TemporaryDirectory(prefix="regcore-quantize-") as folder, _silenced():
            prepared, result = Path(folder) / "prepared.onnx", Path(folder) / "quantised.onnx"
            try:
                quant_pre_process(_in_opset(model), prepared, skip_symbolic_shape=True)
                graph = import_onnx().load(prepared).graph
                kept = nodes_named(graph, self.keep)
                quantizer.quantize_static(
                    prepared,
                    result,
                    reader,
                    quantizer.QuantFormat.QDQ,
                    per_channel=self.per_channel,
                    activation_type=quantizer.QuantType[activations],
                    weight_type=quantizer.QuantType.QInt8,
                    calibrate_method=quantizer.CalibrationMethod[METHODS[self.method]],
                    nodes_to_exclude=[*kept, *shape_nodes(graph)],
                    extra_options=extra,
                )
                quantised = import_onnx().load(result)
            except RegcoreError:
                raise
            except Exception as error:  # of ONNX's and ONNX Runtime's many classes
                raise BackendError(
                    f"ONNX Runtime {ort.__version__} does not quantise it: {first_line(error)}"
                ) from error
        _drop_unused_domains(quantised)
        check_onnx(quantised)
        return quantised, kept


def agreement(path: Path, source: Path, calibration: CalibrationSet) -> ExportCheck:
    """How far a quantised model's scores of its calibration images are from the source's."""
    images = calibration[:_COMPARED]
    scores = []
    for file in (path, source):
        with OnnxRuntimeBackend(file) as backend:
            size = backend.inputs[0].shape[0] if backend.inputs[0].shape else None
            step = size or _BATCH
            parts = [backend.run(images[at : at + step]) for at in range(0, len(images), step)]
            scores.append(np.concatenate(parts).astype(np.float32))
    ours, theirs = scores
    return ExportCheck(
        images=len(images),
        what="calibration images",
        same_top1=int((ours.argmax(axis=1) == theirs.argmax(axis=1)).sum()),
        largest_difference=float(np.abs(ours - theirs).max()),
        largest_score=float(np.abs(theirs).max()),
    )


def quantised_nodes(model: ModelProto) -> tuple[int, int]:
    """How many nodes take dequantised values, and how many others there are."""
    made = {
        output
        for node in model.graph.node
        if node.op_type == "DequantizeLinear"
        for output in node.output
    }
    own = [
        node
        for node in model.graph.node
        if node.op_type not in {"QuantizeLinear", "DequantizeLinear"}
    ]
    quantised = sum(any(name in made for name in node.input) for node in own)
    return quantised, len(own) - quantised


def _in_opset(model: ModelProto) -> ModelProto:
    """The model in an operator set that knows a scale for each channel."""
    if opset_of(model) >= _LOWEST_OPSET:
        return model
    converted: ModelProto = import_onnx().version_converter.convert_version(model, _LOWEST_OPSET)
    return converted


def _drop_unused_domains(model: ModelProto) -> None:
    """ONNX Runtime names all operator sets that it knows; other runtimes may refuse some."""
    used: Sequence[str] = [node.domain for node in model.graph.node]
    kept = [one for one in model.opset_import if one.domain in {*STANDARD_DOMAINS, *used}]
    del model.opset_import[:]
    model.opset_import.extend(kept)


@contextmanager
def _silenced() -> Iterator[None]:
    """The quantiser prints and logs advice that regcore has followed."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)

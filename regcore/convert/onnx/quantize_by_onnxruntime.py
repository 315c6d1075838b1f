"""ONNX Runtime's quantiser."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regcore.backends.onnxruntime.library import import_onnxruntime
from regcore.calibration.folder import CalibrationSet
from regcore.calibration.readers import calibration_reader
from regcore.convert.onnx.float_guards import guard_float_nodes
from regcore.convert.onnx.float_nodes import shape_nodes
from regcore.convert.onnx.quantize import METHODS, PreparedModel, Quantizer, silenced
from regcore.errors import BackendError, first_line
from regcore.models.onnx_package import STANDARD_DOMAINS, check_onnx, hold_only, import_onnx
from regcore.models.onnx_writer import writing_onnx

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto
    from onnxruntime.quantization import CalibrationDataReader


@contextmanager
def prepared(
    how: Quantizer, model: ModelProto, calibration: CalibrationSet, input_name: str, batch: int
) -> Iterator[PreparedModel]:
    """The model ready for ONNX Runtime's quantiser; see prepared_for in quantisers.py."""
    reader = calibration_reader(calibration, batch_size=batch, input_name=input_name)
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory(prefix="regcore-quantize-") as name:
        path = Path(name) / "prepared.onnx"
        try:
            # Of a model in memory it would put the constants where no shape inference finds them.
            with silenced(), writing_onnx(model, Path(name) / "source.onnx") as source:
                quant_pre_process(source, path, skip_symbolic_shape=True)
            graph = import_onnx().load(path).graph
        except Exception as error:  # of ONNX's and ONNX Runtime's many classes
            raise _failure(error) from error
        yield _Prepared(how, path, graph, reader)


class _Prepared:
    """A model in a file, in the folder in which it is quantised."""

    def __init__(
        self, how: Quantizer, path: Path, graph: GraphProto, reader: CalibrationDataReader
    ) -> None:
        self.graph = graph
        self._how = how
        self._path = path
        self._reader = reader

    def quantised(self, kept: Sequence[str]) -> ModelProto:
        """See PreparedModel."""
        from onnxruntime import quantization as quantizer

        how, result = self._how, self._path.with_name("quantised.onnx")
        extra: dict[str, Any] = {"ActivationSymmetric": how.symmetric}
        if how.method == "percentile":
            extra["CalibPercentile"] = how.percentile
        if how.method != "minmax":
            extra["CalibStridedMinMax"] = 1  # batch by batch, or all tensors of all stay in memory
        more: dict[str, Any] = {}
        if "calibration_cache_path" in inspect.signature(quantizer.quantize_static).parameters:
            more["calibration_cache_path"] = self._path.with_name("ranges.json")
        else:
            self._reader.rewind()
        activations = quantizer.QuantType["QInt8" if how.symmetric else "QUInt8"]
        try:
            with silenced():
                quantizer.quantize_static(
                    self._path,
                    result,
                    self._reader,
                    quantizer.QuantFormat.QDQ,
                    per_channel=how.per_channel,
                    activation_type=activations,
                    weight_type=quantizer.QuantType.QInt8,
                    calibrate_method=quantizer.CalibrationMethod[METHODS[how.method]],
                    nodes_to_exclude=[*kept, *shape_nodes(self.graph)],
                    extra_options=extra,
                    **more,
                )
            quantised: ModelProto = import_onnx().load(result)
        except Exception as error:  # of ONNX's and ONNX Runtime's many classes
            raise _failure(error) from error
        _drop_unused_domains(quantised)
        guard_float_nodes(quantised, kept)
        check_onnx(quantised)
        return quantised


def _failure(error: Exception) -> BackendError:
    version = import_onnxruntime().__version__
    return BackendError(f"ONNX Runtime {version} does not quantise it: {first_line(error)}")


def _drop_unused_domains(model: ModelProto) -> None:
    """ONNX Runtime names all operator sets that it knows; other runtimes may refuse some."""
    used: Sequence[str] = [node.domain for node in model.graph.node]
    kept = [one for one in model.opset_import if one.domain in {*STANDARD_DOMAINS, *used}]
    hold_only(model.opset_import, kept)

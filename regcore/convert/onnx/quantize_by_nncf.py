"""OpenVINO's quantiser, NNCF, on ONNX files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from regcore.calibration.folder import CalibrationSet
from regcore.calibration.readers import calibration_dataset, import_nncf
from regcore.convert.onnx.float_guards import guard_float_nodes
from regcore.convert.onnx.float_nodes import shape_nodes
from regcore.convert.onnx.quantize import PreparedModel, Quantizer, silenced
from regcore.errors import BackendError, first_line
from regcore.models.onnx_package import check_onnx, import_onnx

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto


@contextmanager
def prepared(
    how: Quantizer, model: ModelProto, calibration: CalibrationSet, input_name: str, batch: int
) -> Iterator[PreparedModel]:
    """The model ready for NNCF; see prepared_for in quantisers.py."""
    import_nncf()
    yield _Prepared(how, model, calibration, input_name, batch)


class _Prepared:
    """A model in memory, of which NNCF takes a copy each time."""

    def __init__(
        self,
        how: Quantizer,
        model: ModelProto,
        calibration: CalibrationSet,
        input_name: str,
        batch: int,
    ) -> None:
        self.graph: GraphProto = model.graph
        self._how = how
        self._model = model
        self._images = calibration
        self._input_name = input_name
        self._batch = batch

    def quantised(self, kept: Sequence[str]) -> ModelProto:
        """See PreparedModel."""
        nncf = import_nncf()
        how = self._how
        copy = import_onnx().ModelProto()
        copy.CopyFrom(self._model)
        kinds = nncf.QuantizationPreset
        ignored = nncf.IgnoredScope(names=[*kept, *shape_nodes(self.graph)], validate=False)
        try:
            with silenced():
                quantised: ModelProto = nncf.quantize(
                    copy,
                    calibration_dataset(
                        self._images, batch_size=self._batch, input_name=self._input_name
                    ),
                    preset=kinds.PERFORMANCE if how.symmetric else kinds.MIXED,
                    subset_size=len(self._images),
                    ignored_scope=ignored,
                    advanced_parameters=_ranges(how),
                )
        except Exception as error:  # of NNCF's, ONNX's and ONNX Runtime's many classes
            raise BackendError(
                f"NNCF {nncf.__version__} does not quantise it: {first_line(error)}"
            ) from error
        guard_float_nodes(quantised, kept)
        check_onnx(quantised)
        return quantised


def _ranges(how: Quantizer) -> Any:  # noqa: ANN401
    """Activations by the smallest and largest values, as ONNX Runtime's minmax has them."""
    import_nncf()
    from nncf.quantization.advanced_parameters import (
        AdvancedQuantizationParameters,
        QuantizationParameters,
    )
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    weights = QuantizationParameters(per_channel=how.per_channel)
    return AdvancedQuantizationParameters(
        weights_quantization_params=weights,
        activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX,
    )

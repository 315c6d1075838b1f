"""The quantisers by name."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from regcore.calibration.folder import CalibrationSet
from regcore.convert.onnx import quantize_by_nncf, quantize_by_onnxruntime
from regcore.convert.onnx.float_nodes import name_nodes
from regcore.convert.onnx.fold_padding import fold_padding
from regcore.convert.onnx.quantize import PreparedModel, Quantizer, in_opset
from regcore.errors import UsageError
from regcore.models.onnx_package import constants_are_no_inputs
from regcore.models.tensors import TensorSpec

if TYPE_CHECKING:
    from onnx import ModelProto

TOOLS = {"onnxruntime": quantize_by_onnxruntime.prepared, "nncf": quantize_by_nncf.prepared}

_BATCH = 8  # images to a step, where the model leaves it open


def check_float(model: ModelProto) -> None:
    """Raises UsageError where a model is quantised already."""
    if any(node.op_type == "QuantizeLinear" for node in model.graph.node):
        raise UsageError("the model is quantised already; take the one that it was made of")


def prepared_for(
    how: Quantizer,
    model: ModelProto,
    calibration: CalibrationSet,
    image: TensorSpec,
) -> AbstractContextManager[PreparedModel]:
    """The model ready to be quantised by the tool, until the block ends.

    image: its input. Raises UsageError where the model is quantised already or
    takes no batches of the calibration, and BackendError where the tool is not there or fails.
    """
    check_float(model)
    batch, *size = image.shape or (None,)
    if batch and len(calibration) % batch:
        raise UsageError(
            f"the model takes batches of {batch}, and there are {len(calibration)} calibration "
            "images: choose a multiple with 'regcore calibrate --count'"
        )
    constants_are_no_inputs(model)
    made = in_opset(model)
    name_nodes(made.graph)
    fixed = tuple(dim for dim in size if dim is not None)
    if len(fixed) == len(size):  # else the padding follows from the size of each image
        fold_padding(made, fixed, batch)
    return TOOLS[how.tool](how, made, calibration, image.name, batch or _BATCH)

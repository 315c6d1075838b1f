"""PyTorch models to ONNX, with the recipe of their images inside."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from regcore.convert.timm_models import import_torch
from regcore.errors import BackendError, UsageError
from regcore.model_metadata import ModelMetadata

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import nn

INPUT, OUTPUT = "image", "class"
OPSET = 11
DYNAMO_OPSET = 18
_LAST_OPSET = 20
# The guide's export names the batch axis so, and atc writes the same for an axis that varies.
_BATCH_AXIS = "-1"


def export_onnx(
    model: nn.Module,
    metadata: ModelMetadata,
    *,
    batch: int | None = None,
    opset: int = OPSET,
    dynamo: bool = False,
) -> ModelProto:
    """The model as ONNX: `image` float32 [N, 3, crop, crop] to `class` float32 [N, classes].

    batch: a fixed N, by default any. dynamo: with torch's newer exporter, from opset 18 on.
    The metadata goes into the file's properties. Raises BackendError where torch cannot export
    the model, or where ONNX's own checker refuses what it made.
    """
    if dynamo and opset < DYNAMO_OPSET:
        raise UsageError(f"torch's newer exporter writes opset {DYNAMO_OPSET} or later")
    if not dynamo and opset > _LAST_OPSET:
        raise UsageError(f"opsets after {_LAST_OPSET} need torch's newer exporter, --dynamo")
    torch, onnx = import_torch(), import_onnx()
    if dynamo and find_spec("onnxscript") is None:
        raise BackendError("onnxscript is not installed: pip install 'regcore[export]'")
    example = torch.zeros(batch or 2, *metadata.recipe.image_shape)
    with tempfile.TemporaryDirectory() as folder, _silence():
        path = Path(folder) / "model.onnx"
        try:
            torch.onnx.export(
                model,
                (example,),
                str(path),
                dynamo=dynamo,
                opset_version=opset,
                input_names=[INPUT],
                output_names=[OUTPUT],
                **_batch_axis(batch, dynamo=dynamo),
            )
            exported: ModelProto = onnx.load(path)
        except Exception as error:  # its exceptions share no other base
            raise BackendError(f"torch cannot export this model: {_first_line(error)}") from error
    if batch is None:
        for value in (*exported.graph.input, *exported.graph.output):
            value.type.tensor_type.shape.dim[0].dim_param = _BATCH_AXIS
    onnx.helper.set_model_props(exported, metadata.to_properties())
    check_onnx(exported)
    return exported


def import_onnx() -> ModuleType:
    """The onnx module. Raises BackendError where it is not installed."""
    try:
        import onnx
    except ImportError as error:
        raise BackendError(
            f"onnx is not installed ({error}); install it with: pip install 'regcore[convert]'"
        ) from error
    return onnx


def check_onnx(model: ModelProto) -> None:
    """Raises BackendError where ONNX's checker, shape inference included, refuses the model."""
    onnx = import_onnx()
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # its exceptions share no other base
        raise BackendError(f"the ONNX checker refuses the model: {_first_line(error)}") from error


def _batch_axis(batch: int | None, *, dynamo: bool) -> dict[str, Any]:
    if batch is not None:
        return {}
    if dynamo:
        return {"dynamic_shapes": ({0: import_torch().export.Dim("batch")},)}
    return {"dynamic_axes": {INPUT: {0: _BATCH_AXIS}, OUTPUT: {0: _BATCH_AXIS}}}


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    # The exporters warn of their own age, of shapes that are constant for every image, and of
    # packages that no classifier needs.
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0] or type(error).__name__

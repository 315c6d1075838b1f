"""A PyTorch model as a checked ONNX file, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from regcore.convert.onnx.check_scores import (
    FLOAT16_TOLERANCE,
    FLOAT32_TOLERANCE,
    ExportCheck,
    Images,
    compare,
)
from regcore.convert.onnx.float16 import to_float16
from regcore.convert.onnx.fuse_preprocess import fuse_preprocess, normalisation_difference
from regcore.convert.onnx.torch_exporter import export_onnx
from regcore.files.atomic import check_target
from regcore.models.metadata import ModelMetadata
from regcore.models.onnx_file import read_onnx
from regcore.models.onnx_package import opset_of
from regcore.models.onnx_writer import writing_onnx

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Export:
    """What became of a model.

    weights_files: those with the weights that `path` cannot hold. metadata: as in the file.
    opset_reason: why it has that opset. parameters: of the PyTorch model. agreement: with that
    model. normalisation_difference: of a fused normalisation from the contract, over all pixel
    values.
    """

    path: Path
    weights_files: tuple[Path, ...]
    metadata: ModelMetadata
    opset: int
    opset_reason: str
    parameters: int
    agreement: ExportCheck
    normalisation_difference: float | None


def export_model(
    model: nn.Module,
    metadata: ModelMetadata,
    out: Path,
    images: Images,
    *,
    batch: int | None = None,
    opset: int | None = None,
    dynamo: bool = False,
    fuse_layout: str | None = None,
    fp16: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Export:
    """Writes the model as ONNX, once its scores on `images` have proven to be torch's.

    metadata: with the recipe of the model's float32 NCHW input. fuse_layout: "nchw" or "nhwc" for
    a uint8 input and the normalisation inside the model. fp16: computes in float16.
    opset, dynamo, say: see export_onnx.
    Raises MismatchError for other scores, BackendError where the model cannot be exported.
    """
    check_target(out, ".onnx")
    exported = export_onnx(model, metadata, batch=batch, opset=opset, dynamo=dynamo, say=say)
    made, opset = exported.model, opset_of(exported.model)
    if fp16:
        made = to_float16(made)
    # Afterwards, so that no detour through float16 comes between its nodes.
    difference = None
    if fuse_layout is not None:
        recipe = metadata.recipe.in_form("uint8", fuse_layout)
        metadata = replace(metadata, recipe=recipe)
        fuse_preprocess(made, metadata)
        difference = normalisation_difference(recipe, opset)
    with writing_onnx(made, out) as temporary:
        agreement = compare(temporary, model, metadata.recipe, images)
        agreement.check(FLOAT16_TOLERANCE if fp16 else FLOAT32_TOLERANCE)
    return Export(
        path=out,
        weights_files=tuple(out.parent / name for name in read_onnx(out).data_files),
        metadata=metadata,
        opset=opset,
        opset_reason=exported.opset_reason,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        agreement=agreement,
        normalisation_difference=difference,
    )

"""Trained weights written as ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regcore.api.messages import Log, no_log
from regcore.api.options import optional
from regcore.convert.onnx.check_scores import as_float32, images_to_compare
from regcore.convert.onnx.export import Export, export_model
from regcore.convert.onnx.model_source import ModelSource, find_source, is_import_path
from regcore.errors import UsageError
from regcore.files.arguments import as_path
from regcore.files.atomic import check_target
from regcore.files.output_guard import Output, check_outputs
from regcore.models.metadata import ModelMetadata, is_exported
from regcore.models.timm.weights import read_weights
from regcore.recipes.recipe import Recipe
from regcore.recipes.spelling import parse_recipe
from regcore.reports.export import to_dict

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ExportedWeights:
    """What export_weights has written, and how its scores compare with those of torch."""

    export: Export

    def to_dict(self) -> dict[str, Any]:
        """What `regcore export --json` prints."""
        return to_dict(self.export)


def export_weights(
    name: str,
    weights: str | Path | None,
    out: str | Path,
    *,
    md5: str | None = None,
    sha256: str | None = None,
    recipe: Recipe | str | None = None,
    test_size: bool = False,
    classes: int | None = None,
    batch: int | None = None,
    opset: int | None = None,
    dynamo: bool = False,
    fuse_preprocess: bool = False,
    layout: str | None = None,
    fp16: bool = False,
    photos: str | Path | None = None,
    force: bool = False,
    log: Log = no_log,
) -> ExportedWeights:
    """Writes the model `name` with the weights of a .pth or .safetensors file as ONNX.

    name: [timm:]NAME.TAG; torchvision:resnet50 or torchvision:ResNet50_Weights.IMAGENET1K_V2; or
        package.module:function, whose call without arguments returns the torch.nn.Module.
    weights: None lets timm or torchvision fetch them from the network; those of a function are
        then as it returns them.
    md5, sha256: that their file must have.
    recipe: how the model wants its images, or the name of it; a function does not say it, and it
        goes before what timm or torchvision say of others.
    test_size: take images of the size that timm tests the tag with.
    classes: of a last layer of your own.
    batch: a fixed batch size, by default any.
    opset: the ONNX operator set, by default the lowest that holds the model from 11 on, which atc
        needs; with dynamo 18. dynamo: use torch's newer exporter.
    fuse_preprocess: take uint8 pixels, in `layout`, and normalise inside the model.
    fp16: compute in float16.
    photos: compare with torch on these.
    force: also replace a file that regcore did not write.
    log: see regcore.api.messages.

    The file appears only when its scores on photos are those of torch. Raises UsageError for
    names that nobody knows, options that contradict each other or a recipe that nobody says,
    BackendError for a package that is not there or a model that does not export, and MismatchError
    for weights or scores that are not as they should.
    """
    weights = None if weights is None else as_path("weights", weights)
    photos, out = optional(photos), as_path("out", out)
    if weights is None and (md5 or sha256):
        other = name if is_import_path(name) else "--pretrained"
        raise UsageError(f"--md5 and --sha256 are for a file of weights, not for {other}")
    if layout is not None and not fuse_preprocess:
        raise UsageError("--layout is that of uint8 pixels; it needs --fuse-preprocess")
    check_target(out, ".onnx")
    inputs = [path for path in (weights, photos) if path is not None]
    check_outputs([Output(out, recognise_file=is_exported)], inputs, force=force)
    wanted = parse_recipe(recipe).recipe if isinstance(recipe, str) else recipe
    wanted = None if wanted is None else as_float32(wanted)
    found = find_source(name, test_size=test_size, recipe=wanted)
    if found.note:
        log(found.note)
    images = images_to_compare(photos, found.recipe)
    model, origin = _load(found, weights, md5, sha256, classes)
    exported = export_model(
        model,
        ModelMetadata(found.recipe, found.name, origin),
        out,
        images,
        batch=batch,
        opset=opset,
        dynamo=dynamo,
        fuse_layout=(layout or "nchw") if fuse_preprocess else None,
        fp16=fp16,
        say=log,
    )
    return ExportedWeights(exported)


def _load(
    found: ModelSource,
    weights: Path | None,
    md5: str | None,
    sha256: str | None,
    classes: int | None,
) -> tuple[nn.Module, str]:
    if weights is None:
        return found.build(None, classes), found.origin
    read = read_weights(weights, md5=md5, sha256=sha256)
    return found.build(read, classes), f"sha256:{read.sha256}"

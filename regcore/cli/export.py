"""regcore export: trained weights to ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore._native.choices import LAYOUTS
from regcore.cli.console import answer, tell
from regcore.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from regcore.convert.onnx.export import Export
    from regcore.models.timm.pretrained import TimmModel

_FILES_WITH_WEIGHTS = 2
_OPSET = 11


@click.command()
@click.argument("name")
@click.argument("files", nargs=-1, metavar="[WEIGHTS] OUT.onnx", type=click.Path(path_type=Path))
@click.option("--pretrained", is_flag=True, help="Let timm fetch the weights from the network.")
@click.option("--md5", metavar="HEX", help="The MD5 that the file of weights must have.")
@click.option("--sha256", metavar="HEX", help="The SHA-256 that the file of weights must have.")
@click.option(
    "--test-size",
    is_flag=True,
    help="Take images of the size that timm tests the tag with, where it differs from training.",
)
@click.option("--classes", type=click.IntRange(min=1), help="Of a last layer of your own.")
@click.option(
    "--batch", type=click.IntRange(min=1), help="A fixed batch size.  [default: any batch size]"
)
@click.option(
    "--opset",
    type=click.IntRange(min=7),
    help=f"ONNX operator set.  [default: {_OPSET}, which atc takes, or the lowest after it "
    "that can hold the model; with --dynamo 18]",
)
@click.option("--dynamo", is_flag=True, help="Use torch's newer exporter.")
@click.option(
    "--fuse-preprocess",
    is_flag=True,
    help="Take uint8 pixels and normalise inside the model: a quarter of the bytes.",
)
@click.option(
    "--layout",
    type=click.Choice(LAYOUTS),
    help="Of the uint8 pixels.  [default: nchw]",
)
@click.option("--fp16", is_flag=True, help="Compute in float16; input and output stay as they are.")
@click.option(
    "--photos",
    type=click.Path(exists=True, path_type=Path),
    help="Compare with torch on photos from there.  [default: those inside foolbox, if installed]",
)
@click.option("--force", is_flag=True, help="Replace OUT.onnx, even if regcore did not write it.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def export(
    *,
    name: str,
    files: tuple[Path, ...],
    pretrained: bool,
    md5: str | None,
    sha256: str | None,
    test_size: bool,
    classes: int | None,
    batch: int | None,
    opset: int | None,
    dynamo: bool,
    fuse_preprocess: bool,
    layout: str | None,
    fp16: bool,
    photos: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write timm's model NAME with the weights of a .pth or .safetensors file as OUT.onnx.

    NAME has a tag, as in regnety_016.pycls_in1k: tags tell apart weights that want different
    images. How they want them goes into the file, where run, convert and preprocess --for find it.
    timm's tables of accuracies are made with --test-size.
    The weights must fit the model exactly, and nothing in their file is executed.

    The file appears only when its scores on photos are those of torch. Its input is called image,
    float32 [N, 3, height, width], its output class.

    \b
    Examples:
      regcore export regnety_016.pycls_in1k regnety_016-54367f74.pth regnety_016.onnx \\
          --md5 fb4fc8ffd7cbf1a209d66a5ca621b451
      regcore export resnet50.a1_in1k --pretrained resnet50.onnx --fuse-preprocess
    """  # noqa: D301
    weights, out = _weights_and_out(files, pretrained=pretrained)
    if weights is None and (md5 or sha256):
        raise UsageError("--md5 and --sha256 are for a file of weights, not for --pretrained")
    if layout is not None and not fuse_preprocess:
        raise UsageError("--layout is that of uint8 pixels; it needs --fuse-preprocess")
    from regcore.convert.onnx.check_scores import images_to_compare
    from regcore.convert.onnx.export import export_model
    from regcore.files.atomic import check_target
    from regcore.files.output_guard import Output, check_outputs
    from regcore.models.metadata import ModelMetadata, is_exported
    from regcore.models.timm.pretrained import find_model

    check_target(out, ".onnx")
    inputs = [path for path in (weights, photos) if path is not None]
    check_outputs([Output(out, recognise_file=is_exported)], inputs, force=force)
    found = find_model(name, test_size=test_size)
    if found.note:
        tell(found.note)
    images = images_to_compare(photos, found.recipe)
    model, origin = _load(found, weights, md5, sha256, classes)
    result = export_model(
        model,
        ModelMetadata(found.recipe, found.name, origin),
        out,
        images,
        batch=batch,
        opset=opset,
        dynamo=dynamo,
        fuse_layout=(layout or "nchw") if fuse_preprocess else None,
        fp16=fp16,
        say=tell,
    )
    if as_json:
        answer(_as_dict(result))
    else:
        _print(result)
    tell(f"wrote {out}")


def _weights_and_out(files: tuple[Path, ...], *, pretrained: bool) -> tuple[Path | None, Path]:
    if pretrained and len(files) == 1:
        return None, files[0]
    if not pretrained and len(files) == _FILES_WITH_WEIGHTS:
        return files[0], files[1]
    wanted = "only OUT.onnx with --pretrained" if pretrained else "WEIGHTS and OUT.onnx"
    raise UsageError(f"expected {wanted}, not {len(files)} files ('regcore export --help')")


def _load(
    found: TimmModel, weights: Path | None, md5: str | None, sha256: str | None, classes: int | None
) -> tuple[nn.Module, str]:
    from regcore.models.timm.architectures import build_model
    from regcore.models.timm.weights import read_weights

    if weights is None:
        return build_model(found.name, classes=classes), "pretrained"
    read = read_weights(weights, md5=md5, sha256=sha256)
    return build_model(found.name, read.tensors, classes=classes), f"sha256:{read.sha256}"


def _as_dict(result: Export) -> dict[str, Any]:
    from regcore.schemas import json_form

    agreement = result.agreement
    return {
        "format": json_form("export"),
        "path": str(result.path),
        "bytes": result.path.stat().st_size,
        "model": result.metadata.name,
        "weights": result.metadata.weights,
        "opset": result.opset,
        "parameters": result.parameters,
        "recipe": result.metadata.recipe.to_dict(),
        "normalisation_difference": result.normalisation_difference,
        "agreement": {
            "images": agreement.images,
            "what": agreement.what,
            "same_top1": agreement.same_top1,
            "largest_difference": agreement.largest_difference,
            "largest_score": agreement.largest_score,
        },
    }


def _print(result: Export) -> None:
    agreement = result.agreement
    recipe = result.metadata.recipe
    click.echo(
        f"{result.metadata.name}, {result.parameters / 1e6:.2f} M parameters, "
        f"opset {result.opset}, takes {recipe.dtype} {recipe.layout}"
    )
    click.echo(
        f"same top-1 as torch on {agreement.same_top1} of {agreement.images} {agreement.what}, "
        f"scores differ by at most {agreement.largest_difference:.2g} "
        f"(largest score {agreement.largest_score:.3g})"
    )
    if result.normalisation_difference is not None:
        click.echo(
            "fused normalisation differs from the host's by "
            f"{result.normalisation_difference:.2g} over all 256 pixel values"
        )

"""regcore export: trained weights to ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from regcore._native.choices import LAYOUTS
from regcore.cli.console import log, print_json
from regcore.cli.options import FileLike
from regcore.counted import counted
from regcore.errors import UsageError

_FILES_WITH_WEIGHTS = 2


@click.command()
@click.argument("model", metavar="MODEL", type=FileLike())
@click.argument("files", nargs=-1, metavar="[WEIGHTS] OUT.onnx", type=click.Path(path_type=Path))
@click.option("--pretrained", is_flag=True, help="Let timm or torchvision fetch the weights.")
@click.option("--md5", metavar="HEX", help="The MD5 that the file of weights must have.")
@click.option("--sha256", metavar="HEX", help="The SHA-256 that the file of weights must have.")
@click.option(
    "--recipe",
    metavar="RECIPE",
    help="How the model wants its images, instead of what timm or torchvision say of it; see "
    "'regcore recipe list'.",
)
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
    help="ONNX operator set.  [default: the lowest that holds the model, from 11 on, which atc "
    "needs; with --dynamo 18]",
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
    model: str,
    files: tuple[Path, ...],
    pretrained: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Write MODEL with the weights of a .pth or .safetensors file as OUT.onnx.

    \b
    MODEL is one of
      NAME.TAG or timm:NAME.TAG    a model of timm
      torchvision:NAME             resnet50, or weights as in ResNet50_Weights.IMAGENET1K_V2
      package.module:function      a function without arguments that returns the torch.nn.Module;
                                   needs --recipe, while WEIGHTS may be left out

    timm's tags and torchvision's weights want different images. How they want them goes into the
    file, where run, convert and preprocess --for find it. timm's tables of accuracies are made
    with --test-size.
    The weights must fit the model exactly, and nothing in their file is executed. A function is
    imported as by python -m, the working folder included, and is executed.

    The file appears only when its scores on photos are those of torch. Its input is called image,
    float32 [N, 3, height, width], its output class.

    \b
    Examples:
      regcore export regnety_016.pycls_in1k regnety_016-54367f74.pth regnety_016.onnx \\
          --md5 fb4fc8ffd7cbf1a209d66a5ca621b451
      regcore export resnet50.a1_in1k --pretrained resnet50.onnx --fuse-preprocess
      regcore export torchvision:ResNet50_Weights.IMAGENET1K_V2 resnet50.pth resnet50.onnx
      regcore export my_models:net net.onnx --recipe regnety_016
    """  # noqa: D301
    from regcore.api.export import export_weights
    from regcore.reports.export import sentences

    weights, out = _weights_and_out(model, files, pretrained=pretrained)
    exported = export_weights(model, weights, out, **options, log=log)
    if as_json:
        print_json(exported.to_dict())
    else:
        for sentence in sentences(exported.export):
            click.echo(sentence)
    log(f"wrote {out}")


def _weights_and_out(
    model: str, files: tuple[Path, ...], *, pretrained: bool
) -> tuple[Path | None, Path]:
    from regcore.convert.onnx.model_source import is_import_path

    own = is_import_path(model)
    if pretrained and own:
        raise UsageError(f"--pretrained is not for {model}, whose function brings its weights")
    if len(files) == 1 and (pretrained or own):
        return None, files[0]
    if not pretrained and len(files) == _FILES_WITH_WEIGHTS:
        return files[0], files[1]
    wanted = "only OUT.onnx with --pretrained" if pretrained else "WEIGHTS and OUT.onnx"
    raise UsageError(
        f"expected {wanted}, not {counted(len(files), 'file')} ('regcore export --help')"
    )

"""regcore quantize: a float32 model to int8 or float16."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from regcore.cli.console import log, print_json, print_text
from regcore.cli.progress import progress_bar


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--to",
    type=click.Choice(["int8-qdq", "fp16"]),
    default="int8-qdq",
    show_default=True,
    help="int8-qdq: 8 bits, with QuantizeLinear and DequantizeLinear, which ONNX Runtime, OpenVINO "
    "and TensorRT read. fp16: float16; the calibration then only shows how far the scores are.",
)
@click.option(
    "--calibration",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder that 'regcore calibrate' wrote.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The file to write.  [default: MODEL.int8.onnx or MODEL.fp16.onnx]",
)
@click.option(
    "--method",
    type=click.Choice(["minmax", "entropy", "percentile"]),
    default="minmax",
    show_default=True,
    help="How the ranges of activations follow from the images.",
)
@click.option(
    "--percentile",
    type=click.FloatRange(50, 100, min_open=True),
    help="Of the values that --method percentile takes in.  [default: 99.999]",
)
@click.option(
    "--per-tensor",
    is_flag=True,
    help="One scale for all channels of a node's weights, instead of one for each.",
)
@click.option(
    "--symmetric",
    is_flag=True,
    help="Activations of int8 around 0, as TensorRT wants them, instead of uint8.",
)
@click.option(
    "--keep",
    multiple=True,
    metavar="LAYER",
    help="A node that stays in float, by its name, or a pattern with * and ?; can be given several "
    "times. One that only moves values, as a MaxPool, is the same in 8 bits.",
)
@click.option(
    "--search",
    metavar="N",
    type=click.IntRange(min=1),
    help="Also keep the N layers in float that cost most: each is left in float in turn, a few "
    "seconds long.",
)
@click.option(
    "--tool",
    type=click.Choice(["onnxruntime", "nncf"]),
    default="onnxruntime",
    show_default=True,
    help="Whose quantiser.",
)
@click.option("--output", help="The model's output with the scores, where it has several.")
@click.option("--force", is_flag=True, help="Replace a file that regcore did not write.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def quantize(*, as_json: bool, per_tensor: bool, **options: Any) -> None:  # noqa: ANN401
    """Quantise MODEL, an .onnx file, with ONNX Runtime's quantiser or OpenVINO's, NNCF.

    The ranges come from the images of a folder that 'regcore calibrate' wrote. They must have been
    prepared by the model's own recipe, or it is refused. The file that is written has the recipe,
    the identities of the calibration images, and the versions of the tools; 'regcore run' and
    'regcore certify' then know an image of the calibration among those of the evaluation.

    --search tells which layers cost most, by the first 64 images of the calibration: the ratio of
    the float scores to their difference in dB, without the layer in int8.

    \b
    Examples:
      regcore quantize model.onnx --to int8-qdq --calibration calibration
      regcore quantize model.onnx --calibration calibration --method entropy --keep '/classifier/*'
      regcore quantize model.onnx --calibration calibration --search 2
      regcore quantize model.onnx --calibration calibration --to fp16
    """  # noqa: D301
    from regcore.api.quantize import quantize_model
    from regcore.reports.quantize import search_table, sentences

    made = quantize_model(
        **options,
        per_channel=not per_tensor,
        log=log,
        progress=partial(progress_bar, "searching", unit="layer"),
    )
    if as_json:
        print_json(made.to_dict())
    else:
        for sentence in sentences(made.form):
            click.echo(sentence)
        if made.form.search:
            print_text(search_table(made.form.search))
    log(f"wrote {made.path}")

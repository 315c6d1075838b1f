"""regcore layers: where an int8 or float16 model leaves its float32 one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from regcore.cli.console import log, print_json, print_text
from regcore.cli.options import Photos, photos_help
from regcore.cli.progress import progress_bar

_COUNT = 16


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("images", type=Photos())
@click.option(
    "--against",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FLOAT.onnx",
    help="The float32 model that MODEL was made of.",
)
@click.option(
    "--count",
    metavar="N",
    type=click.IntRange(min=1),
    default=_COUNT,
    show_default=True,
    help="On how many images, the first ones.",
)
@click.option(
    "--recipe",
    metavar="RECIPE",
    help="How the models want their images, where neither they nor a calibration say it.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="RUN_DIR",
    help="Folder for layers.json, which 'regcore report' shows.",
)
@click.option("--force", is_flag=True, help="Replace a layers.json that is none of regcore's.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@photos_help
def layers(*, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Compare each layer of MODEL, an .onnx file of int8 or float16, with float32.

    IMAGES is a folder of 'regcore calibrate', a store, or photos. Signal to noise is the ratio of a
    layer's float32 values to their difference, as powers, in dB: 20 dB are noise of a tenth. Named
    are the first layer below that, and the one that is farthest below its inputs, where the noise
    comes in. Layers are found by the names of their results; a layer that a quantiser has merged
    with the next is left out.

    In memory at once are the values of all layers of both models, for one image, or for as many as
    the models have built in as a batch.

    \b
    Examples:
      regcore layers model.int8.onnx calibration --against model.onnx
      regcore layers model.fp16.onnx imagenet/val --against model.onnx --out fp16
    """  # noqa: D301
    from regcore.api.layers import compare_layers
    from regcore.reports.layers import sentences, to_table

    found = compare_layers(**options, log=log, progress=partial(progress_bar, "comparing"))
    if as_json:
        print_json(found.to_dict())
    else:
        for sentence in sentences(found.form):
            click.echo(sentence)
        print_text(to_table(found.form))
    if found.path is not None:
        log(f"wrote {found.path}")

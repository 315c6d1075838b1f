"""regcore calibrate: images for a quantiser."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import Any

import click

from regcore.cli.console import log, print_json
from regcore.cli.options import (
    Photos,
    labels_option,
    list_option,
    photos_help,
    preprocess_options,
)
from regcore.cli.progress import progress_bar

_COUNT = 128


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("images", type=Photos())
@click.option(
    "--count",
    metavar="N",
    type=click.IntRange(min=1),
    default=_COUNT,
    show_default=True,
    help="How many images are chosen.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("calibration"),
    show_default=True,
    help="The folder to write.",
)
@labels_option
@list_option
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the choice: another seed, other images.",
)
@click.option(
    "--amct",
    metavar="N",
    type=click.IntRange(min=1),
    help="Also write the folder amct, files of N images each, for Ascend's AMCT, and tell its "
    "command; N is the batch size of a model that has one built in.",
)
@click.option("--force", is_flag=True, help="Replace what an earlier call left in the folder.")
@preprocess_options
@photos_help
def calibrate(*, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Choose images for the quantisation of MODEL, and prepare them by its own recipe.

    Where labels are known, each class has as many images as the others. The folder has
    calibration.npy, all images as one array, for NVIDIA's ModelOpt; bin, a file for each image, for
    Ascend's tools; and calibration.json: the recipe, the model, and every image with its hash.
    'regcore quantize' takes the folder, regcore.calibration_reader gives it to ONNX Runtime,
    regcore.calibration_dataset to NNCF. others.txt names the images that were not chosen: evaluate
    on these, with --list.

    \b
    Examples:
      regcore calibrate model.onnx imagenet/val --labels val_label.txt --count 512
      regcore calibrate theirs.onnx 'train-{000..009}.tar' --recipe timm:resnet50.a1_in1k
    """  # noqa: D301
    from regcore.api.calibrate import calibrate_model

    made = calibrate_model(**options, log=log, progress=partial(progress_bar, "preprocessing"))
    if as_json:
        print_json(made.to_dict())
    else:
        click.echo(made.sentence())
    if made.amct_command:
        log(f"for AMCT: {shlex.join(made.amct_command)}")

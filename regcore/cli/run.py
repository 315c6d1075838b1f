"""regcore run: a model evaluated on labelled images."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.command_group import command_line
from regcore.cli.console import INCOMPLETE, log, print_json, print_text
from regcore.cli.device_options import device_options, trace_option
from regcore.cli.options import (
    FileLike,
    Photos,
    labels_option,
    list_option,
    metric_option,
    photos_help,
    preprocess_options,
    ray_option,
    real_option,
    verify_option,
)
from regcore.cli.progress import progress_bar
from regcore.cli.termination import interrupted_code

if TYPE_CHECKING:
    from regcore.api.evaluate import EvaluatedModel


@click.command()
@click.argument("model", type=FileLike())
@click.argument("images", type=Photos())
@labels_option
@list_option
@real_option
@click.option(
    "--out",
    default="regcore-run",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for result.json and what goes with it.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace also files that regcore did not write, and begin an interrupted run anew.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Evaluate only the first N images.")
@click.option(
    "--subset",
    is_flag=True,
    help="It is intended that labels lack their images, or images their labels: only what has both "
    "is evaluated.",
)
@click.option(
    "--background/--no-background",
    default=None,
    help="Whether class 0 is the background, and label 0 is class 1.  [default: with 1001 classes]",
)
@metric_option
@verify_option
@device_options
@trace_option
@ray_option
@preprocess_options
@photos_help
def run(*, as_json: bool, ray: str | None, **options: Any) -> None:  # noqa: ANN401
    """Evaluate MODEL on labelled IMAGES (photos or a store) and print TopN.

    MODEL is a .onnx file for ONNX Runtime, openvino:FILE.onnx or an .xml for OpenVINO, an .om for
    Ascend devices, an .engine for TensorRT, torch:NAME:WEIGHTS for timm's model itself, or
    simulated:RATE for a made-up device of RATE images/s. The result goes to result.json in --out.
    Where an image cannot be read or a labelled image is not there, it goes to
    result.incomplete.json instead, and the exit code is 3. Ctrl-C or SIGTERM ends the run in order,
    with what was done until then in result.incomplete.json. The same command again continues a run
    that was interrupted or killed, and its result is that of one without interruption. Rates
    and times go to perf.json, and to perf_vision_batchsize_N_device_M.txt as the benchmark tool
    writes it; what the model made of each image goes to predictions.csv, and everything that --json
    prints to run.json.

    \b
    Examples:
      regcore run regnety_016.onnx imagenet/val --labels val_label.txt --out result
      regcore run regnety_016.onnx imagenet-a --list some.txt
      regcore run regnety_016_bs16.om imagenet/val --labels val_label.txt --device 0,1,2,3
      regcore run regnety_016.onnx 'imagenet-val-{000..063}.tar'
    """  # noqa: D301
    from regcore.api.evaluate import UnwrittenError, evaluate_model

    try:
        how = {
            **options,
            "command": command_line(),
            "log": log,
            "progress": partial(progress_bar, "evaluating"),
        }
        if ray is None:
            evaluated = evaluate_model(**how)
        else:
            from regcore.ray.cluster import connected
            from regcore.ray.evaluation import run as run_on_cluster

            with connected(ray):
                evaluated = run_on_cluster(**how)
    except UnwrittenError as error:
        _print(error.evaluated, as_json=as_json)
        raise error.__cause__ or error from None
    _print(evaluated, as_json=as_json)
    if evaluated.report.evaluation.not_reached:
        log(f"{evaluated.report.completeness}, see {evaluated.path}; the same command goes on")
        raise click.exceptions.Exit(interrupted_code())
    if not evaluated.complete:
        log(f"{evaluated.report.completeness}, see {evaluated.path}")
        raise click.exceptions.Exit(INCOMPLETE)
    log(f"wrote {evaluated.path}")


def _print(evaluated: EvaluatedModel, *, as_json: bool) -> None:
    from regcore.reports.run import to_table

    if as_json:
        print_json(evaluated.to_dict())
    else:
        table = to_table(evaluated.report)
        table.add_row("recipe from", evaluated.recipe_from)
        print_text(table)
    if evaluated.hint is not None:
        log(evaluated.hint)

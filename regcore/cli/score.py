"""regcore score: predictions that a tool has written, against labels."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from regcore.cli.console import INCOMPLETE, log, print_json, print_text
from regcore.cli.options import metric_option, real_option
from regcore.cli.progress import progress_bar
from regcore.cli.score_options import (
    background_option,
    names_option,
    output_option,
    workers_option,
)

_WORST = 10


@click.command()
@click.argument("predictions", type=click.Path(exists=True, path_type=Path))
@click.argument("labels", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("out_dir", type=click.Path(file_okay=False, path_type=Path))
@click.argument("name", metavar="NAME.json")
@click.option(
    "--subset",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Expect only these images: a text file with a NAME in each line.",
)
@real_option
@output_option
@names_option
@click.option(
    "--ties",
    type=click.Choice(["lowest", "highest", "optimistic", "pessimistic"]),
    default="lowest",
    show_default=True,
    help="Of equal scores the first is: the lowest or highest class, the true one, or any other.",
)
@background_option
@metric_option
@click.option("--force", is_flag=True, help="Replace a NAME.json that is no such result.")
@workers_option
@click.option("--json", "as_json", is_flag=True, help="Print the score as JSON, class by class.")
@click.option(
    "--worst",
    type=click.IntRange(min=0),
    default=_WORST,
    show_default=True,
    help="With --json: the classes whose wrong answers are listed.",
)
def score(*, as_json: bool, worst: int, **options: Any) -> None:  # noqa: ANN401
    """Compare PREDICTIONS with LABELS, and write TopN to OUT_DIR/NAME.json.

    This is the guide's vision_metric_ImageNet.py: the same arguments, the same file.
    PREDICTIONS is a folder with a file for each image, as the benchmark tool (NAME_1.txt),
    ais_bench (NAME_0.bin) and msame (NAME_output_0.txt) leave it: text, raw float32 .bin or .npy.
    Or it is one array of all images, scores.npy or scores.bin, beside scores.names.txt with the
    image of each row. LABELS has NAME INDEX in each line. Of 1001 classes the first is the
    background.

    Where an image lacks its scores, or scores their label, the interval of possible accuracies is
    printed, NAME.incomplete.json says what is wrong, and the exit code is 3.

    \b
    Example:
      regcore score result/dumpOutput_device0 val_label.txt . result_bs1.json
    """  # noqa: D301
    from regcore.api.score import score_predictions
    from regcore.reports.score import completeness, to_table

    scored = score_predictions(**options, log=log, progress=partial(progress_bar, "scoring"))
    if as_json:
        print_json(scored.to_dict(worst))
    else:
        print_text(completeness(scored.score), to_table(scored.score))
    if not scored.complete:
        log(f"{completeness(scored.score)}, see {scored.path}")
        raise click.exceptions.Exit(INCOMPLETE)
    log(f"wrote {scored.path}")

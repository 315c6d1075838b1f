"""regcore labels: whether labels are those of a model's classes, by its scores."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from regcore.cli.console import NOT_MET, log, print_document, print_json
from regcore.cli.progress import progress_bar
from regcore.cli.report_option import put_into_report, report_option
from regcore.cli.score_options import (
    background_option,
    names_option,
    output_option,
    workers_option,
)
from regcore.counted import counted

_SHOWN = 10
_FIRST = 500


@click.command()
@click.argument("predictions", type=click.Path(exists=True, path_type=Path))
@click.argument("labels", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--first",
    type=click.IntRange(min=1),
    default=_FIRST,
    show_default=True,
    help="The images by which numberings are told apart, from the first on.",
)
@click.option(
    "--class-names",
    metavar="FILE|imagenet",
    help="The names of the classes, for what is printed: a name a line, or JSON.",
)
@output_option
@names_option
@background_option
@workers_option
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=_SHOWN,
    show_default=True,
    help="The probably wrong labels that are listed; --json has all.",
)
@report_option
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def labels(*, report_in: Path | None, show: int, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Ask the scores in PREDICTIONS whether LABELS are right.

    PREDICTIONS and LABELS are what `regcore score` takes; `regcore infer` makes scores of images.
    First, how the labels are numbered: as the model's classes, one off, as text is sorted, in
    another order, or of other images altogether; each with how much less likely it makes the
    predictions than the best. Then, where they are the model's classes, which labels are probably
    wrong, by confident learning.

    \b
    Exit code 1: the labels are numbered otherwise, are of other images, or it cannot be told.

    \b
    Examples:
      regcore labels scores val_label.txt
      regcore labels scores.npy labels.txt --class-names imagenet --show 50
    """  # noqa: D301
    from regcore.api.labels import examine_labels
    from regcore.reports.labels import to_text

    examined = examine_labels(**options, log=log, progress=partial(progress_bar, "comparing"))
    if as_json:
        print_json(examined.to_dict())
    else:
        print_document(to_text(examined.form, examined.found.class_names, show))
    put_into_report(report_in, examined)
    if examined.found.left_out:
        have = counted(examined.found.left_out, "label has", "labels have")
        log(f"{have} no scores that could be read")
    if not examined.sound:
        raise click.exceptions.Exit(NOT_MET)

"""regcore predictions: what a run's model made of each image, for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from regcore.cli.console import log, print_document

if TYPE_CHECKING:
    from regcore.api.predictions import TableFormat


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "csv"]),
    help="[default: by the ending of --out, .parquet or .csv; without --out parquet]",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where it goes.  [default: predictions.parquet in RUN; CSV: stdout]",
)
@click.option(
    "--class-names",
    metavar="FILE",
    help="Also name the true class and the first choice, see 'regcore predict --help'.",
)
@click.option("--force", is_flag=True, help="Replace a file that is no such table.")
def predictions(
    *, run: Path, form: TableFormat | None, out: Path | None, class_names: str | None, force: bool
) -> None:
    """Write what the model of RUN made of each image, for pandas, DuckDB, FiftyOne and others.

    RUN is a folder that 'regcore run' has written. The table has a row for each image: name, path,
    label, rank (of the true class among the five best, empty where it is not among them),
    evaluated, class1, score1, ..., class5, score5, and margin, which is score1 - score2. Parquet
    needs pip install 'regcore[arrow]'.

    \b
    Examples:
      regcore predictions result --class-names names.txt
      regcore predictions result --format csv --out table.csv
    """  # noqa: D301
    from regcore.api.predictions import export_predictions, tabulate_predictions

    if form == "csv" and out is None:
        print_document(tabulate_predictions(run, class_names=class_names).to_csv().rstrip("\n"))
        return
    written = export_predictions(run, out, table_format=form, class_names=class_names, force=force)
    log(f"wrote {written}")

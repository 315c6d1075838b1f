"""What a run's model made of each image, for other tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from regcore.api.options import existing
from regcore.api.predict import wanted_names
from regcore.errors import UsageError
from regcore.evaluation.prediction_table import (
    PREDICTION_TABLE,
    PredictionTable,
    is_prediction_table,
    prediction_table,
)
from regcore.evaluation.predictions_csv import PREDICTIONS
from regcore.evaluation.run_folder import RUN, read_run
from regcore.files.arguments import as_path, check_choice
from regcore.files.atomic import check_writable
from regcore.files.output_guard import Output, check_outputs, text_of
from regcore.files.temporary_file import remove_abandoned

TableFormat = Literal["parquet", "csv"]

_FORMATS: tuple[TableFormat, ...] = get_args(TableFormat)

_OWN_CSV = text_of(rb"name,path,label,")


def tabulate_predictions(
    run: str | Path, *, class_names: str | Path | Sequence[str] | None = None
) -> PredictionTable:
    """What a run's model made of each image, one row an image.

    run: the folder that evaluate_model has written. class_names: the names of the classes by
    index, a file of them, or "imagenet", as for predict_photos; without, there are only numbers.
    Raises DatasetError for what is no run, and UsageError for names of another model.
    """
    names, _ = wanted_names(class_names)
    return prediction_table(read_run(existing(run)), names)


def export_predictions(
    run: str | Path,
    out: str | Path | None = None,
    *,
    table_format: TableFormat | None = None,
    class_names: str | Path | Sequence[str] | None = None,
    force: bool = False,
) -> Path:
    """Writes the table of tabulate_predictions to `out`, by default predictions.parquet of the run.

    table_format: by default what the ending of `out` says. force: also replace a file that is no
    such table. Raises UsageError for an `out` that is an input or somebody else's, or ends as no
    table or another one does, OutputError where it cannot be written, and BackendError for Parquet
    without pyarrow.
    """
    folder = existing(run)
    path = folder / PREDICTION_TABLE if out is None else as_path("out", out)
    if out is None and table_format == "csv":
        raise UsageError(f"{folder / PREDICTIONS}: is there already; name another file for --out")
    as_csv = _format_of(path, table_format) == "csv"
    table = tabulate_predictions(folder, class_names=class_names)
    output = Output(path, _OWN_CSV) if as_csv else Output(path, recognise_file=is_prediction_table)
    check_outputs([output], [folder / PREDICTIONS, folder / RUN], force=force)
    check_writable(path)
    remove_abandoned(path.parent)
    if as_csv:
        table.write_csv(path)
    else:
        table.write_parquet(path)
    return path


def _format_of(path: Path, asked: TableFormat | None) -> str:
    """Raises UsageError where the name of a table, or what it is to be, says something else."""
    ending = path.suffix.lower().removeprefix(".")
    if asked is None and ending not in _FORMATS:
        known = " or ".join(f".{one}" for one in _FORMATS)
        raise UsageError(f"{path}: the name of the table must end in {known}, or --format say it")
    if asked is None:
        return ending
    check_choice("table_format", asked, _FORMATS)
    if ending in _FORMATS and ending != asked:
        raise UsageError(f"{path}: is the name of a .{ending} file, and not of {asked}")
    return asked

"""The folder of an evaluation: one process at a time, and nothing in it of an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from regcore.errors import OutputError
from regcore.evaluation.prediction_table import PREDICTION_TABLE
from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.result_outputs import RESULT, RUN_FILES, is_trace_of_a_run
from regcore.evaluation.run_folder import REPORT, TRACE, write_run
from regcore.files.atomic import check_writable
from regcore.files.lock import locked
from regcore.files.output_guard import Output, is_recognised
from regcore.files.temporary_file import remove_abandoned
from regcore.formats.guide_result import write_guide_result
from regcore.performance.perf_file import write_perf
from regcore.performance.trace_events import write_trace
from regcore.reports.run import RunReport, about, incompleteness

_LOCK = "run.lock"


@contextmanager
def claimed(out: Path) -> Iterator[None]:
    """Makes OUT the folder of this evaluation for the block.

    What an earlier one left, and what was made of it, a verdict or a comparison, is removed: it
    must not pass for the result of this one, should that be cut short. Of a trace and a report only
    those that regcore wrote are removed; others are not in the way.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot make the folder: {error.strerror}") from error
    with locked(out / _LOCK):
        remove_abandoned(out)
        check_writable(out / RESULT)
        for name in (*RUN_FILES, PREDICTION_TABLE):
            (out / name).unlink(missing_ok=True)
        _remove_views(out)
        yield


def _remove_views(out: Path) -> None:
    """Removes the trace and the report of an earlier run."""
    trace, report = out / TRACE, out / REPORT
    try:
        if trace.is_file() and is_trace_of_a_run(trace):
            trace.unlink()
        if report.is_file() and _is_report(report):
            report.unlink()
    except OSError as error:
        raise OutputError(f"{error.filename or out}: {error.strerror}") from error


def _is_report(path: Path) -> bool:
    from regcore.reports.html.report import is_report  # which few runs need

    return is_recognised(Output(path, is_report))


def write_evaluation(
    path: Path,
    report: RunReport,
    record: dict[str, Any],
    predictions: TopPredictions,
    trace: Path | None,
) -> None:
    """Writes the result to `path`, and beside it perf.json, predictions.csv and run.json.

    record: the content of run.json.
    """
    lacking = None if report.complete else incompleteness(report)
    write_guide_result(path, report.evaluation.topn, lacking)
    timeline = report.evaluation.timeline
    named = {**about(report), "recipe_from": record["recipe_from"]}
    write_perf(path.parent, report.perf, timeline, named, complete=report.complete)
    write_run(path.parent, record, predictions)
    if trace is not None:
        write_trace(trace, timeline, report.run)

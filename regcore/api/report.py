"""A run as one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from regcore.api.options import existing
from regcore.files.atomic import check_target, remove_abandoned
from regcore.files.output_guard import Output, check_outputs
from regcore.reports.html import report
from regcore.reports.html.folder import Absent

_REPORT = "report.html"


@dataclass(frozen=True)
class WrittenReport:
    """What write_report has made. absent: the sections that are not in it, with the reason."""

    path: Path
    absent: tuple[Absent, ...]


def write_report(
    folder: str | Path, out: str | Path | None = None, *, force: bool = False
) -> WrittenReport:
    """Makes one self-contained HTML file of the folder that evaluate_model has written.

    out: the file, by default report.html in the folder. force: also replace an HTML file that is
    none of regcore's. What judge_run, compare_rates and
    profile_model have written to the folder is in it, too.

    Raises DatasetError for a folder that holds no run, and RegcoreError where the packages of
    `regcore[report]` are not installed.
    """
    folder = existing(folder)
    path = folder / _REPORT if out is None else Path(out)
    check_target(path, ".html")
    read = [file for file in folder.iterdir() if file.is_file() and file.suffix != ".html"]
    check_outputs([Output(path, report.is_report)], read, force=force)
    remove_abandoned(path.parent)
    return WrittenReport(path, report.write_report(folder, path))

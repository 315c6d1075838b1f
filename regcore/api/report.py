"""A run as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from regcore.api.options import existing
from regcore.api.predict import wanted_names
from regcore.evaluation.run_folder import REPORT, read_run
from regcore.files.arguments import as_path
from regcore.files.atomic import check_target
from regcore.files.output_guard import Output, check_outputs
from regcore.files.temporary_file import remove_abandoned
from regcore.models.class_names import names_of_classes
from regcore.reports.html import report
from regcore.reports.html.checks.documents import write_document
from regcore.reports.html.folder import Absent


@dataclass(frozen=True)
class WrittenReport:
    """What write_report has made. absent: the sections that are not in it, with the reason."""

    path: Path
    absent: tuple[Absent, ...]


def write_report(
    folder: str | Path,
    out: str | Path | None = None,
    *,
    class_names: str | Path | Sequence[str] | None = None,
    force: bool = False,
) -> WrittenReport:
    """Makes one self-contained HTML file of the folder that evaluate_model has written.

    out: the file, by default report.html in the folder. class_names: the names of the model's
    classes by index, or a file of them, see regcore.models.class_names, or "imagenet"; None: those
    that the run tells, or ImageNet's where it is of timm's weights of that tag. force: also
    replace an HTML file that is none of regcore's. What judge_run, compare_rates and profile_model
    have written to the folder is in it, too.

    Raises DatasetError for a folder that holds no run, UsageError for names of another number of
    classes, and RegcoreError where the package of `regcore[report]` is not installed.
    """
    folder = existing(folder)
    path = folder / REPORT if out is None else as_path("out", out)
    check_target(path, ".html")
    read = [file for file in folder.iterdir() if file.is_file() and file.suffix != ".html"]
    check_outputs([Output(path, report.is_report)], read, force=force)
    remove_abandoned(path.parent)
    run = read_run(folder)
    names, _ = wanted_names(class_names)
    if names is not None:
        named = isinstance(class_names, (str, Path))
        source = str(class_names) if named else "class_names"
        names = names_of_classes(names, run.content.classes, source)
    return WrittenReport(path, report.write_report(run, path, names))


class Finding(Protocol):
    """What run_doctor, check_batches, identify_tensor and examine_labels return."""

    def to_dict(self) -> dict[str, Any]:
        """What the command prints with --json."""


def add_to_report(folder: str | Path, found: Finding) -> Path:
    """Puts a finding into the folder of a run, so that write_report shows it; returns its file.

    An older finding of the same kind is replaced. Raises DatasetError for a folder that holds no
    run, and UsageError for what a report does not show, or where a file of that name is none of
    regcore's.
    """
    folder = existing(folder)
    read_run(folder)
    return write_document(folder, found.to_dict())

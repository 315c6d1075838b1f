"""The result of an evaluation: one typed record, as JSON and as a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from regcore.calibration.record import RunQuantization
from regcore.counted import counted
from regcore.evaluation.run_identity import new_identity
from regcore.images.diagnostics import diagnostics_dict, diagnostics_summary
from regcore.inference.evaluate import Evaluation
from regcore.performance.perf import Perf, measure
from regcore.recipes.recipe import Recipe
from regcore.reports.metrics import metric_rows, metrics_dict
from regcore.reports.provenance import Provenance
from regcore.reports.run_form import RunForm
from regcore.reports.topn import (
    accuracies,
    accuracy_percent,
    accuracy_rows,
    doubt_rows,
    doubtful_images,
    intervals,
)
from regcore.schemas import json_form
from regcore.schemas.fields import as_dict
from regcore.schemas.recipe_form import recipe_form
from regcore.scores.metric import Measured

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class RunReport:
    """An evaluation with all that tells it from another.

    backend: the runtime and its version; provider: what really ran in it; recipe: name and
    identity of `preprocessing`; missing: names of labelled images that should have been there;
    left_out: how many images there are beyond those that were asked for. root: the folder above the
    images. beside: what was measured beside TopN and the metrics, afterwards.
    calibration_images: those that the model was calibrated with, None where it does not say.
    quantization: how the model was quantised, where it says so. run: the run's identity.
    provenance: when and by what it was made.
    """

    model: str
    backend: str
    provider: str
    recipe: str
    batch_size: int
    workers: int
    preprocessing: Recipe
    evaluation: Evaluation
    root: str
    missing: tuple[str, ...] = ()
    left_out: int = 0
    beside: tuple[Measured, ...] = ()
    calibration_images: tuple[str, ...] | None = None
    quantization: RunQuantization | None = None
    run: str = field(default_factory=new_identity)
    provenance: Provenance | None = None

    @cached_property
    def perf(self) -> Perf:
        """How fast it was."""
        timeline = self.evaluation.timeline
        return measure(timeline, batch_size=self.batch_size, workers=self.workers)

    @property
    def measured(self) -> tuple[Measured, ...]:
        """What was measured beside TopN."""
        return (*self.evaluation.metrics, *self.beside)

    @property
    def expected_images(self) -> int:
        """How many images a complete evaluation would have counted."""
        evaluation = self.evaluation
        reached = evaluation.images + len(evaluation.errors)
        return reached + evaluation.not_reached + len(self.missing)

    @property
    def complete(self) -> bool:
        """Whether every expected image was counted."""
        return self.evaluation.complete and not self.missing

    @property
    def completeness(self) -> str:
        """`200 images`, `the first 50 of 200 images`, or `INCOMPLETE: 199 of 200 images`."""
        expected = self.expected_images
        if not self.complete:
            return f"INCOMPLETE: {self.evaluation.images} of {counted(expected, 'image')}"
        if self.left_out:
            return f"the first {expected} of {counted(expected + self.left_out, 'image')}"
        return counted(expected, "image")


def incompleteness(report: RunReport) -> dict[str, Any]:
    """What a complete evaluation would have had: failed images with the reason, missing names."""
    return {
        "images": report.evaluation.images,
        "expected_images": report.expected_images,
        "failed": [{"path": str(e.path), "detail": e.detail} for e in report.evaluation.errors],
        "missing": list(report.missing),
        "not_reached": report.evaluation.not_reached,
    }


def about(report: RunReport) -> dict[str, str]:
    """What was run, in words, and the run's identity."""
    return {
        "run": report.run,
        "model": report.model,
        "backend": report.backend,
        "provider": report.provider,
        "recipe": report.recipe,
    }


def run_form(report: RunReport) -> RunForm:
    """The report for machines. Accuracies are percentages as text, times are in s."""
    evaluation, seen = report.evaluation, report.calibration_images
    content: dict[str, Any] = {
        **incompleteness(report),
        **diagnostics_dict(evaluation.diagnostics),
        **doubtful_images(evaluation.topn),
        **metrics_dict(report.measured),
        **about(report),
    }
    return RunForm(
        format=json_form("run"),
        complete=report.complete,
        left_out=report.left_out,
        kept=evaluation.kept or UNSET,
        calibration_images=UNSET if seen is None else list(seen),
        quantization=UNSET if report.quantization is None else report.quantization,
        classes=evaluation.topn.classes,
        hits=evaluation.topn.hits.tolist(),
        accuracy=accuracies(evaluation.topn),
        accuracy_percent=accuracy_percent(evaluation.topn),
        interval=intervals(evaluation.topn),
        root=report.root,
        preprocessing=recipe_form(report.preprocessing.to_dict()),
        batch_size=report.batch_size,
        workers=report.workers,
        images_per_s=round(evaluation.images_per_s, 2),
        interface_images_per_s=report.perf.interface_images_per_s,
        seconds=round(evaluation.seconds, 4),
        device_seconds=round(evaluation.device_seconds, 4),
        wait_seconds=round(evaluation.wait_seconds, 4),
        **content,
        **_made(report.provenance),
    )


def _made(provenance: Provenance | None) -> dict[str, Any]:
    if provenance is None:
        return {}
    names = provenance.class_names
    return {
        "date": provenance.date,
        "command": UNSET if provenance.command is None else provenance.command,
        "model_hash": UNSET if provenance.model_hash is None else provenance.model_hash,
        "model_bytes": UNSET if provenance.model_bytes is None else provenance.model_bytes,
        "environment": provenance.environment,
        "class_names": UNSET if names is None else list(names),
    }


def to_dict(report: RunReport) -> dict[str, Any]:
    """The same as what json.dumps takes."""
    return as_dict(run_form(report))


def to_table(report: RunReport) -> Table:
    """The report for people, as a rich table of two columns."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from regcore.reports.printable import printable

    evaluation = report.evaluation
    table = Table(
        title=report.completeness, title_justify="left", show_header=False, box=box.SIMPLE
    )
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in {
        **accuracy_rows(evaluation.topn),
        **metric_rows(report.measured),
    }.items():
        table.add_row(name, value)
    table.add_section()
    for name, value in {
        **diagnostics_summary(evaluation.diagnostics),
        **doubt_rows(evaluation.topn),
    }.items():
        table.add_row(name, value)
    table.add_section()
    if evaluation.kept:
        of = counted(evaluation.kept, "image")
        kept = f"the scores of {of}, by an interrupted run; rates are of the rest"
        table.add_row("kept", kept)
    table.add_row("rate", f"{evaluation.images_per_s:.1f} images/s")
    if report.perf.interface_images_per_s is not None:
        table.add_row("device alone", f"{report.perf.interface_images_per_s:.1f} images/s")
    took = f"{evaluation.seconds:.2f} s"
    if len(evaluation.timeline.batches):  # none where other machines ran the model
        took += (
            f", of it {evaluation.device_seconds:.2f} s in the model "
            f"and {evaluation.wait_seconds:.2f} s waiting for images"
        )
    table.add_row("time", took)
    table.add_section()
    for name, value in (
        ("model", report.model),
        ("backend", f"{report.backend}, {report.provider}"),
        ("recipe", report.recipe),
    ):
        table.add_row(name, escape(printable(value)))
    table.add_row("batch, workers", f"{report.batch_size}, {report.workers}")
    return table

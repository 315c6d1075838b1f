"""What each section of a report shows, from the files that there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regcore.evaluation.run_folder import Run
from regcore.reports.html import accuracy, bars, mistakes, provenance, summary, timeline
from regcore.reports.html.checks.batchcheck import read_batchcheck
from regcore.reports.html.checks.doctor import read_doctor
from regcore.reports.html.checks.identify import read_identification
from regcore.reports.html.checks.labels import read_labels
from regcore.reports.html.class_names import class_names
from regcore.reports.html.contents import ComparisonContent, ProfileContent
from regcore.reports.html.folder import Absent, RunFiles
from regcore.reports.html.perf_content import PerfContent
from regcore.reports.html.quantization import read_quantization
from regcore.reports.metrics import value_rows


class Sections:
    """The content of a report; `absent` has what is not in it."""

    def __init__(self, run: Run, class_names: Sequence[str] | None = None) -> None:
        """class_names: of the model's classes, by index; None: those that the run tells."""
        self._record = run
        self._run = run.content
        self._class_names = class_names
        self._files = RunFiles(run)

    @property
    def absent(self) -> list[Absent]:
        """What is left out, and why."""
        return self._files.absent

    def content(self) -> dict[str, Any]:
        """The variables of the templates."""
        run, files, run_folder = self._run, self._files, self._record.folder
        record = files.record()
        perf = files.perf()
        profile = files.profile()
        comparison = files.comparison()
        verdict = files.verdict()
        rows = accuracy.top_rows(run)
        return {
            "run": run,
            "name": Path(run.model).name,
            "counted": summary.counted_images(run),
            "date": provenance.date(record),
            "below": lambda path: path.removeprefix(f"{run.root}/"),
            "topn": rows,
            "first": accuracy.shown_first(rows),
            "strip": accuracy.verdict_strip(verdict, rows[0] if rows else None),
            "metrics": value_rows(run.metrics),
            "calibration": accuracy.calibration(run),
            "verdict": verdict,
            "mark": summary.mark,
            "quantization": files.section(
                "quantisation", lambda: read_quantization(run_folder, run)
            ),
            "certificate": files.certificate(),
            "batchcheck": files.section("batch check", lambda: read_batchcheck(run_folder, run)),
            "identified": files.section(
                "identified tensor", lambda: read_identification(self._record)
            ),
            "doctor": files.section("doctor", lambda: read_doctor(run_folder)),
            "sentences": summary.verdict_sentences(verdict),
            "perf": perf,
            "reached": summary.reached(perf),
            "bottleneck": summary.bottleneck(perf),
            "timelines": self._timelines(perf),
            "comparison": comparison,
            "rates": self._rates(comparison, profile),
            "loads": bars.stage_loads(perf) if perf else None,
            "profile": profile,
            "ceilings": bars.ceilings(profile.ceilings) if profile else None,
            "groups": provenance.provenance(run, record, perf),
            **self._mistakes(record),
        }

    def _mistakes(self, record: dict[str, Any]) -> dict[str, Any]:
        names = class_names(self._run, record, self._class_names)
        predictions = self._files.section("mistakes", self._record.predictions)
        if predictions is None:
            return {"worst": None, "mistakes": None, "labels": None}
        root = Path(self._run.root)
        return {
            "labels": self._files.section(
                "labels", lambda: read_labels(self._record, predictions, names)
            ),
            "worst": mistakes.worst_classes(predictions, names),
            "mistakes": mistakes.most_confident(predictions, root, names),
        }

    def _timelines(self, perf: PerfContent | None) -> list[timeline.View]:
        """Of the trace where there is one, else of the times of the batches."""
        if perf is None:
            self._files.without("timeline", "it needs the perf.json of this run")
            return []
        trace = self._files.trace(perf)
        times = perf.batch_times

        def found() -> list[timeline.View]:
            if trace is not None:
                rows = timeline.rows_of_trace(trace)
            else:
                rows = timeline.rows_of_batches(times) if times else []
            if not rows:
                return []
            views = timeline.views(rows, perf.seconds, perf.batches)
            return [view for view in views if view is not None]

        return self._files.section("timeline", found) or []

    def _rates(
        self, comparison: ComparisonContent | None, profile: ProfileContent | None
    ) -> list[dict[str, Any]]:
        """Rates by batch size, of what has more than one."""
        shown: dict[str, dict[str, dict[int, float]]] = {}
        if comparison:
            shown[f"Compared results, {comparison.metric}, in images/s"] = {
                column.name: {cell.batch: cell.images_per_s for cell in column.cells}
                for column in comparison.columns
                if column.cells
            }
        if profile:
            shown["The profile: the device with a batch at hand, and the whole, in images/s"] = {
                "device alone": {b.batch_size: b.device_images_per_s for b in profile.batches},
                "end to end": {b.batch_size: b.images_per_s for b in profile.batches},
            }
        several = {
            caption: series
            for caption, series in shown.items()
            if max(map(len, series.values()), default=0) > 1
        }
        if not several:
            self._files.without("rates by batch", "there are results of one batch size only")
        return [
            {"caption": caption, "groups": bars.rates_by_batch(series)}
            for caption, series in several.items()
        ]

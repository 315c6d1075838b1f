"""What each section of a report shows, from the files that there are, or why it is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from regcore.errors import DatasetError, RegcoreError
from regcore.evaluation.intervals import wilson
from regcore.evaluation.run_content import RunContent
from regcore.evaluation.run_folder import COMPARISON, PERF, PROFILE, VERDICT, Run
from regcore.evaluation.run_identity import contradiction, is_of_another, is_same_model, strangers
from regcore.files.json_input import as_form, read_json
from regcore.reports.html import charts, mistakes, timeline
from regcore.reports.html.contents import (
    ComparisonContent,
    PerfContent,
    ProfileContent,
    TraceContent,
    VerdictContent,
)
from regcore.reports.metrics import value_rows
from regcore.schemas import json_form

_TRACE = "trace.json"

_T = TypeVar("_T")
_C = TypeVar("_C")
_Own = TypeVar("_Own", VerdictContent, TraceContent, ComparisonContent)


@dataclass(frozen=True)
class Absent:
    """A section that is left out, and why."""

    section: str
    reason: str


class Sections:
    """The content of a report; `absent` has what is not in it."""

    def __init__(self, run: Run) -> None:
        self._folder = run.folder
        self._record = run
        self._run = run.content
        self.absent: list[Absent] = []

    def content(self) -> dict[str, Any]:
        """The variables of the template."""
        run = self._run
        perf = self._perf()
        trace = self._trace(perf)
        profile = self._profile()
        comparison = self._comparison()
        predictions = self._section("mistakes", self._record.predictions)
        names = mistakes.class_names(run)
        return {
            "run": run,
            "name": Path(run.model).name,
            "below": lambda path: path.removeprefix(f"{run.root}/"),
            "topn": _topn(run),
            "metrics": value_rows(run.metrics),
            "verdict": self._of_this_run(
                VERDICT, VerdictContent, "verdict", "verdict", "'regcore verdict FOLDER' writes it"
            ),
            "perf": perf,
            "comparison": comparison,
            "rates": self._rates(comparison, profile),
            "loads": charts.stage_loads(perf) if perf else None,
            "timelines": self._section("timeline", lambda: timeline.timelines(trace, perf.seconds))
            if trace and perf
            else None,
            "profile": profile,
            "ceilings": charts.ceilings(profile.ceilings) if profile else None,
            "confusion": mistakes.confusion(predictions, names) if predictions else None,
            "mistakes": mistakes.most_confident(predictions, Path(run.root), names)
            if predictions
            else None,
        }

    def _json(
        self, name: str, kind: type[_C], form: str | None, section: str, advice: str
    ) -> _C | None:
        """The content of a file of a form; None, and said to be absent, where it is not one."""
        path = self._folder / name
        if not path.exists():
            self._without(section, f"there is no {name}; {advice}")
            return None
        try:
            content = read_json(path, dict[str, Any])
            if form is not None and content.get("format") != json_form(form):
                self._without(section, f"{name} is of another version, or of another tool")
                return None
            return as_form(content, kind, path)
        except DatasetError as error:
            self._without(section, f"{name} cannot be read ({error})")
            return None

    def _without(self, section: str, reason: str) -> None:
        self.absent.append(Absent(section, reason))

    def _section(self, name: str, make: Callable[[], _T]) -> _T | None:
        try:
            return make()
        except RegcoreError as error:
            self._without(name, str(error))
            return None

    def _of_this_run(
        self, name: str, kind: type[_Own], form: str | None, section: str, advice: str
    ) -> _Own | None:
        """The same, of a file that carries the identity of a run."""
        content = self._json(name, kind, form, section, advice)
        if content is not None and is_of_another(self._run.run, content.run):
            self._without(section, f"{name} is of another run; {advice}")
            return None
        return content

    def _perf(self) -> PerfContent | None:
        """perf.json, if it is this run's."""
        perf = self._json(PERF, PerfContent, "perf", "rates", "'regcore run' writes it")
        why = contradiction(asdict(self._run), asdict(perf)) if perf else None
        if why is not None:
            self._without("rates", f"{PERF} {why}")
            return None
        return perf

    def _profile(self) -> ProfileContent | None:
        """profile.json, if it is of this run's model and recipe."""
        section = "each stage alone"
        advice = "'regcore profile MODEL IMAGES --batch 1,4,8,16 --out FOLDER' writes it"
        profile = self._json(PROFILE, ProfileContent, "profile", section, advice)
        if profile is None:
            return None
        for what, found, expected, is_same in (
            ("model", profile.model, self._run.model, is_same_model),
            ("recipe", profile.recipe, self._run.recipe, str.__eq__),
        ):
            if not is_same(expected, found):
                why = f"{PROFILE} is of another {what}, {found}, not {expected}; {advice}"
                self._without(section, why)
                return None
        return profile

    def _trace(self, perf: PerfContent | None) -> TraceContent | None:
        section, advice = "timeline", f"'regcore run --trace FOLDER/{_TRACE}' writes it"
        if perf is None:
            self._without(section, f"it needs the {PERF} of this run beside {_TRACE}")
            return None
        trace = self._of_this_run(_TRACE, TraceContent, None, section, advice)
        if trace and timeline.traced_batches(trace) != perf.batches:
            self._without(section, f"{_TRACE} is of another run; {advice}")
            return None
        return trace

    def _comparison(self) -> ComparisonContent | None:
        """What 'regcore compare' has put there, else the results of the run alone."""
        from regcore.reports.comparison.comparison_file import to_dict
        from regcore.reports.comparison.sources import Source
        from regcore.reports.comparison.table import compare, read_column

        advice = f"'regcore compare NAME=RESULT ... --out FOLDER' writes {COMPARISON}"
        if (self._folder / COMPARISON).exists():
            compared = self._of_this_run(
                COMPARISON, ComparisonContent, "comparison", "comparison with other devices", advice
            )
            if compared is not None:
                return compared
        else:
            self._without("comparison with other devices", advice)
        for name, why in (self._section("results", lambda: strangers(self._folder)) or {}).items():
            if name != PERF:
                self._without("rates by batch", f"{name} {why}")

        def alone() -> ComparisonContent:
            column = read_column("this run", [Source(self._folder)], "interface")
            content = to_dict(compare("interface", [column], []))
            return as_form(content, ComparisonContent, self._folder)

        return self._section("results", alone)

    def _rates(
        self, comparison: ComparisonContent | None, profile: ProfileContent | None
    ) -> list[dict[str, str]]:
        """Plots of rates by batch size, of what has more than one."""
        plots: dict[str, dict[str, dict[int, float]]] = {}
        if comparison:
            plots[f"Compared results, {comparison.metric}."] = {
                column.name: {cell.batch: cell.images_per_s for cell in column.cells}
                for column in comparison.columns
                if column.cells
            }
        if profile:
            plots["The profile: the device with a batch at hand, and the whole."] = {
                "device alone": {b.batch_size: b.device_images_per_s for b in profile.batches},
                "end to end": {b.batch_size: b.images_per_s for b in profile.batches},
            }
        shown = [
            {"caption": caption, "svg": charts.rates_by_batch(series, f"rates{number}")}
            for number, (caption, series) in enumerate(plots.items())
            if max(map(len, series.values()), default=0) > 1
        ]
        if not shown:
            self._without("rates by batch", "there are results of one batch size only")
        return shown


def _topn(run: RunContent) -> list[dict[str, Any]]:
    """Top1, Top2, ... with Wilson's intervals, in percent; `possible` of all that were expected."""
    rows = []
    for rank, hits in enumerate(run.hits, 1):
        if not run.images:
            break
        interval = wilson(hits, run.images)
        most = hits + run.expected_images - run.images
        low, high = (100 * count / run.expected_images for count in (hits, most))
        rows.append(
            {
                "name": f"Top{rank}",
                "accuracy": run.accuracy[f"Top{rank}"],
                "hits": hits,
                "low": f"{100 * interval.low:.2f}",
                "high": f"{100 * interval.high:.2f}",
                "possible": f"{low:.2f} to {high:.2f}",
            }
        )
    return rows

"""The files in a run's folder that a report shows, or why one of them is not shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from regcore.errors import DatasetError, RegcoreError
from regcore.evaluation.run_folder import COMPARISON, PERF, PROFILE, RUN, TRACE, VERDICT, Run
from regcore.evaluation.run_identity import contradiction, is_of_another, is_same_model, strangers
from regcore.files.json_input import as_form, read_json
from regcore.reports.html import timeline
from regcore.reports.html.certificate import ShownCertificate, read_certificate
from regcore.reports.html.contents import ComparisonContent, ProfileContent, VerdictContent
from regcore.reports.html.perf_content import PerfContent, TraceContent
from regcore.schemas import json_form

_T = TypeVar("_T")
_C = TypeVar("_C")
_Own = TypeVar("_Own", VerdictContent, TraceContent, ComparisonContent)


@dataclass(frozen=True)
class Absent:
    """A section that is left out, and why."""

    section: str
    reason: str


class RunFiles:
    """What is read from a run's folder; `absent` has what could not be."""

    def __init__(self, run: Run) -> None:
        self._folder = run.folder
        self._run = run.content
        self.absent: list[Absent] = []

    def without(self, section: str, reason: str) -> None:
        """Says that a section is left out."""
        self.absent.append(Absent(section, reason))

    def section(self, name: str, make: Callable[[], _T]) -> _T | None:
        """What `make` returns; None, and said to be absent, where it raises."""
        try:
            return make()
        except RegcoreError as error:
            self.without(name, str(error))
            return None

    def record(self) -> dict[str, Any]:
        """All of run.json."""
        return read_json(self._folder / RUN, dict[str, Any])

    def verdict(self) -> VerdictContent | None:
        """verdict.json, if it is of this run."""
        advice = "'regcore verdict FOLDER' writes it"
        return self._of_this_run(VERDICT, VerdictContent, "verdict", "verdict", advice)

    def certificate(self) -> ShownCertificate | None:
        """The certificate, if there is one and it is about this run."""
        return self.section("certificate", lambda: read_certificate(self._folder))

    def perf(self) -> PerfContent | None:
        """perf.json, if it is this run's."""
        perf = self._json(PERF, PerfContent, "perf", "rates", "'regcore run' writes it")
        why = contradiction(asdict(self._run), _figures(perf)) if perf else None
        if why is not None:
            self.without("rates", f"{PERF} {why}")
            return None
        return perf

    def profile(self) -> ProfileContent | None:
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
                self.without(section, why)
                return None
        return profile

    def trace(self, perf: PerfContent) -> TraceContent | None:
        """trace.json, if it is of this run, whose perf.json is given."""
        section = "timeline of each stage"
        advice = f"'regcore run --trace FOLDER/{TRACE}' writes it"
        trace = self._of_this_run(TRACE, TraceContent, None, section, advice)
        if trace and timeline.traced_batches(trace) != perf.batches:
            self.without(section, f"{TRACE} is of another run; {advice}")
            return None
        return trace

    def comparison(self) -> ComparisonContent | None:
        """What 'regcore compare' has put there, else the results of the run alone."""
        advice = f"'regcore compare NAME=RESULT ... --out FOLDER' writes {COMPARISON}"
        section = "comparison with other devices"
        if (self._folder / COMPARISON).exists():
            compared = self._of_this_run(
                COMPARISON, ComparisonContent, "comparison", section, advice
            )
            if compared is not None:
                return compared
        else:
            self.without(section, advice)
        for name, why in (self.section("results", lambda: strangers(self._folder)) or {}).items():
            if name != PERF:
                self.without("rates by batch", f"{name} {why}")
        return self.section("results", self._alone)

    def _alone(self) -> ComparisonContent | None:
        """The rates of this run; None of one batch size, which the rest of the report has."""
        from regcore.reports.comparison.comparison_file import to_dict
        from regcore.reports.comparison.sources import Source
        from regcore.reports.comparison.table import compare, read_column

        column = read_column("this run", [Source(self._folder)], "interface")
        content = to_dict(compare("interface", [column], []))
        alone = as_form(content, ComparisonContent, self._folder)
        return alone if len(alone.columns[0].cells) > 1 else None

    def _json(
        self, name: str, kind: type[_C], form: str | None, section: str, advice: str
    ) -> _C | None:
        """The content of a file of a form; None, and said to be absent, where it is not one."""
        path = self._folder / name
        if not path.exists():
            self.without(section, f"there is no {name}; {advice}")
            return None
        try:
            content = read_json(path, dict[str, Any])
            if form is not None and content.get("format") != json_form(form):
                self.without(section, f"{name} is of another version, or of another tool")
                return None
            return as_form(content, kind, path)
        except DatasetError as error:
            self.without(section, f"{name} cannot be read ({error})")
            return None

    def _of_this_run(
        self, name: str, kind: type[_Own], form: str | None, section: str, advice: str
    ) -> _Own | None:
        """The same, of a file that carries the identity of a run."""
        content = self._json(name, kind, form, section, advice)
        if content is not None and is_of_another(self._run.run, content.run):
            self.without(section, f"{name} is of another run; {advice}")
            return None
        return content


def _figures(perf: PerfContent) -> dict[str, Any]:
    return {"run": perf.run, "seconds": perf.seconds}

"""A run's folder as one HTML file, without anything from the network.

What the folder does not hold is left out, and said to be.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from regcore.atomic import write_text
from regcore.decisions import Decisions
from regcore.errors import RegcoreError
from regcore.html_report import charts, mistakes, timeline
from regcore.perf import PERF
from regcore.profile import PROFILE
from regcore.run_folder import VERDICT, Run, read_run
from regcore.schemas import json_form
from regcore.statistics import wilson

_TEMPLATE = "template.html"
_TRACE = "trace.json"


@dataclass(frozen=True)
class Absent:
    """A section that is left out, and why."""

    section: str
    reason: str


def write_report(folder: Path, out: Path) -> tuple[Absent, ...]:
    """Writes the report of the run in `folder`; returns what is not in it.

    Raises DatasetError for a folder that `regcore run` has not written, and RegcoreError where
    the packages of the extra `report` are missing.
    """
    environment = _import_jinja().Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(
        (files("regcore.html_report") / _TEMPLATE).read_text("utf-8")
    )
    sections = _Sections(read_run(folder))
    content = sections.content()
    write_text(out, template.render(**content, absent=sections.absent) + "\n")
    return tuple(sections.absent)


def _import_jinja() -> Any:  # noqa: ANN401
    try:
        import jinja2
        import matplotlib as mpl  # noqa: F401
    except ImportError as error:
        raise RegcoreError(
            f"a report needs Jinja and Matplotlib ({error}); "
            "install them with: pip install 'regcore[report]'"
        ) from error
    return jinja2


class _Sections:
    """What each section shows, from the files that there are."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.absent: list[Absent] = []

    def content(self) -> dict[str, Any]:
        run = self._run.report
        perf = self._perf()
        trace = self._trace(perf) if perf else None
        profile = self._json(
            PROFILE,
            "profile",
            "each stage alone",
            "'regcore profile MODEL IMAGES --batch 1,4,8,16 --out FOLDER' writes it",
        )
        comparison = self._comparison()
        decisions = self._section("mistakes", self._run.decisions)
        return {
            "run": run,
            "name": Path(run["model"]).name,
            "below": lambda path: path.removeprefix(f"{run['root']}/"),
            "topn": _topn(run),
            "verdict": self._json(
                VERDICT, "verdict", "verdict", "'regcore verdict FOLDER ...' writes it"
            ),
            "perf": perf,
            "comparison": comparison,
            "rates": self._rates(comparison, profile),
            "loads": charts.stage_loads(perf) if perf else None,
            "timelines": timeline.timelines(trace, float(perf["seconds"]))
            if trace and perf
            else None,
            "profile": profile,
            "ceilings": charts.ceilings(profile) if profile else None,
            "confusion": mistakes.confusion(decisions, _names(run)) if decisions else None,
            "mistakes": self._mistakes(decisions),
        }

    def _json(self, name: str, form: str | None, section: str, advice: str) -> Any:  # noqa: ANN401
        """The content of a file of a form; None, and said to be absent, where it is not one."""
        try:
            content = json.loads((self._run.folder / name).read_bytes())
        except FileNotFoundError:
            return self._without(section, f"there is no {name}; {advice}")
        except (OSError, ValueError) as error:
            return self._without(section, f"{name} cannot be read ({error})")
        if not isinstance(content, dict) or (
            form is not None and content.get("format") != json_form(form)
        ):
            return self._without(section, f"{name} is of another version, or of another tool")
        return content

    def _without(self, section: str, reason: str) -> None:
        self.absent.append(Absent(section, reason))

    def _section(self, name: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        try:
            return make()
        except RegcoreError as error:
            return self._without(name, str(error))

    def _perf(self) -> Any:  # noqa: ANN401
        """perf.json, if it is this run's; 'regcore infer' into the same folder replaces it."""
        perf = self._json(PERF, "perf", "rates", "'regcore run' writes it")
        if perf and round(perf["seconds"], 4) != self._run.report["seconds"]:
            return self._without("rates", f"{PERF} is of another run, which came later")
        return perf

    def _trace(self, perf: dict[str, Any]) -> Any:  # noqa: ANN401
        section, advice = "timeline", f"'regcore run --trace FOLDER/{_TRACE}' writes it"
        trace = self._json(_TRACE, None, section, advice)
        if trace and timeline.traced_batches(trace) != perf["batches"]:
            return self._without(section, f"{_TRACE} is of another run; {advice}")
        return trace

    def _comparison(self) -> Any:  # noqa: ANN401
        """What 'regcore compare' has put there, else the results of the run alone."""
        from regcore.comparison.readers import Source
        from regcore.comparison.rendering import COMPARISON, to_dict
        from regcore.comparison.table import compare, read_column

        if (self._run.folder / COMPARISON).exists():
            return self._json(COMPARISON, "comparison", "comparison", "")

        def alone() -> dict[str, Any]:
            column = read_column("this run", [Source(self._run.folder)], "interface")
            return to_dict(compare("interface", [column], []))

        advice = f"'regcore compare NAME=RESULT ... --out FOLDER' writes {COMPARISON}"
        self._without("comparison with other devices", advice)
        return self._section("results", alone)

    def _rates(self, comparison: Any, profile: Any) -> list[dict[str, str]]:  # noqa: ANN401
        """Plots of rates by batch size, of what has more than one."""
        plots = {}
        if comparison:
            plots[f"Compared results, {comparison['metric']}."] = {
                column["name"]: {cell["batch"]: cell["images_per_s"] for cell in column["cells"]}
                for column in comparison["columns"]
                if column["cells"]
            }
        if profile:
            plots["The profile: the device with a batch at hand, and the whole."] = {
                name: {batch["batch_size"]: batch[key] for batch in profile["batches"]}
                for name, key in (
                    ("device alone", "device_images_per_s"),
                    ("end to end", "images_per_s"),
                )
            }
        shown = [
            {"caption": caption, "svg": charts.rates_by_batch(series, f"rates{number}")}
            for number, (caption, series) in enumerate(plots.items())
            if max(map(len, series.values()), default=0) > 1
        ]
        if not shown:
            self._without("rates by batch", "there are results of one batch size only")
        return shown

    def _mistakes(self, decisions: Decisions | None) -> list[dict[str, Any]] | None:
        if decisions is None:
            return None
        return mistakes.most_confident(
            decisions, Path(self._run.report.get("root", "")), _names(self._run.report)
        )


def _topn(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Top1, Top2, ... with Wilson's intervals, in percent; `possible` of all that were expected."""
    rows = []
    images, expected = int(run["images"]), int(run["expected_images"])
    for rank, hits in enumerate(run["hits"], 1):
        interval = wilson(int(hits), images)
        most = hits + expected - images
        rows.append(
            {
                "name": f"Top{rank}",
                "accuracy": run["accuracy"][f"Top{rank}"],
                "hits": hits,
                "low": f"{100 * interval.low:.2f}",
                "high": f"{100 * interval.high:.2f}",
                "possible": f"{100 * hits / expected:.2f} to {100 * most / expected:.2f}",
            }
        )
    return rows


def _names(run: dict[str, Any]) -> mistakes.Names:
    """What to call a class: ImageNet's names where timm is at hand, else numbers."""
    background = ["background"] * (run["classes"] - mistakes.IMAGENET_CLASSES)
    if len(background) <= 1 and run["classes"] >= mistakes.IMAGENET_CLASSES:
        try:
            from regcore.convert.timm_models import imagenet_class_names

            return mistakes.Names([*background, *imagenet_class_names()])
        except RegcoreError:
            pass
    return mistakes.Names([])

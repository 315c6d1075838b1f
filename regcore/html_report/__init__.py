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
from regcore.errors import DatasetError, RegcoreError
from regcore.html_report import charts, mistakes
from regcore.perf import PERF
from regcore.profile import PROFILE
from regcore.run_folder import Run, read_run
from regcore.statistics import wilson

_TEMPLATE = "template.html"
_VERDICT = "verdict.json"
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
        perf = self._json(PERF, "rates", "regcore run writes it")
        trace = self._json(_TRACE, "timeline", f"'regcore run --trace FOLDER/{_TRACE}' writes it")
        profile = self._json(
            PROFILE, "stages alone", "'regcore profile MODEL IMAGES --out FOLDER' writes it"
        )
        decisions = self._section("mistakes", self._run.decisions)
        return {
            "run": run,
            "topn": _topn(run),
            "verdict": self._json(_VERDICT, "verdict", "'regcore verdict FOLDER ...' writes it"),
            "perf": perf,
            "comparison": self._section("comparison", self._comparison),
            "rates": self._section("rates by batch", self._rates),
            "loads": charts.stage_loads(perf) if perf else None,
            "timelines": charts.timelines(trace, perf) if trace and perf else None,
            "profile": profile,
            "ceilings": charts.ceilings(profile) if profile else None,
            "confusion": mistakes.confusion(decisions, _names(run)) if decisions else None,
            "mistakes": self._mistakes(decisions),
        }

    def _json(self, name: str, section: str, advice: str) -> dict[str, Any] | None:
        path = self._run.folder / name
        try:
            content: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            self.absent.append(Absent(section, f"there is no {name}; {advice}"))
            return None
        except (OSError, ValueError) as error:
            self.absent.append(Absent(section, f"{name} cannot be read ({error})"))
            return None
        return content

    def _section(self, name: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        try:
            return make()
        except RegcoreError as error:
            self.absent.append(Absent(name, str(error)))
            return None

    def _comparison(self) -> dict[str, Any]:
        from regcore.comparison.readers import Source
        from regcore.comparison.rendering import rows_of_texts, sources
        from regcore.comparison.table import compare, read_column

        column = read_column("this run", [Source(self._run.folder)], "interface")
        table = compare("interface", [column], [])
        return {"table": rows_of_texts(table), "sources": sources(table)}

    def _rates(self) -> str:
        from regcore.comparison.readers import Source

        series = {
            metric: {cell.batch: float(cell.images_per_s) for cell in cells}
            for metric in ("interface", "end-to-end")
            if (cells := Source(self._run.folder).read(metric).rates)
        }
        if max(map(len, series.values())) == 1:
            raise DatasetError("there are results of one batch size only")
        return charts.rates_by_batch(series)

    def _mistakes(self, decisions: Decisions | None) -> list[dict[str, Any]] | None:
        if decisions is None:
            return None
        return mistakes.most_confident(
            decisions, Path(self._run.report.get("root", "")), _names(self._run.report)
        )


def _topn(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Top1, Top2, ... with Wilson's intervals, in percent."""
    rows = []
    for rank, hits in enumerate(run["hits"], 1):
        interval = wilson(int(hits), int(run["images"]))
        rows.append(
            {
                "name": f"Top{rank}",
                "accuracy": run["accuracy"][f"Top{rank}"],
                "hits": hits,
                "low": f"{100 * interval.low:.2f}",
                "high": f"{100 * interval.high:.2f}",
            }
        )
    return rows


def _names(run: dict[str, Any]) -> mistakes.Names:
    """What to call a class: ImageNet's names where timm is at hand, else numbers."""
    if run["classes"] == mistakes.IMAGENET_CLASSES:
        try:
            from regcore.convert.timm_models import imagenet_class_names

            return mistakes.Names(imagenet_class_names())
        except RegcoreError:
            pass
    return mistakes.Names([])

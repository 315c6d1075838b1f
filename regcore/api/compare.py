"""Rates and accuracies of several devices side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from regcore.api.calibration_check import tell_seen
from regcore.api.messages import Log, no_log
from regcore.errors import UsageError
from regcore.evaluation.run_folder import COMPARISON, RUN, Run, read_run
from regcore.evaluation.run_identity import identity_in
from regcore.evaluation.verdict import Margin
from regcore.files.arguments import as_path, check_several
from regcore.files.atomic import write_text
from regcore.files.output_guard import Output, check_outputs, json_of
from regcore.files.temporary_file import remove_abandoned
from regcore.formats.rate import RateKind
from regcore.reports.comparison.comparison_file import to_dict
from regcore.reports.comparison.ports import ports
from regcore.reports.comparison.rendering import to_html
from regcore.reports.comparison.sources import Source
from regcore.reports.comparison.table import Comparison, Ratio, compare, read_column
from regcore.reports.printable import printable


@dataclass(frozen=True)
class ComparedRates:
    """What compare_rates has read.

    path: of comparison.json, None where none was asked for. run: the identity of the run in that
    folder.
    """

    comparison: Comparison
    path: Path | None = None
    run: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every accuracy is of all images that were expected."""
        return not self.comparison.incomplete

    def to_dict(self) -> dict[str, Any]:
        """What `regcore compare --json` prints, and comparison.json holds."""
        return to_dict(self.comparison, self.run)

    def _repr_html_(self) -> str:
        return to_html(self.comparison)


def compare_rates(
    results: Sequence[str],
    *,
    chips: Mapping[str, int] | None = None,
    ratios: Iterable[str] = (),
    metric: RateKind = "interface",
    against: str | None = None,
    max_drop: str | float | None = None,
    out: str | Path | None = None,
    force: bool = False,
    log: Log = no_log,
) -> ComparedRates:
    """Puts measured rates and accuracies side by side: batch sizes down, devices across.

    results: "RESULT" or "NAME=RESULT", where NAME is the column and RESULT a file or a folder, see
    `regcore compare --help`. chips: for a column, the devices of a card, by which the rate of one
    is multiplied. ratios: "A/B" or "A/B:DECIMALS", a column divided by another. metric: the rate
    of one device inside the model's execution only ("interface"), "end-to-end", or of a stage of
    the benchmark tool. against: the column that counts as right: the others that are folders of
    runs, on the same images, are compared to it image by image: their size, the images that were
    lost and won, the change of Top1 with its interval, McNemar's p, whether they are equivalent
    within max_drop (as for regcore.judge_run), and the classes that lost most. log: is told of
    images that a model was calibrated with. out: the folder for comparison.json; by default none
    is written. force: also replace a comparison.json that is none of regcore's.

    Raises UsageError for names that do not fit, DatasetError for results that cannot be read, and
    MismatchError where two of them are of the same cell.
    """
    check_several("results", results)
    check_several("ratios", ratios)
    if not results:
        raise UsageError("name at least one result, or --lint GUIDE.md")
    path = None if out is None else as_path("out", out) / COMPARISON
    if path is not None:
        named = [name for result in results for name in (result, result.partition("=")[2])]
        read = [Path(name).absolute() for name in named if name]
        check_outputs([Output(path, json_of("comparison"))], read, force=force)
    chosen = [_ratio(text) for text in ratios]
    if (against is None) != (max_drop is None):
        raise UsageError("--against NAME and --max-drop belong together")
    comparison = _compare(results, chips or {}, chosen, metric)
    if against is not None:
        found = ports(_runs(results, log), against, Margin.parse(str(max_drop)))
        comparison = replace(comparison, against=against, ports=found)
    compared = ComparedRates(comparison)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path.parent)
        compared = ComparedRates(compared.comparison, path, identity_in(path.parent))
        write_text(path, json.dumps(compared.to_dict(), indent=2) + "\n")
    return compared


def _compare(
    results: Sequence[str], chips: Mapping[str, int], ratios: Sequence[Ratio], metric: RateKind
) -> Comparison:
    sources = _sources(results)
    for name, count in chips.items():
        if name not in sources:
            raise UsageError(f"--chips {name}={count}: expected NAME=N, with the NAME of a column")
    columns = [
        read_column(name, files, metric, chips.get(name, 1)) for name, files in sources.items()
    ]
    return compare(metric, columns, ratios)


def _sources(results: Sequence[str]) -> dict[str, list[Source]]:
    """Those of each column."""
    sources: dict[str, list[Source]] = {}
    for result in results:
        name, separator, text = result.partition("=")
        if not separator or Path(result).exists():
            name, text = "", result
        as_path(f"the result {result}" if separator else "a result", text)
        source = Source.parse(text)
        sources.setdefault(printable(name or source.name), []).append(source)
    return sources


def _runs(results: Sequence[str], log: Log) -> dict[str, Run]:
    """Of the columns that are the folder of a run, these."""
    runs: dict[str, Run] = {}
    for name, sources in _sources(results).items():
        folders = [
            source.path
            for source in sources
            if source.path is not None and source.path.is_dir() and (source.path / RUN).is_file()
        ]
        if len(folders) == 1:
            runs[name] = read_run(folders[0])
            content = runs[name].content
            tell_seen(content.model, content.calibration_images, content.images, log)
    return runs


def _ratio(text: str) -> Ratio:
    found = re.fullmatch(r"([^/]+)/([^/:]+)(?::([0-9]{1,2}))?", text)
    if found is None:
        raise UsageError(f"--ratio {text}: expected A/B or A/B:DECIMALS")
    ratio = Ratio(found[1], found[2])
    return ratio if found[3] is None else replace(ratio, decimals=int(found[3]))

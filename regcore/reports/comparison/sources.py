"""Results of tools → rates and accuracies, from a file, a folder, or a row of timm's table."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from regcore.errors import DatasetError, UsageError
from regcore.evaluation.run_folder import PERF
from regcore.evaluation.run_identity import strangers
from regcore.files.input_file import decode_text, read_input
from regcore.files.json_input import parse_json
from regcore.formats.benchmark_tool import PERF_NAME, PURE_PREFIX
from regcore.formats.guide_result import is_guide_result, parse_guide_result
from regcore.formats.named_batch import batch_in_name
from regcore.formats.rate import MeasuredRate, RateKind
from regcore.formats.timm_results import find_baseline
from regcore.reports.comparison.accuracy import Accuracy, of_baseline, of_guide_result
from regcore.reports.comparison.rate_readers import rate_in_json, rate_in_text

_BUILT_IN = "timm:"
_TABLE_ROW = re.compile(r"(.+\.csv):([^/]+)", re.IGNORECASE)
_DEVICE = re.compile(r"(?<=_device_)[0-9]+(?=\.txt$)")
#: The size of a log or a record; what is larger is none.
MAX_RESULT_BYTES = 1 << 26
_OWN_NAMES = ("perf", PURE_PREFIX)
_SIZE_IN_NAME = re.compile(r"(?:bs|batch(?:_?size)?)[_-]?[0-9]", re.IGNORECASE)
#: A text that cannot be read is a result, or was one, where it has one of these.
_RESULT_WORDS = re.compile(rb"throughput|trtexec|Performance", re.IGNORECASE)
_KNOWN = (
    "perf.json, result.json, perf_*_batchsize_N_device_M.txt, PureInfer_perf_of_*.txt, an "
    "ais_bench summary, a trtexec log, or a row of timm's results, FILE.csv:MODEL"
)


@dataclass
class Results:
    """What a source says: rates, of one metric, and accuracies.

    left_out: sentences on what lies in a folder beside them: files of another run, and files whose
        names tell a batch size, but that are no result that is known.
    """

    rates: list[MeasuredRate] = field(default_factory=list)
    accuracies: list[Accuracy] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.rates or self.accuracies)


@dataclass(frozen=True)
class Source:
    """A file or a folder; or `model`, a row of the table `path` in timm's form.

    A path of None is the table that is built in.
    """

    path: Path | None
    model: str | None = None

    @classmethod
    def parse(cls, text: str) -> Source:
        """`FILE`, `FOLDER`, `FILE.csv:MODEL` or `timm:MODEL`. Raises UsageError."""
        if Path(text).exists():
            return cls(Path(text))
        if text.startswith(_BUILT_IN):
            return cls(None, text.removeprefix(_BUILT_IN))
        row = _TABLE_ROW.fullmatch(text)
        if row is not None and Path(row[1]).is_file():
            return cls(Path(row[1]), row[2])
        raise UsageError(f"{text}: no such file or folder")

    @property
    def name(self) -> str:
        """What to call it where the user does not."""
        if self.model is not None:
            return self.model
        return self.path.stem if self.path is not None else ""

    def read(self, metric: RateKind) -> Results:
        """Rates of this metric, and accuracies.

        Raises DatasetError for a file that is no result of a known tool, or that lacks the metric,
        and for a folder without any; UsageError for a model that is not in the table.
        """
        if self.path is None or self.path.suffix.lower() == ".csv":
            return Results(accuracies=of_baseline(find_baseline(self.model, self.path)))
        return _read_folder(self.path, metric) if self.path.is_dir() else _only(self.path, metric)


def _only(path: Path, metric: RateKind) -> Results:
    found = _read_file(path, metric)
    if not found:
        raise DatasetError(f"{path}: not a result that is known: {_KNOWN}")
    return found


def _read_folder(path: Path, metric: RateKind) -> Results:
    """All results in a folder, not in those below it."""
    others = strangers(path)
    found = Results(left_out=[f"{path / name}: {why}; left out" for name, why in others.items()])
    for names in _FORMS:
        # A run leaves the same rates in several forms, of which the first counts.
        known = {cell.batch for cell in found.rates}
        for file in sorted(file for file in path.iterdir() if file.is_file() and names(file.name)):
            if file.name in others or (known and file.name == PERF):
                continue
            if file.stat().st_size > MAX_RESULT_BYTES and not file.name.startswith(_OWN_NAMES):
                continue
            more = _read_file(file, metric, foreign=True)
            if not more and _SIZE_IN_NAME.search(file.name):
                found.left_out.append(f"{file}: left out, it is no result that is known")
            found.rates += [cell for cell in more.rates if cell.batch not in known]
            found.accuracies += more.accuracies
    found.rates = _added(found.rates)
    if not found:
        beside = f"; {found.left_out[0]}" if found.left_out else ""
        raise DatasetError(f"{path}: no results of a known tool in this folder: {_KNOWN}{beside}")
    return found


def _added(cells: list[MeasuredRate]) -> list[MeasuredRate]:
    """Those of the several devices of a run, which have a file each, made one."""
    sums: dict[tuple[int, str], MeasuredRate] = {}
    for cell in cells:
        run = cell.batch, _DEVICE.sub("", Path(cell.file).name)
        sums[run] = sums[run].plus(cell) if run in sums else cell
    return list(sums.values())


_FORMS: tuple[Callable[[str], object], ...] = (
    PERF_NAME.fullmatch,
    lambda name: name.startswith(PURE_PREFIX) and batch_in_name(Path(name)),
    lambda name: name.endswith(".json"),
    lambda name: name.endswith((".txt", ".log")) and not name.startswith(("perf_", PURE_PREFIX)),
)


def _read_file(path: Path, metric: RateKind, *, foreign: bool = False) -> Results:
    """Empty where it is no result.

    foreign: whether the file may be of anybody, as one that only lies in a folder: then a text in
    another encoding is no result, unless it looks like one.
    """
    content = read_input(path, MAX_RESULT_BYTES)
    if path.suffix == ".json":
        return _read_json(path, decode_text(content, path), metric)
    try:
        text = decode_text(content, path)
    except DatasetError:
        if foreign and not _RESULT_WORDS.search(content):
            return Results()
        raise
    rate = rate_in_text(path, text, metric)
    return Results([rate]) if rate is not None else Results()


def _read_json(path: Path, text: str, metric: RateKind) -> Results:
    content: Any = parse_json(text, Any, path)
    if is_guide_result(content):
        result = parse_guide_result(content, path)
        return Results(accuracies=of_guide_result(result, path, text, batch_in_name(path)))
    rate = rate_in_json(path, content, text, metric)
    return Results([rate]) if rate is not None else Results()

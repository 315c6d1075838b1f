"""Results of tools → cells: each reader knows one format, by the file's name and content."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from regcore.comparison.cell import Cell, Metric, measured_cell
from regcore.errors import DatasetError, LogError
from regcore.trtexec_log import parse_trtexec_log

_NUMBER = r"([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)"
_PERF_NAME = re.compile(r"perf_[a-z]+_batchsize_([0-9]+)_device_[0-9]+\.txt")
_INTERFACE = re.compile(rf"Interface throughputRate: *{_NUMBER}")
_END_TO_END = re.compile(rf"\[e2e\] throughputRate: *{_NUMBER}")
_PURE = re.compile(rf"ave_throughputRate *[:=] *{_NUMBER} *samples/s")
_NAMED_BATCH = re.compile(r"(?:bs|batch(?:size)?)[_-]?([0-9]+)")
_LARGEST = 1 << 26  # bytes of a log


def read_cells(path: Path, metric: Metric) -> list[Cell]:
    """The cells of a file, or of all results in a folder.

    Raises DatasetError for a file that is no result of a known tool, or that lacks the metric, and
    for a folder without any.
    """
    if not path.is_dir():
        cells = _read_file(path, metric)
        if cells is None:
            raise DatasetError(
                f"{path}: not a result that is known: perf.json, perf_*_batchsize_N_device_M.txt, "
                "PureInfer_perf_of_*.txt, an ais_bench summary, or a trtexec log"
            )
        return cells
    found: list[Cell] = []
    for names in _IN_A_FOLDER:
        # A run leaves the same rates in several forms, of which the first counts.
        known = {cell.batch for cell in found}
        files = sorted(file for file in path.iterdir() if file.is_file() and names(file.name))
        cells = [cell for file in files for cell in _read_file(file, metric) or ()]
        found += [cell for cell in cells if cell.batch not in known]
    if not found:
        raise DatasetError(f"{path}: no results of a known tool in this folder")
    return found


_IN_A_FOLDER: tuple[Callable[[str], object], ...] = (
    _PERF_NAME.fullmatch,
    lambda name: name.startswith("PureInfer_perf_of_") and _NAMED_BATCH.search(name),
    lambda name: name.endswith(".json"),
    lambda name: name.endswith((".txt", ".log")) and not name.startswith(("perf_", "PureInfer_")),
)


def _read_file(path: Path, metric: Metric) -> list[Cell] | None:
    """None where it is no result."""
    try:
        if path.stat().st_size > _LARGEST:
            return None
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    if path.suffix == ".json":
        return _read_json(path, text, metric)
    name = _PERF_NAME.fullmatch(path.name)
    if name is not None:
        return [_benchmark_cell(path, text, int(name[1]), metric)]
    if path.name.startswith("PureInfer_perf_of_"):
        return [_pure_cell(path, text, metric)]
    if "Performance summary" in text or "trtexec" in text:
        return [_trtexec_cell(path, text, metric)]
    return None


def _benchmark_cell(path: Path, text: str, batch: int, metric: Metric) -> Cell:
    """Of the benchmark tool's five lines."""
    pattern = _INTERFACE if metric == "interface" else _END_TO_END
    for number, line in enumerate(text.splitlines(), 1):
        if found := pattern.search(line):
            return measured_cell(batch, found[1], str(path), number)
    raise DatasetError(f"{path}: no {metric} rate of the benchmark tool in this file")


def _pure_cell(path: Path, text: str, metric: Metric) -> Cell:
    _interface_only(path, metric)
    batch = _NAMED_BATCH.search(path.name)
    for number, line in enumerate(text.splitlines(), 1):
        if found := _PURE.search(line):
            if batch is None:
                raise DatasetError(f"{path}: its name does not tell the batch (bs16, say)")
            return measured_cell(int(batch[1]), found[1], str(path), number)
    raise DatasetError(f"{path}: no ave_throughputRate in this file")


def _trtexec_cell(path: Path, text: str, metric: Metric) -> Cell:
    """Of a trtexec log, whose queries are batches; the file's name may tell how large."""
    _interface_only(path, metric)
    told = _NAMED_BATCH.search(path.name)
    try:
        result = parse_trtexec_log(text, str(path), batch=int(told[1]) if told else None)
    except LogError as error:
        raise DatasetError(str(error)) from error
    if result.batch is None or result.images_per_query is None:
        raise DatasetError(
            f"{path}: neither the log nor its name (bs16, say) tells how many images a query has"
        )
    batch, qps = result.batch.value, result.qps
    cell = measured_cell(batch, str(qps.value), str(path), qps.line, unit="queries/s")
    images = result.images_per_query
    return cell.times(images, f"x {images} image{'s' if images > 1 else ''} a query")


def _read_json(path: Path, text: str, metric: Metric) -> list[Cell] | None:
    try:
        content = json.loads(text)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    readers: tuple[tuple[Callable[[dict[str, Any]], bool], Callable[..., Cell]], ...] = (
        (_is_perf, _perf_cell),
        (_is_summary, _summary_cell),
    )
    for fits, read in readers:
        if fits(content):
            try:
                return [read(path, content, metric)]
            except (KeyError, TypeError, ValueError, ArithmeticError) as error:
                raise DatasetError(f"{path}: damaged ({error!r})") from error
    return None


def _is_perf(content: dict[str, Any]) -> bool:
    form = content.get("format")
    return isinstance(form, dict) and form.get("name") == "regcore perf"


def _perf_cell(path: Path, content: dict[str, Any], metric: Metric) -> Cell:
    key = "interface_images_per_s" if metric == "interface" else "images_per_s"
    value = round(Decimal(str(content[key])), 3)
    return measured_cell(int(content["batch_size"]), str(value), str(path), None)


def _is_summary(content: dict[str, Any]) -> bool:
    return "NPU_compute_time" in content and "throughput" in content


def _summary_cell(path: Path, content: dict[str, Any], metric: Metric) -> Cell:
    """ais_bench: throughput is 1000 x batch / mean compute time in ms, which gives the batch."""
    _interface_only(path, metric)
    throughput = float(content["throughput"])
    batch = round(throughput * float(content["NPU_compute_time"]["mean"]) / 1000)
    if batch < 1:
        raise ValueError("throughput and mean compute time give no batch size")
    value = round(Decimal(str(throughput)), 3)
    return measured_cell(batch, str(value), str(path), None)


def _interface_only(file: object, metric: Metric) -> None:
    if metric != "interface":
        raise DatasetError(f"{file}: this tool measures the device alone, not end to end")

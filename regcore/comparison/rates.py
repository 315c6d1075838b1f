"""Rates in the files of tools: each reader knows one format, by the file's name and content."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from regcore.comparison.cell import Cell, Metric, measured_cell
from regcore.errors import DatasetError, LogError
from regcore.trtexec_log import parse_trtexec_log

_NUMBER = r"([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)"
PERF_NAME = re.compile(r"perf_[a-z]+_batchsize_([0-9]+)_device_[0-9]+\.txt")
#: Of the benchmark tool's five lines; [infer] is called [inference] by later builds.
_LINES = {
    "interface": re.compile(rf"Interface throughputRate: *{_NUMBER}"),
    "end-to-end": re.compile(rf"\[e2e\] throughputRate: *{_NUMBER}"),
    "read": re.compile(rf"\[data read\] throughputRate: *{_NUMBER}"),
    "preprocess": re.compile(rf"\[preprocess\] throughputRate: *{_NUMBER}"),
    "infer": re.compile(rf"\[infer(?:ence)?\] throughputRate: *{_NUMBER}"),
    "post": re.compile(rf"\[post\] throughputRate: *{_NUMBER}"),
}
_PURE = re.compile(rf"ave_throughputRate *[:=] *{_NUMBER} *samples/s")
_NAMED_BATCH = re.compile(r"(?:bs|batch(?:size)?)[_-]?([0-9]+)")

#: How the names of PureInfer files begin.
PURE_PREFIX = "PureInfer_perf_of_"


def rate_in_text(path: Path, text: str, metric: Metric) -> Cell | None:
    """The rate in a file of lines; None where no tool that is known wrote it."""
    name = PERF_NAME.fullmatch(path.name)
    if name is not None:
        return _benchmark_cell(path, text, int(name[1]), metric)
    if path.name.startswith(PURE_PREFIX):
        return _pure_cell(path, text, metric)
    if "Performance summary" in text or "trtexec" in text:
        return _trtexec_cell(path, text, metric)
    return None


def rate_in_json(path: Path, content: dict[str, Any], metric: Metric) -> Cell | None:
    """The rate in a JSON file; None where no tool that is known wrote it."""
    for fits, read in ((_is_perf, _perf_cell), (_is_summary, _summary_cell)):
        if fits(content):
            try:
                return read(path, content, metric)
            except (KeyError, TypeError, ValueError, ArithmeticError) as error:
                raise DatasetError(f"{path}: damaged ({error!r})") from error
    return None


def batch_in_name(name: str) -> int | None:
    """The batch size that a file's name tells: 16 of `result_bs16.json`."""
    found = _NAMED_BATCH.search(name)
    return int(found[1]) if found else None


def _benchmark_cell(path: Path, text: str, batch: int, metric: Metric) -> Cell:
    """Of the benchmark tool's five lines."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _LINES[metric].search(line):
            if metric != "post":
                return measured_cell(batch, found[1], str(path), number)
            # The tool counts there what goes through, and that is batches.
            cell = measured_cell(batch, found[1], str(path), number, unit="batches/s")
            return cell.times(batch, f"x {batch} image{'s' if batch > 1 else ''} a batch")
    raise DatasetError(f"{path}: no {metric} rate of the benchmark tool in this file")


def _pure_cell(path: Path, text: str, metric: Metric) -> Cell:
    _interface_only(path, metric)
    batch = batch_in_name(path.name)
    for number, line in enumerate(text.splitlines(), 1):
        if found := _PURE.search(line):
            if batch is None:
                raise DatasetError(f"{path}: its name does not tell the batch (bs16, say)")
            return measured_cell(batch, found[1], str(path), number)
    raise DatasetError(f"{path}: no ave_throughputRate in this file")


def _trtexec_cell(path: Path, text: str, metric: Metric) -> Cell:
    """Of a trtexec log, whose queries are batches; the file's name may tell how large."""
    _interface_only(path, metric)
    try:
        result = parse_trtexec_log(text, str(path), batch=batch_in_name(path.name))
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


def _is_perf(content: dict[str, Any]) -> bool:
    form = content.get("format")
    return isinstance(form, dict) and form.get("name") == "regcore perf"


def _perf_cell(path: Path, content: dict[str, Any], metric: Metric) -> Cell:
    if metric not in {"interface", "end-to-end"}:
        raise DatasetError(
            f"{path}: only perf_*_batchsize_N_device_M.txt tells the rate of a stage, {metric}"
        )
    key = "interface_images_per_s" if metric == "interface" else "images_per_s"
    if content[key] is None:
        raise DatasetError(f"{path}: no rate in it, as of a run that computed no image")
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
        raise DatasetError(f"{file}: this tool measures the device alone, not {metric}")

"""Rates in the files of tools: each format by the file's name and content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from regcore.counted import counted
from regcore.errors import DatasetError, LogError
from regcore.files.json_input import as_form
from regcore.files.number_input import measured_decimal
from regcore.formats.ais_bench import CONSOLE, console_cell, is_summary, summary_cell
from regcore.formats.benchmark_tool import (
    PERF_NAME,
    PURE_KEY,
    PURE_PREFIX,
    benchmark_cell,
    pure_cell,
)
from regcore.formats.named_batch import batch_in_name
from regcore.formats.rate import MeasuredRate, RateKind, measured_cell
from regcore.formats.trtexec import looks_like_times, looks_like_trtexec, parse_trtexec_log


class _Perf(msgspec.Struct):
    """What is read of perf.json."""

    batch_size: int
    images_per_s: float | None
    interface_images_per_s: float | None


def rate_in_text(path: Path, text: str, metric: RateKind) -> MeasuredRate | None:
    """The rate in a file of lines; None where no tool that is known wrote it."""
    if PERF_NAME.fullmatch(path.name):
        return benchmark_cell(path, text, metric)
    if path.name.startswith(PURE_PREFIX) or PURE_KEY in text:
        _interface_only(path, metric)
        return pure_cell(path, text)
    if CONSOLE in text:
        _interface_only(path, metric)
        return console_cell(path, text)
    if looks_like_trtexec(text):
        _interface_only(path, metric)
        return _trtexec_cell(path, text)
    return None


def rate_in_json(path: Path, content: object, text: str, metric: RateKind) -> MeasuredRate | None:
    """The rate in a JSON file with this `text`; None where no tool that is known wrote it."""
    if looks_like_times(text):
        _interface_only(path, metric)
        return _trtexec_cell(path, text)
    if not isinstance(content, dict):
        return None
    if _is_perf(content):
        return _perf_cell(path, content, metric)
    if is_summary(content):
        _interface_only(path, metric)
        return summary_cell(path, content)
    return None


def _trtexec_cell(path: Path, text: str) -> MeasuredRate:
    """The rate in a trtexec log, whose queries are batches; the file's name may tell how large."""
    named = batch_in_name(path)
    try:
        result = parse_trtexec_log(text, str(path), batch=named, told_by="the file's name")
    except LogError as error:
        raise DatasetError(str(error)) from error
    if result.batch is None or result.images_per_query is None:
        raise DatasetError(
            f"{path}: neither the log nor its name (bs16, say) tells how many images a query has"
        )
    batch, qps = result.batch.value, result.qps
    cell = measured_cell(batch, str(qps.value), str(path), qps.line, unit="queries/s")
    images = result.images_per_query
    return cell.times(images, f"x {counted(images, 'image')} a query")


def _is_perf(content: dict[str, Any]) -> bool:
    form = content.get("format")
    return isinstance(form, dict) and form.get("name") == "regcore perf"


def _perf_cell(path: Path, content: dict[str, Any], metric: RateKind) -> MeasuredRate:
    if metric not in {"interface", "end-to-end"}:
        raise DatasetError(
            f"{path}: only perf_*_batchsize_N_device_M.txt tells the rate of a stage, {metric}"
        )
    perf = as_form(content, _Perf, path)
    rate = perf.interface_images_per_s if metric == "interface" else perf.images_per_s
    if rate is None:
        raise DatasetError(f"{path}: no rate in it, as of a run that computed no image")
    try:
        value = round(measured_decimal(rate), 3)
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from error
    return measured_cell(perf.batch_size, f"{value:f}", str(path), None)


def _interface_only(file: object, metric: RateKind) -> None:
    if metric != "interface":
        raise DatasetError(f"{file}: this tool measures the device alone, not {metric}")

"""Rates of ais_bench: the JSON summary that it writes, or the one that it prints.

Its throughput is 1000 x batch / mean compute time in ms, and so has a batch in it. That of its
--batchsize is no batch of the model: left at 1 for a model of 16, it makes a rate of a sixteenth.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from regcore.errors import DatasetError
from regcore.files.json_input import as_form
from regcore.files.number_input import NUMBER, measured_decimal, parse_count, parse_decimal
from regcore.formats.named_batch import batch_in_name
from regcore.formats.rate import MeasuredRate, measured_cell

CONSOLE = "1000*batchsize"

_THROUGHPUT = re.compile(
    rf"[Tt]hroughput 1000\*batchsize(?:\.mean)?\(({NUMBER})\)"
    rf"/NPU_compute_time\.mean\(({NUMBER})\): *({NUMBER})"
)
_TIMES = re.compile(rf"NPU_compute_time \(ms\):.{{0,200}}\bmean *= *({NUMBER})")
#: Batches are whole; what is further from one than this is none.
_NEAR = Decimal("0.01")
#: Characters of a file's name on any system.
_LONGEST = 255


class _Times(msgspec.Struct):
    mean: float
    min: float | None = None
    max: float | None = None


class _Summary(msgspec.Struct):
    NPU_compute_time: _Times
    throughput: float
    args: Any = None


def is_summary(content: dict[str, Any]) -> bool:
    """Whether a JSON file is ais_bench's, whole or damaged."""
    return "NPU_compute_time" in content and "throughput" in content


def summary_cell(path: Path, content: dict[str, Any]) -> MeasuredRate:
    """The rate in the JSON summary. Raises DatasetError."""
    summary = as_form(content, _Summary, path)
    times = summary.NPU_compute_time
    try:
        rate, mean = measured_decimal(summary.throughput), measured_decimal(times.mean)
        low, high = (None if x is None else measured_decimal(x) for x in (times.min, times.max))
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from error
    if (low is not None and mean < low * (1 - _NEAR)) or (
        high is not None and mean > high * (1 + _NEAR)
    ):
        raise DatasetError(f"{path}: the mean of NPU_compute_time is not between its min and max")
    batch = _whole(rate * mean / 1000)
    if batch is None:
        raise DatasetError(
            f"{path}: a throughput of {summary.throughput} and a mean compute time of {times.mean} "
            "ms are of no whole batch"
        )
    args = summary.args if isinstance(summary.args, dict) else {}
    _check(path, str(path), batch, args.get("model"))
    return measured_cell(batch, f"{round(rate, 3):f}", str(path), None)


def console_cell(path: Path, text: str) -> MeasuredRate:
    """The rate in what ais_bench prints. Raises DatasetError."""
    found: tuple[int, re.Match[str]] | None = None
    mean: tuple[int, str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if times := _TIMES.search(line):
            mean = number, times[1]
        if rate := _THROUGHPUT.search(line):
            if found is not None:
                raise DatasetError(
                    f"{path}:{number}: another summary, the first is in line {found[0]}: give "
                    "each run and device a file of its own"
                )
            found = number, rate
            _check_line(path, number, rate, mean)
    if found is None:
        raise DatasetError(f"{path}: no line 'throughput {CONSOLE}...' that is whole in this file")
    number, rate = found
    batch = parse_count(rate[1].removesuffix(".0"), least=1)
    _check(path, f"{path}:{number}", batch, None)
    return measured_cell(batch, f"{round(parse_decimal(rate[3]), 3):f}", str(path), number)


def _check_line(path: Path, number: int, rate: re.Match[str], mean: tuple[int, str] | None) -> None:
    """Raises DatasetError where the line's own figures, or the times above it, contradict it."""
    try:
        batch = parse_count(rate[1].removesuffix(".0"), least=1)
        used, value = parse_decimal(rate[2]), parse_decimal(rate[3])
        above = used if mean is None else parse_decimal(mean[1])
    except ValueError as error:
        raise DatasetError(f"{path}:{number}: {error}") from error
    if mean is not None and abs(above - used) > _NEAR * used:
        raise DatasetError(
            f"{path}:{number}: a mean compute time of {rate[2]} ms here, but of {mean[1]} in line "
            f"{mean[0]}"
        )
    if abs(value * used - 1000 * batch) > _NEAR * 1000 * batch:
        raise DatasetError(f"{path}:{number}: 1000 * {batch} / {rate[2]} is not {rate[3]}")


def _whole(ratio: Decimal) -> int | None:
    batch = round(ratio)
    return batch if batch >= 1 and abs(ratio - batch) <= _NEAR * batch else None


def _check(path: Path, place: str, batch: int, model: object) -> None:
    """Raises DatasetError where the name of the file, or of the model, tells another batch."""
    named = batch_in_name(path)
    if named is not None and named != batch:
        raise DatasetError(f"{place}: the batch is {batch} here, but the file's name says {named}")
    if isinstance(model, str):
        name = PurePosixPath(model.replace("\\", "/")).name
        of_model = batch_in_name(Path(name[-_LONGEST:]))
        if of_model is not None and of_model != batch:
            raise DatasetError(
                f"{place}: the throughput is of a batch of {batch}, but the model's name, "
                f"{model[-60:]}, says {of_model}"
            )

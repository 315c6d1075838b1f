"""Rates in the files of Huawei's benchmark tool: five lines of a run, one line without images."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from regcore.errors import DatasetError
from regcore.files.number_input import NUMBER, parse_count, parse_decimal
from regcore.formats.named_batch import batch_in_name
from regcore.formats.rate import MeasuredRate, RateKind, measured_cell

PERF_NAME = re.compile(r"perf_[a-z]+_batchsize_([0-9]+)_device_[0-9]+\.txt")
#: How the names of PureInfer files begin.
PURE_PREFIX = "PureInfer_perf_of_"
PURE_KEY = "ave_throughputRate"

_RATE = rf"throughputRate *[:=] *({NUMBER})"
#: The benchmark tool's five lines; later builds call [infer] and [post] by longer names.
_LINES = {
    "interface": re.compile(rf"Interface {_RATE}"),
    "end-to-end": re.compile(rf"\[e2e\] *{_RATE}"),
    "read": re.compile(rf"\[data read\] *{_RATE}"),
    "preprocess": re.compile(rf"\[preprocess\] *{_RATE}"),
    "infer": re.compile(rf"\[infer(?:ence)?\] *{_RATE}"),
    "post": re.compile(rf"\[post(?:process)?\] *{_RATE}"),
}
_WHOLE_TIME = re.compile(rf"\[e2e\].{{0,80}}latency *[:=] *({NUMBER})")
_PURE = re.compile(rf"{PURE_KEY} *[:=] *({NUMBER}) *samples/s")
_LATENCY = re.compile(rf"ave_latency *[:=] *({NUMBER}) *ms")

#: Images from which on the start and the end of a run do not blur the rates of its stages.
_MANY = 1000
_NEAR = Decimal("0.003")
_FAR = Decimal("0.03")
#: Both means are of six digits.
_ROUNDING = Decimal("0.98")


class _Number(NamedTuple):
    line: int
    value: Decimal
    text: str


def benchmark_cell(path: Path, text: str, metric: RateKind) -> MeasuredRate:
    """One rate of the benchmark tool's five lines. Raises DatasetError."""
    named = PERF_NAME.fullmatch(path.name)
    try:
        batch = parse_count(named[1] if named else "", least=1)
    except ValueError as error:
        raise DatasetError(f"{path}: its name does not tell the batch size ({error})") from error
    rate = _find(path, text, _LINES[metric])
    if rate is None:
        raise DatasetError(f"{path}: no {metric} rate of the benchmark tool in this file")
    _check_batch(path, text, batch)
    if metric != "post":
        return measured_cell(batch, rate.text, str(path), rate.line)
    # The tool counts there what goes through, and that is batches.
    cell = measured_cell(batch, rate.text, str(path), rate.line, unit="batches/s")
    return cell.times(batch, f"x {batch} image{'s' if batch > 1 else ''} a batch")


def _check_batch(path: Path, text: str, batch: int) -> None:
    """[infer] counts images and [post] batches: of many images their ratio is the batch."""
    infer, post = _find(path, text, _LINES["infer"]), _find(path, text, _LINES["post"])
    rate, time = _find(path, text, _LINES["end-to-end"]), _find(path, text, _WHOLE_TIME)
    if infer is None or post is None or rate is None or time is None or not post.value:
        return
    if rate.value * time.value / 1000 < _MANY:
        return
    ratio = infer.value / post.value
    told = round(ratio)
    if told and abs(ratio - told) <= _NEAR * told and abs(told - batch) > _FAR * batch:
        raise DatasetError(
            f"{path}:{post.line}: {post.text} batches/s of the {infer.text} images/s of line "
            f"{infer.line} are batches of {told}, but the file's name says {batch}"
        )


def pure_cell(path: Path, text: str) -> MeasuredRate:
    """The rate of a run without images, from the line in its file or on the console."""
    rate = _find(path, text, _PURE)
    if rate is None:
        raise DatasetError(f"{path}: no {PURE_KEY} in samples/s in this file")
    batch = batch_in_name(path)
    if batch is None:
        raise DatasetError(f"{path}: its name does not tell the batch (bs16, say)")
    latency = _find(path, text, _LATENCY)
    # Both are means over the batches: that of 1/x is never below 1 over that of x.
    if latency is not None and rate.value * latency.value < _ROUNDING * 1000:
        raise DatasetError(
            f"{path}:{rate.line}: {rate.text} samples/s contradict the {latency.text} ms a sample "
            f"of line {latency.line}"
        )
    return measured_cell(batch, rate.text, str(path), rate.line)


def _find(path: Path, text: str, pattern: re.Pattern[str]) -> _Number | None:
    """What all lines that match agree on. Raises DatasetError where two of them do not."""
    first: _Number | None = None
    for number, line in enumerate(text.splitlines(), 1):
        found = pattern.search(line)
        if found is None:
            continue
        try:
            value = parse_decimal(found[1])
        except ValueError as error:
            raise DatasetError(f"{path}:{number}: {error}") from error
        if first is None:
            first = _Number(number, value, found[1])
        elif value != first.value:
            raise DatasetError(
                f"{path}:{number}: {found[1]} here, but {first.text} in line {first.line}: give "
                "each run a file of its own"
            )
    return first

"""Rates in the files of Huawei's benchmark tool: five lines of a run, one line without images.

    [e2e] throughputRate: 185.966, latency: 268866
    [data read] throughputRate: 197.421, moduleLatency: 5.06532
    [preprocess] throughputRate: 196.443, moduleLatency: 5.09054
    [infer] throughputRate: 186.579, Interface throughputRate: 263.872, moduleLatency: 4.71504
    [post] throughputRate: 186.579, moduleLatency: 5.35966

Rates are images/s, of [post] batches/s; latencies are ms: of [e2e] of the whole run, else per
image, of [post] per batch. A stage's rate is over the time from the start to the end of its last
piece of work, so that in a pipeline all are about that of its slowest stage. The interface rate is
over the time inside the model's execution only, and the module latency of [infer] has the copies
to and from the device besides.

A run without images, "pure inference", has one line: `ave_throughputRate: 714.51samples/s,
ave_latency: 1.40ms`, both means over the batches, so that the one is not quite the inverse of the
other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from regcore.counted import counted
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


@dataclass(frozen=True)
class BenchmarkRates:
    """What the five lines say: images/s, but post in batches/s; None where no time was measured.

    seconds: of the whole run. module_ms: per image, in the model's execution and the copies.
    """

    end_to_end: float | None
    seconds: float
    read: float | None
    preprocess: float | None
    infer: float | None
    interface: float | None
    module_ms: float
    post: float | None


def perf_name(batch_size: int, device: int) -> str:
    """The name of the file with the five lines."""
    return f"perf_vision_batchsize_{batch_size}_device_{device}.txt"


def pure_name(model: str, device: int) -> str:
    """The name of the file of a run without images."""
    return f"{PURE_PREFIX}{model}_in_device_{device}.txt"


def benchmark_text(rates: BenchmarkRates) -> str:
    """The five lines."""
    return (
        f"[e2e] throughputRate: {_written(rates.end_to_end)}, latency: {1000 * rates.seconds:g}\n"
        f"[data read] {_stage(rates.read)}\n"
        f"[preprocess] {_stage(rates.preprocess)}\n"
        f"[infer] throughputRate: {_written(rates.infer)}, "
        f"Interface throughputRate: {_written(rates.interface)}, "
        f"moduleLatency: {rates.module_ms:g}\n"
        f"[post] {_stage(rates.post)}\n"
    )


def pure_text(rate: float | None, latency_ms: float) -> str:
    """The line of a run without images. rate: samples/s; latency_ms: per sample."""
    shown = "n/a" if rate is None else f"{rate:g}samples/s"
    return f"{PURE_KEY}: {shown}, ave_latency: {latency_ms:g}ms\n"


def _written(rate: float | None) -> str:
    return "n/a" if rate is None else f"{rate:g}"


def _stage(rate: float | None) -> str:
    latency = 1000 / rate if rate else 0.0
    return f"throughputRate: {_written(rate)}, moduleLatency: {latency:g}"


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
    return cell.times(batch, f"x {counted(batch, 'image')} a batch")


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

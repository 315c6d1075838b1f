"""Whether a rate can be what its log says: the times of the queries are witnesses, too."""

from __future__ import annotations

import re

from regcore.formats.trtexec.batch import Batch, Command
from regcore.formats.trtexec.lines import Log
from regcore.formats.trtexec.result import COMPUTE, Found, Row
from regcore.formats.trtexec.summary import Summary

_TRACE = re.compile(r"Timing trace has ([0-9]+) queries over (\S+) s")
_AVERAGE = re.compile(r"Average on [0-9]+ runs - GPU latency: (\S+) ms")
_STREAMS = re.compile(r"(?:Inference )?Streams: *([0-9]+)")
#: Above this much more than the device can do at a time, no rounding explains it.
_SLACK = 1.25
#: Printed figures have six digits at most.
_ROUNDING = 0.01


def check_rate(log: Log, summary: Summary, rate: Found[float]) -> None:
    """Raises LogError where the log's own count of queries, or its averages, tell another rate."""
    compute = summary.rows[COMPUTE]
    for line in log.said():
        trace, average = _TRACE.fullmatch(line.text), _AVERAGE.match(line.text)
        if trace is not None:
            queries = log.number(line.number, trace[1], "the number of queries").value
            seconds = log.number(line.number, trace[2], "their time").value
            if queries and abs(queries - rate.value * seconds) > _ROUNDING * queries + 1:
                log.fail(
                    line.number,
                    f"{trace[1]} queries in {trace[2]} s are not the {rate.value:g} queries/s of "
                    f"line {rate.line}",
                )
        elif average is not None:
            value = log.number(line.number, average[1], "the GPU latency").value
            low, high = compute.min.value, compute.max.value
            if not low * (1 - _ROUNDING) <= value <= high * (1 + _ROUNDING):
                log.fail(
                    line.number,
                    f"a mean of {value:g} ms is not between the {low:g} and {high:g} ms of "
                    f"line {compute.min.line}",
                )


def settle_counting(
    log: Log, summary: Summary, commands: list[Command], batch: Batch, rate: Found[float]
) -> Batch:
    """The batch, after a look at how much the device would have to do at a time.

    A device computes as many queries at a time as it has streams. More than that are images: of an
    implicit batch, as all rates of TensorRT 7.0 to 7.2.1 are. Raises LogError where this
    contradicts the rest of the log, or where the log does not tell the streams.
    """
    compute = summary.rows[COMPUTE]
    at_a_time = rate.value * _mean(compute).value / 1000
    streams = _streams(log, commands)
    if batch.size is None or at_a_time <= _SLACK * (streams or 1):
        return batch
    size = batch.size.value
    told = (
        f"{rate.value:g} queries/s, each of the {_mean(compute).value:g} ms of line "
        f"{_mean(compute).line}, are {at_a_time:.3g} at a time"
    )
    if batch.implicit:
        if streams is not None and at_a_time > _SLACK * streams * size:
            log.fail(rate.line or 0, f"{told}, more than a batch of {size}")
        return batch
    if summary.old and batch.size.line is None and at_a_time <= _SLACK * size:
        return Batch(batch.size, counted=size, implicit=True)
    if streams is not None or summary.old:
        log.fail(rate.line or 0, f"{told}, which is more than the device can do")
    if size > 1:
        log.fail(
            rate.line or 0,
            f"{told}: several streams, or queries that are images? Only the whole log tells",
        )
    return batch


def _mean(row: Row) -> Found[float]:
    return row.mean or row.median


def _streams(log: Log, commands: list[Command]) -> int | None:
    """How many queries run at a time; None where an excerpt does not tell."""
    for line in log.said():
        found = _STREAMS.fullmatch(line.text)
        if found is not None:
            return log.count(line.number, found[1], "the streams").value
    for command in commands:
        for name in ("infStreams", "streams"):
            value = command.get(name)
            if value is not None:
                return log.count(command.line, value, f"--{name}").value
    return 1 if commands else None

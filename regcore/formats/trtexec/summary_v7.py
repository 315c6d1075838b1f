"""The summary of TensorRT 7.0 to 7.2.1: each value on a line of its own, below a heading."""

from __future__ import annotations

import re

from regcore.formats.trtexec.lines import Line, Log, RowValues
from regcore.formats.trtexec.result import COMPUTE, END_TO_END, ENQUEUE, LATENCY
from regcore.formats.trtexec.summary import Summary

HEADINGS = {
    "Host Latency": LATENCY,
    "Host latency": LATENCY,
    "Enqueue Time": ENQUEUE,
    "GPU Compute": COMPUTE,
}
#: Those without which none is whole.
OLD_HEADINGS = ("Enqueue Time", "GPU Compute")
_VALUE = re.compile(
    r"(min|max|mean|median|percentile): (\S+) ms(?: at ([0-9.]+)%)?"
    r"(?: \(end to end (\S+) ms(?: at [0-9.]+%)?\))?"
)
_TOTAL = re.compile(r"(throughput|walltime|total compute time): (\S+) (?:qps|s)")
_NAMES = ("min", "max", "mean", "median", "percentile", "throughput", "walltime")


def read_old_rows(log: Log, said: list[Line]) -> Summary:
    """The summary in the lines from its first heading on; LogError where it is cut short."""
    summary = Summary(old=True)
    gathered: dict[str, RowValues] = {}
    heading = LATENCY
    for line in said:
        value, total = _VALUE.fullmatch(line.text), _TOTAL.fullmatch(line.text)
        if line.text in HEADINGS:
            heading = HEADINGS[line.text]
            if heading in gathered:
                log.fail(line.number, f"{line.text} is there twice")
            gathered[heading] = RowValues(log, heading, line.number)
        elif value:
            part, text, rank, end_to_end = value.groups()
            gathered[heading].add(line.number, text, part, rank)
            if end_to_end is not None:
                outer = RowValues(log, END_TO_END, line.number)
                gathered.setdefault(END_TO_END, outer).add(line.number, end_to_end, part, rank)
        elif total:
            _keep_total(summary, total[1], log.number(line.number, total[2], total[1]))
        elif line.text.partition(":")[0] in _NAMES:
            log.fail(line.number, f"{line.text!r} is no value such as 'min: 3.2 ms'")
        summary.last = line.number
        if summary.compute_time is not None:
            break
    lacking = [name for name in (LATENCY, ENQUEUE, COMPUTE) if name not in gathered]
    if lacking or summary.compute_time is None:
        log.fail(summary.last, "the summary is cut short, it has no total compute time")
    summary.rows = {name: values.row() for name, values in gathered.items()}
    return summary


def _keep_total(summary: Summary, name: str, found: object) -> None:
    attribute = {"throughput": "qps", "total compute time": "compute_time"}.get(name, name)
    setattr(summary, attribute, found)

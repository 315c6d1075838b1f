"""The summary that TensorRT 7.2.2 and newer print: a line for each row."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from regcore.formats.trtexec.lines import Line, Log, RowValues
from regcore.formats.trtexec.result import COMPUTE, D2H, ENQUEUE, H2D, LATENCY, ROWS, Found, Row

TITLE = "=== Performance summary ==="
_PART = re.compile(r"(min|max|mean|median|percentile\(([0-9.]+)%\)) = (\S+) ms")
_TOTAL = re.compile(r"(Total Host Walltime|Total GPU Compute Time): (\S+) s")
_THROUGHPUT = re.compile(r"Throughput: (\S+) qps")


@dataclass
class Summary:
    """The parts of a summary as they are found. last: the number of its last line.

    old: whether it is of TensorRT 7.0 to 7.2.1, where each value has a line of its own.
    """

    last: int = 0
    old: bool = False
    qps: Found[float] | None = None
    rows: dict[str, Row] = field(default_factory=dict)
    walltime: Found[float] | None = None
    compute_time: Found[float] | None = None


def read_rows(log: Log, said: list[Line]) -> Summary:
    """The summary in the lines below its title; LogError where it is cut short."""
    summary = Summary()
    for line in said:
        if summary.compute_time is not None:
            break
        _read_line(log, summary, line)
    # The last row may end an excerpt, whole logs go on with the totals. Without data transfers
    # their rows may be missing.
    needed = (LATENCY, COMPUTE) if summary.compute_time else (LATENCY, ENQUEUE, H2D, COMPUTE, D2H)
    lacking = [name for name in needed if name not in summary.rows]
    if lacking:
        log.fail(summary.last, f"the summary is cut short, it has no {' and no '.join(lacking)}")
    ranks = set(summary.rows[LATENCY].percentiles)
    for row in summary.rows.values():
        if set(row.percentiles) != ranks:
            log.fail(row.line, f"{row.name} has other percentiles than {LATENCY}: it is cut short")
    return summary


def _read_line(log: Log, summary: Summary, line: Line) -> None:
    name, colon, rest = line.text.partition(":")
    throughput, total = _THROUGHPUT.fullmatch(line.text), _TOTAL.fullmatch(line.text)
    if throughput:
        if summary.qps is not None:
            log.fail(line.number, "Throughput is there twice")
        summary.qps = log.number(line.number, throughput[1], "the throughput")
    elif total:
        found = log.number(line.number, total[2], total[1])
        if total[1] == "Total Host Walltime":
            summary.walltime = found
        else:
            summary.compute_time = found
    elif name in ROWS and colon:
        if name in summary.rows:
            log.fail(line.number, f"{name} is there twice")
        summary.rows[name] = _read_row(log, line.number, name, rest.strip())
    elif name in {*ROWS, "Throughput", "Total Host Walltime", "Total GPU Compute Time"}:
        log.fail(line.number, f"{line.text!r} is cut short")
    else:
        return
    summary.last = line.number


def _read_row(log: Log, number: int, name: str, text: str) -> Row:
    values = RowValues(log, name, number)
    for part in text.split(", "):
        printed = _PART.fullmatch(part)
        if printed is None:
            log.fail(number, f"{name}: {part!r} is no value such as 'min = 3.2 ms'")
        values.add(number, printed[3], printed[1], printed[2])
    if "mean" not in values.values:
        log.fail(number, f"{name} has no mean: it is cut short")
    return values.row()

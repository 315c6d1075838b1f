"""What host and device did when: a row for each stage, of a trace or of the times of batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.reports.html.occupancy import HEIGHT, covered, merged, outline
from regcore.reports.html.perf_content import BatchMoments, TraceContent

_COLUMNS = 360
_MOST_ROWS = 2048
_SHOWN_WORKERS = 8
_CLOSE_BATCHES = 8  # in the view from near
_MOST_BORDERS = 40
_FEW_BATCHES = 16  # all of which can be told apart in the view of the whole
_WORK = ("read", "decode", "resample")
#: The rows in their order: the name in the trace, the group, the title.
_STAGES = (
    ("read", "host", "read"),
    ("decode", "host", "decode"),
    ("resample", "host", "resample"),
    ("use", "host", "count scores"),
    ("wait for a batch", "device", "wait for host"),
    ("h2d", "device", "copy in"),
    ("compute", "device", "compute"),
    ("d2h", "device", "copy out"),
)


@dataclass(frozen=True)
class Row:
    """Spans of time [n, 2] in s that so many threads or devices (lanes) spent on one thing.

    kind: what it is, for its colour.
    """

    title: str
    group: str
    kind: str
    spans: NDArray[np.float64]
    lanes: int = 1


@dataclass(frozen=True)
class DrawnRow:
    """A row as it is shown. share: of the time, 0 to 1; path: over `columns` by HEIGHT.

    borders: where spans begin, as a path of lines, while they can be told apart.
    """

    title: str
    group: str
    kind: str
    share: float
    path: str
    borders: str


@dataclass(frozen=True)
class View:
    """Rows between two times in s. height, columns: of the box in which their paths lie.

    hidden: how many workers have no row.
    """

    title: str
    start: float
    end: float
    rows: list[DrawnRow]
    columns: int = _COLUMNS
    height: int = HEIGHT
    hidden: int = 0


def rows_of_trace(trace: TraceContent) -> list[Row]:
    """A row for each stage that the trace has, then one for each worker.

    Raises DatasetError where the trace has more rows than a machine has workers.
    """
    spans: dict[tuple[str, tuple[int, int]], list[tuple[float, float]]] = defaultdict(list)
    lanes = {(event.pid, event.tid) for event in trace.traceEvents}
    if len(lanes) > _MOST_ROWS:
        raise DatasetError(
            f"the trace has {len(lanes)} rows, more than can be shown ({_MOST_ROWS})"
        )
    for event in trace.traceEvents:
        if event.ph == "X":
            span = event.ts / 1e6, (event.ts + event.dur) / 1e6
            spans[event.name, (event.pid, event.tid)].append(span)
    rows = []
    for name, group, title in _STAGES:
        found = [of_lane for (stage, _), of_lane in spans.items() if stage == name]
        if found:
            every = np.concatenate([np.array(of_lane) for of_lane in found])
            rows.append(Row(title, group, name.replace(" ", "-"), every, len(found)))
    workers = sorted({lane for name, lane in spans if name in _WORK})
    for number, lane in enumerate(workers):
        work = [span for name in _WORK for span in spans.get((name, lane), [])]
        rows.append(Row(f"worker {number}", "worker", "work", np.array(work)))
    return rows


def rows_of_batches(times: BatchMoments) -> list[Row]:
    """The rows that the times of batches alone give."""

    def spans(begin: Sequence[float], end: Sequence[float]) -> NDArray[np.float64]:
        pairs = np.column_stack([np.array(begin, np.float64), np.array(end, np.float64)])
        return merged(pairs[pairs[:, 1] > pairs[:, 0]])

    rows = (
        Row("count scores", "host", "use", spans(times.begun_s, times.used_s)),
        Row("wait for host", "device", "wait-for-a-batch", spans(times.asked_s, times.got_s)),
        Row("at work", "device", "compute", spans(times.submitted_s, times.taken_s)),
    )
    return [row for row in rows if len(row.spans)]


def views(rows: Iterable[Row], seconds: float, batches: int) -> tuple[View, View | None]:
    """All of a run by its stages, and a few batches from its middle with its workers.

    The second is None where the first shows as much. Raises DatasetError where the run took no
    time.
    """
    every = list(rows)
    if seconds <= 0:
        raise DatasetError("the run took no time, of which nothing can be shown")
    stages = [row for row in every if row.group != "worker"]
    whole = _view("The whole run", stages, 0.0, seconds)
    if batches <= _FEW_BATCHES and len(stages) == len(every):
        return whole, None
    workers = [row for row in every if row.group == "worker"]
    shown = [*stages, *workers[:_SHOWN_WORKERS]]
    part = min(seconds, seconds * _CLOSE_BATCHES / max(1, batches))
    start = (seconds - part) / 2
    near = _view("The middle", shown, start, start + part)
    return whole, replace(near, hidden=len(every) - len(shown))


def traced_batches(trace: TraceContent) -> int:
    """How many batches went through the device in a trace."""
    return len(
        {
            str(event.args.get("batch"))
            for event in trace.traceEvents
            if event.ph == "X" and event.name == "compute"
        }
    )


def _view(title: str, rows: Sequence[Row], start: float, end: float) -> View:
    edges = np.linspace(start, end, _COLUMNS + 1)
    drawn = []
    for row in rows:
        parts = np.clip(covered(row.spans, edges) / row.lanes, 0.0, 1.0)
        share, path = float(parts.mean()), outline(parts)
        drawn.append(
            DrawnRow(row.title, row.group, row.kind, share, path, _borders(row, start, end))
        )
    return View(title, start, end, drawn)


def _borders(row: Row, start: float, end: float) -> str:
    begins = row.spans[:, 0]
    begins = begins[(begins > start) & (begins < end)]
    if row.kind != "compute" or row.lanes > 1 or len(begins) > _MOST_BORDERS:
        return ""
    places = _COLUMNS * (begins - start) / (end - start)
    return "".join(f"M{place:.1f} 0V{HEIGHT}" for place in np.sort(places).tolist())

"""What host and device did in two seconds of a trace, a strip for each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.reports.html.charts import COLOURS, TEXT, new_figure, plain_text, svg
from regcore.reports.html.contents import TraceContent

_WINDOW = 1.0  # s
_MOST_ROWS = 2048
_COLUMNS = 1800  # of a strip: as many spans as a second may hold, the report stays small

#: Rows by process and thread, and in each the begin and end (s) of what was done, by its name.
_Spans = Mapping[tuple[int, int], Mapping[str, list[tuple[float, float]]]]


def timelines(trace: TraceContent, seconds: float) -> list[dict[str, str]]:
    """What every row of a trace of so many seconds did in the first, and in the middle one.

    Raises DatasetError where the trace has more rows than a machine has workers, or took no time.
    """
    rows = len({(event.pid, event.tid) for event in trace.traceEvents})
    if rows > _MOST_ROWS:
        raise DatasetError(f"the trace has {rows} rows, more than can be shown ({_MOST_ROWS})")
    if seconds <= 0:
        raise DatasetError("the run took no time, of which nothing can be shown")
    shown = [("the first second" if seconds > _WINDOW else "all of it", 0.0)]
    if seconds > 2 * _WINDOW:
        shown.append(("the second in the middle", (seconds - _WINDOW) / 2))
    return [
        {
            "title": title,
            "svg": _timeline(trace, start, start + min(_WINDOW, seconds), f"timeline{number}"),
        }
        for number, (title, start) in enumerate(shown)
    ]


def traced_batches(trace: TraceContent) -> int:
    """How many batches went through the device in a trace."""
    return len(
        {
            str(event.args.get("batch"))
            for event in trace.traceEvents
            if event.ph == "X" and event.name == "compute"
        }
    )


def _timeline(trace: TraceContent, start: float, end: float, name: str) -> str:
    from matplotlib.patches import Patch

    titles, spans = _read(trace, start, end)
    rows = sorted(spans, reverse=True)
    figure, axes = new_figure(0.9 + 0.28 * max(1, len(rows)))
    edges = np.linspace(start, end, _COLUMNS + 1)
    for place, row in enumerate(rows):
        extent = (start, end, place - 0.4, place + 0.4)
        axes.imshow(_strip(spans[row], edges), extent=extent, aspect="auto", interpolation="none")
    axes.set_yticks(range(len(rows)), [plain_text(titles.get(row, str(row))) for row in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(start, end)
    axes.set_xlabel("s")
    done = {what for row in spans.values() for what in row}
    named = [Patch(color=colour, label=what) for what, colour in COLOURS.items() if what in done]
    if named:
        axes.legend(
            handles=named, frameon=False, labelcolor=TEXT, ncols=min(6, len(named)),
            loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize="small", handlelength=1.0,
            columnspacing=1.2,
        )  # fmt: skip
    return svg(figure, name)


def _read(
    trace: TraceContent, start: float, end: float
) -> tuple[dict[tuple[int, int], str], _Spans]:
    titles: dict[tuple[int, int], str] = {}
    spans: dict[tuple[int, int], dict[str, list[tuple[float, float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for event in trace.traceEvents:
        row = event.pid, event.tid
        if event.name == "thread_name":
            titles[row] = str(event.args.get("name", row))
        elif event.ph == "X" and event.name in COLOURS:
            span = event.ts / 1e6, (event.ts + event.dur) / 1e6
            if span[1] > start and span[0] < end:
                spans[row][event.name].append(span)
    return titles, spans


def _strip(
    done: Mapping[str, list[tuple[float, float]]], edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """RGBA [1, columns, 4]: the colours of all that was done in a column, by its part of it."""
    from matplotlib.colors import to_rgb

    mixed = np.zeros((len(edges) - 1, 3))
    total = np.zeros(len(edges) - 1)
    for what, spans in done.items():
        part = np.clip(covered(np.array(spans), edges), 0.0, None)  # without rounding below 0
        mixed += part[:, None] * np.array(to_rgb(COLOURS[what]))
        total += part
    rgb = np.divide(mixed, total[:, None], out=np.zeros_like(mixed), where=total[:, None] > 0)
    return np.dstack([rgb[None], np.minimum(total, 1.0)[None]])


def covered(spans: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of each column between two `edges` that `spans` [n, 2] take.

    The time that has passed inside of them until an edge is the sum of what has passed since their
    begins, less the sum since their ends.
    """
    inside = _since(spans[:, 0], edges) - _since(spans[:, 1], edges)
    return np.asarray(np.diff(inside) / np.diff(edges))


def _since(times: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """At each edge, the sum of edge - time over all earlier times."""
    ordered = np.sort(times)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    earlier = np.searchsorted(ordered, edges)
    return np.asarray(earlier * edges - sums[earlier])

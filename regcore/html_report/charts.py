"""Plots as inline SVG, in the colours of the page that they are put into."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Stands for the text colour of the page, which CSS knows and Matplotlib does not.
_TEXT = "#010203"
_COLOURS = {
    "read": "#7a9cc6",
    "decode": "#3f72af",
    "resample": "#6a4c93",
    "wait": "#b8b8b8",
    "h2d": "#e09f3e",
    "compute": "#2a9d6f",
    "d2h": "#d1495b",
    "use": "#8d6a9f",
    "busy": "#2a9d6f",
}
_LINES = ("#2a9d6f", "#3f72af", "#e09f3e", "#d1495b", "#8d6a9f", "#6b8e23")
_MARKS = "os^Dv<"
_WIDTH = 6.0  # inches; the page scales it
_WINDOW = 1.0  # s of a timeline


def _new_figure(height: float) -> tuple[Figure, Any]:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "text.color": _TEXT,
        "axes.edgecolor": _TEXT,
        "axes.labelcolor": _TEXT,
        "xtick.color": _TEXT,
        "ytick.color": _TEXT,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        axes = figure.subplots()
    return figure, axes


def _svg(figure: Figure, name: str) -> str:
    """The figure as an element; `name` makes its ids different from those of other figures."""
    import matplotlib as mpl

    file = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    text = text[text.index("<svg") :].replace(_TEXT, "currentColor")
    text = re.sub(r'id="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'(xlink:href="|href="|url\()#', rf"\g<1>#{name}-", text)
    # The page gives the width; the height follows.
    return re.sub(
        r'(<svg[^>]*?) width="[^"]*"',
        r"\1",
        re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1),
        count=1,
    )


def rates_by_batch(series: Mapping[str, Mapping[int, float]], name: str) -> str:
    """Rates (images/s) over the batch size, a line for each of `series`."""
    figure, axes = _new_figure(2.8)
    for number, (label, rates) in enumerate(series.items()):
        batches = sorted(rates)
        values = [rates[batch] for batch in batches]
        colour, mark = _LINES[number % len(_LINES)], _MARKS[number % len(_MARKS)]
        axes.plot(batches, values, f"{mark}-", color=colour, label=label)
    axes.set_xscale("log", base=2)
    batches = sorted({batch for rates in series.values() for batch in rates})
    axes.set_xticks(batches, [str(batch) for batch in batches])
    axes.minorticks_off()
    axes.set_ylim(0, 1.1 * max(rate for rates in series.values() for rate in rates.values()))
    axes.set_xlabel("batch size")
    axes.set_ylabel("images/s")
    axes.legend(frameon=False, labelcolor=_TEXT)
    return _svg(figure, name)


def stage_loads(perf: Mapping[str, Any]) -> str:
    """How much of the time each stage was at work."""
    stages = perf["stages"][::-1]
    figure, axes = _new_figure(0.7 + 0.4 * len(stages))
    for place, stage in enumerate(stages):
        share = stage["busy_s"] / (stage["threads"] * perf["seconds"]) if perf["seconds"] else 0
        axes.barh(place, 100, color=_COLOURS["wait"], alpha=0.25, height=0.6)
        axes.barh(place, 100 * share, color=_COLOURS["busy"], height=0.6)
        axes.text(101, place, f"{share:.0%}", va="center", color=_TEXT)
    names = [f"{stage['stage']} x {stage['threads']}" for stage in stages]
    axes.set_yticks(range(len(stages)), names)
    axes.set_xlim(0, 108)
    axes.set_xlabel("% of the time at work")
    return _svg(figure, "loads")


def ceilings(profile: Mapping[str, Any]) -> str:
    """What each stage does alone, in images/s."""
    found = profile["ceilings"]
    rows = [("storage", found["storage"])]
    rows += [(f"preprocess, workers: {n}", rate) for n, rate in found["preprocess"].items()]
    if found["uint8"] is not None:
        rows.append(("preprocess to uint8", found["uint8"]))
    rows += [("device", found["device"]), ("post", found["post"])]
    rows.reverse()
    figure, axes = _new_figure(0.7 + 0.32 * len(rows))
    colours = [_COLOURS["compute"] if name == "device" else _COLOURS["decode"] for name, _ in rows]
    axes.barh(range(len(rows)), [rate for _, rate in rows], color=colours, height=0.6)
    for place, (_, rate) in enumerate(rows):
        axes.text(rate * 1.05, place, f"{rate:,.0f}", va="center", color=_TEXT)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_xscale("log")
    axes.set_xlim(right=max(rate for _, rate in rows) * 4)
    axes.set_xlabel("images/s, each stage alone")
    return _svg(figure, "ceilings")


def timelines(trace: Mapping[str, Any], perf: Mapping[str, Any]) -> list[dict[str, str]]:
    """What every row of a trace did in the first second, and in the one in the middle."""
    seconds = float(perf["seconds"])
    shown = [("the first second" if seconds > _WINDOW else "all of it", 0.0)]
    if seconds > 2 * _WINDOW:
        shown.append(("the second in the middle", (seconds - _WINDOW) / 2))
    return [
        {"title": title, "svg": _timeline(trace, start, f"timeline{number}")}
        for number, (title, start) in enumerate(shown)
    ]


def traced_batches(trace: Mapping[str, Any]) -> int:
    """How many batches went through the device in a trace."""
    return len(
        {
            event["args"]["batch"]
            for event in trace["traceEvents"]
            if event["ph"] == "X" and event["name"] == "compute"
        }
    )


def _timeline(trace: Mapping[str, Any], start: float, name: str) -> str:
    titles: dict[tuple[int, int], str] = {}
    spans: dict[tuple[int, int], dict[str, list[tuple[float, float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for event in trace["traceEvents"]:
        row = event["pid"], event["tid"]
        if event["name"] == "thread_name":
            titles[row] = event["args"]["name"]
        elif event["ph"] == "X" and event["name"] in _COLOURS:
            begin = max(event["ts"] / 1e6, start)
            end = min((event["ts"] + event["dur"]) / 1e6, start + _WINDOW)
            if end > begin:
                spans[row][event["name"]].append((begin, end - begin))
    rows = sorted(spans, reverse=True)
    figure, axes = _new_figure(0.9 + 0.28 * max(1, len(rows)))
    named = set()
    for place, row in enumerate(rows):
        for what, parts in spans[row].items():
            label = what if what not in named else None
            named.add(what)
            axes.broken_barh(
                parts, (place - 0.4, 0.8), color=_COLOURS[what], label=label, linewidth=0
            )
    axes.set_yticks(range(len(rows)), [titles.get(row, str(row)) for row in rows])
    axes.set_xlim(start, start + _WINDOW)
    axes.set_xlabel("s")
    if named:
        axes.legend(
            frameon=False, labelcolor=_TEXT, ncols=min(6, len(named)), loc="lower center",
            bbox_to_anchor=(0.5, 1.0), fontsize="small", handlelength=1.0, columnspacing=1.2,
        )  # fmt: skip
    return _svg(figure, name)

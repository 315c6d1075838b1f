"""Plots as inline SVG, in the colours of the page that they are put into."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regcore.reports.html.contents import Ceilings, PerfContent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Stands for the text colour of the page, which CSS knows and Matplotlib does not.
TEXT = "#010203"
COLOURS = {
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


def new_figure(height: float) -> tuple[Figure, Any]:
    """A figure of so many inches, and its axes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "text.color": TEXT,
        "axes.edgecolor": TEXT,
        "axes.labelcolor": TEXT,
        "xtick.color": TEXT,
        "ytick.color": TEXT,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        axes = figure.subplots()
    return figure, axes


def plain_text(words: str) -> str:
    """Words from a file as Matplotlib shows them, which takes `$` for the start of a formula.

    A leading underscore would keep a line out of the legend.
    """
    return re.sub("^_", "\N{ZERO WIDTH SPACE}_", words.replace("$", r"\$"))


def svg(figure: Figure, name: str) -> str:
    """The figure as an element; `name` makes its ids different from those of other figures."""
    import matplotlib as mpl

    file = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    text = text[text.index("<svg") :].replace(TEXT, "currentColor")
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
    figure, axes = new_figure(2.8)
    for number, (label, rates) in enumerate(series.items()):
        batches = sorted(rates)
        values = [rates[batch] for batch in batches]
        colour, mark = _LINES[number % len(_LINES)], _MARKS[number % len(_MARKS)]
        axes.plot(batches, values, f"{mark}-", color=colour, label=plain_text(label))
    axes.set_xscale("log", base=2)
    batches = sorted({batch for rates in series.values() for batch in rates})
    axes.set_xticks(batches, [str(batch) for batch in batches])
    axes.minorticks_off()
    highest = max(rate for rates in series.values() for rate in rates.values())
    axes.set_ylim(0, 1.1 * highest or 1.0)
    axes.set_xlabel("batch size")
    axes.set_ylabel("images/s")
    axes.legend(frameon=False, labelcolor=TEXT)
    return svg(figure, name)


def stage_loads(perf: PerfContent) -> str:
    """How much of the time each stage was at work."""
    stages = perf.stages[::-1]
    figure, axes = new_figure(0.7 + 0.4 * len(stages))
    for place, stage in enumerate(stages):
        share = stage.busy_s / (stage.threads * perf.seconds) if perf.seconds else 0
        axes.barh(place, 100, color=COLOURS["wait"], alpha=0.25, height=0.6)
        axes.barh(place, 100 * share, color=COLOURS["busy"], height=0.6)
        axes.text(101, place, f"{share:.0%}", va="center", color=TEXT)
    names = [f"{plain_text(stage.stage)} x {stage.threads}" for stage in stages]
    axes.set_yticks(range(len(stages)), names)
    axes.set_xlim(0, 108)
    axes.set_xlabel("% of the time at work")
    return svg(figure, "loads")


def ceilings(found: Ceilings) -> str:
    """What each stage does alone, in images/s; the lengths of the bars are in proportion."""
    rows = [("storage, not in memory yet", found.storage)]
    rows += [
        (f"preprocess, workers: {plain_text(n)}", rate) for n, rate in found.preprocess.items()
    ]
    if found.uint8 is not None:
        rows.append(("preprocess to uint8", found.uint8))
    rows += [("device", found.device), ("post", found.post)]
    rows.reverse()
    figure, axes = new_figure(0.7 + 0.32 * len(rows))
    colours = [COLOURS["compute"] if name == "device" else COLOURS["decode"] for name, _ in rows]
    axes.barh(range(len(rows)), [rate for _, rate in rows], color=colours, height=0.6)
    longest = max(rate for _, rate in rows) or 1.0
    for place, (_, rate) in enumerate(rows):
        axes.text(rate + 0.01 * longest, place, f"{rate:,.0f}", va="center", color=TEXT)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_xlim(0, 1.15 * longest)
    axes.set_xlabel("images/s, each stage alone")
    return svg(figure, "ceilings")

"""The figure: ms per image on one worker, in memory, with the distance from Pillow's pixels.

figure.py FILE.json FILE.svg draws it again from a run's JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from peers import FLOOR, RESIZE

# Greys and hues that can be read on white and on black.
TEXT = "#7d8590"
OURS = "#2f81f7"
EXACT = "#8b949e"
INEXACT = "#c98a2b"
PARTIAL = "#5a646f"


def draw(document: dict[str, Any], path: Path) -> None:
    rows = [r for r in document["rows"] if (r["source"], r["workers"]) == ("memory", 1)]
    rows = [r for r in rows if r["label"] != RESIZE]
    rows.sort(key=lambda r: -r["ms_per_image"]["median"])
    with mpl.rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}):
        figure = Figure(figsize=(8.2, 0.36 * len(rows) + 0.9), layout="constrained")
        axes = figure.add_subplot()
        for place, row in enumerate(rows):
            ms = row["ms_per_image"]
            reach = [[ms["median"] - ms["min"]], [ms["max"] - ms["median"]]]
            axes.barh(place, ms["median"], 0.66, color=_color(row), xerr=reach, ecolor=TEXT)
            axes.text(ms["max"], place, f"  {_note(row)}", va="center", color=TEXT)
        floor = [r["ms_per_image"]["median"] for r in rows if r["label"] == FLOOR]
        if floor:
            axes.axvline(floor[0], color=TEXT, linestyle=":", linewidth=1)
        # The longest bar leaves room for what is written beside it.
        axes.set_xlim(0, 1.8 * max(r["ms_per_image"]["max"] for r in rows))
        axes.set_yticks(range(len(rows)), [row["label"] for row in rows], color=TEXT)
        axes.set_xlabel(f"ms per image, one worker, {document['machine']['cpu']}", color=TEXT)
        axes.tick_params(colors=TEXT, length=0)
        axes.spines[:].set_visible(False)
        figure.savefig(path, transparent=True, metadata={"Date": None})


def _color(row: dict[str, Any]) -> str:
    if row["peer"] == "regcore":
        return OURS
    if not row["complete"]:
        return PARTIAL
    return EXACT if row["difference"]["largest"] == 0 else INEXACT


def _note(row: dict[str, Any]) -> str:
    ms = f"{row['ms_per_image']['median']:.2f} ms"
    if not row["complete"]:
        return f"{ms}, decode alone"
    difference = row["difference"]
    if difference["largest"] == 0:
        return f"{ms}, Pillow's pixels"
    share = f"{100 * difference['share']:.2g}"
    return f"{ms}, {share} % of values differ, by up to {difference['largest']}"


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))

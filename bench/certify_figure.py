"""The figure: images until the verdict, by the drop of a port and its flips.

certify_figure.py FILE.json FILE.svg draws it again from a run's JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

# Greys and hues that can be read on white and on black.
TEXT = "#7d8590"
HUES = ("#2f81f7", "#3fb28f", "#c98a2b")


def draw(document: dict[str, Any], path: Path) -> None:
    rows, images = document["rows"], document["images"]
    drops = sorted({row["drop_pt"] for row in rows})
    groups = len(rows) // len(drops)
    with mpl.rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}):
        figure = Figure(figsize=(8.2, 4.4), layout="constrained")
        axes = figure.add_subplot()
        for group in range(groups):
            mine = rows[group * len(drops) : (group + 1) * len(drops)]
            places = [place + 0.22 * (group - (groups - 1) / 2) for place in range(len(drops))]
            spread = [[row["images"][name] for row in mine] for name in ("p10", "median", "p90")]
            label = f"{mine[0]['flips_percent']:g} % of the images flip"
            axes.vlines(places, spread[0], spread[2], color=HUES[group], linewidth=2, alpha=0.5)
            axes.plot(places, spread[1], "o", color=HUES[group], markersize=6, label=label)
            best = [(place, row["at_best"]) for place, row in zip(places, mine, strict=True)]
            known = [(place, bound) for place, bound in best if bound is not None]
            axes.plot(*zip(*known, strict=True), "_", color=TEXT, markersize=9)
            for place, row in zip(places, mine, strict=True):
                wrong = f"{100 * row['wrong']:.1f} %"
                axes.text(place, images * 1.25, wrong, color=TEXT, rotation=90, ha="center")
        axes.axhline(images / 10, color=TEXT, linestyle=":", linewidth=1)
        axes.text(len(drops) - 0.5, images / 10, "a tenth ", color=TEXT, ha="right", va="bottom")
        axes.axvline(drops.index(document["margin_pt"]) + 0.5, color=TEXT, linewidth=0.5)
        axes.set_yscale("log")
        axes.set_ylim(100, 3 * images)
        ticks = [100, 300, 1000, 3000, 10_000, images]
        axes.set_yticks(ticks, [f"{tick:,}" for tick in ticks], color=TEXT)
        axes.minorticks_off()
        axes.set_xticks(range(len(drops)), [f"{drop:g}" for drop in drops], color=TEXT)
        axes.set_xlabel(
            f"the port's drop in pt, allowed {document['margin_pt']} pt; above: wrong verdicts, "
            f"promised {100 * document['alpha']:g} %",
            color=TEXT,
        )
        axes.set_ylabel(f"images of {images:,}: median, 10 to 90 %, floor", color=TEXT)
        axes.tick_params(colors=TEXT, length=0)
        axes.spines[:].set_visible(False)
        axes.legend(frameon=False, labelcolor=TEXT, loc="lower left")
        figure.savefig(path, transparent=True, metadata={"Date": None})


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))

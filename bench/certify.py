"""How many images `regcore certify` needs, and how often it is wrong, over simulated ports.

python bench/certify.py --json run.json --figure run.svg              (10,000 runs of each kind)

A port flips a share of the images: so many more are lost than won as its drop says. The images are
drawn without return, each until the verdict is certain. "at best" is a floor of the median for any
test with this error rate, even one that knows the flips: the fewest images by which the best test
of a size fixed before reaches a power of one half. "Wald" is the mean of his sequential test, which
knows both hypotheses. Both are by the normal approximation.
"""

from __future__ import annotations

import argparse
import json
import math
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import NormalDist
from time import perf_counter
from typing import Any

import numpy as np
from certify_simulation import AT_THE_END, FAILED, PASSED, Population, simulate
from machine import machine
from rich import box
from rich.table import Table
from terminal import wide_console

from regcore.trust.certify.sequential_test import TEST_VERSION, Question

IMAGES, MARGIN, ALPHA = 50_000, 0.5, 0.05
#: The last that passes, and the first that does not, are where errors are most likely.
DROPS = (0, 0.1, 0.3, 0.5, 0.502, 1, 2)
FLIPS = (1, 2, 3)
#: Drops whose median is to be at most this part of the images.
QUICK, PART = (0, 1, 2), 0.1


def population(drop: float, flips: float) -> Population:
    """Of a drop in pt and flips in % of the images, or as many more as the drop needs."""
    dropped = round(IMAGES * drop / 100)
    number = max(round(IMAGES * flips / 100), dropped)
    lost = (number + dropped + 1) // 2
    return Population(IMAGES, lost, lost - dropped)


def floors(chosen: Population, question: Question) -> dict[str, float | None]:
    """The fewest images at best, and Wald's mean, None where the port lies on the line."""
    distance = abs(chosen.lost - chosen.won - question.allowed) / question.images
    if not distance:
        return {"at_best": None, "wald": None}
    rate = chosen.flips / question.images
    fixed = NormalDist().inv_cdf(1 - question.alpha) ** 2 * rate / distance**2
    wald = 2 * math.log(1 / question.alpha) * rate / distance**2
    # Without return, n images are worth n / (1 - n / N) of those with return.
    sizes = (size / (1 + size / question.images) for size in (fixed, wald))
    return dict(zip(("at_best", "wald"), sizes, strict=True))


def measure(case: tuple[float, float, int, int]) -> dict[str, Any]:
    drop, flips, runs, seed = case
    question, chosen = Question(IMAGES, MARGIN, ALPHA), population(drop, flips)
    found = simulate(question, chosen, runs, seed)
    truth = PASSED if chosen.lost - chosen.won <= question.allowed else FAILED
    early = found.verdict != AT_THE_END
    wrong = early & (found.verdict != truth)
    quantiles = np.percentile(found.images, [10, 50, 90])
    return {
        "drop_pt": drop,
        "flips_percent": 100 * chosen.flips / IMAGES,
        "lost": chosen.lost,
        "won": chosen.won,
        "runs": runs,
        "truth": "PASS" if truth == PASSED else "FAIL",
        "wrong": float(wrong.mean()),
        "before_the_last": float(early.mean()),
        "images": dict(zip(("p10", "median", "p90"), quantiles.tolist(), strict=True)),
        **floors(chosen, question),
    }


def table(rows: list[dict[str, Any]]) -> Table:
    found = Table(box=box.SIMPLE_HEAD)
    heads = ("drop", "flips", "truth", "wrong", "before the last", "10 %", "median", "90 %")
    for head in (*heads, "of all", "at best", "Wald"):
        found.add_column(head, justify="right")
    for row in rows:
        images = row["images"]
        bounds = (row["at_best"], row["wald"])
        found.add_row(
            f"{row['drop_pt']:g} pt",
            f"{row['flips_percent']:g} %",
            row["truth"],
            f"{100 * row['wrong']:.2f} %",
            f"{100 * row['before_the_last']:.1f} %",
            *(f"{images[name]:,.0f}" for name in ("p10", "median", "p90")),
            f"{100 * images['median'] / IMAGES:.1f} %",
            *("" if bound is None else f"{bound:,.0f}" for bound in bounds),
        )
    return found


def missed(rows: list[dict[str, Any]]) -> list[str]:
    """What is not as it should be: error rates within chance of alpha, and the medians."""
    told = []
    for row in rows:
        what = f"drop {row['drop_pt']:g} pt, flips {row['flips_percent']:g} %"
        chance = 3 * math.sqrt(ALPHA * (1 - ALPHA) / row["runs"])
        if row["wrong"] > ALPHA + chance:
            told.append(f"{what}: wrong in {100 * row['wrong']:.2f} % of the runs")
        if row["drop_pt"] in QUICK and row["images"]["median"] > PART * IMAGES:
            told.append(f"{what}: a median of {row['images']['median']:,.0f} images")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--figure", type=Path)
    given = parser.parse_args()
    begun = perf_counter()
    cases = [(drop, flips, given.runs, given.seed) for flips in FLIPS for drop in DROPS]
    with ProcessPoolExecutor(given.processes) as pool:
        rows = list(pool.map(measure, cases))
    document = {
        "machine": machine(),
        "images": IMAGES,
        "margin_pt": MARGIN,
        "alpha": ALPHA,
        "test": TEST_VERSION,
        "seed": given.seed,
        "seconds": round(perf_counter() - begun, 1),
        "rows": rows,
    }
    console = wide_console(140)
    console.print(
        f"{IMAGES:,} images, margin {MARGIN} pt, alpha {100 * ALPHA:g} %, {given.runs:,} runs each,"
        f" {document['seconds']} s"
    )
    console.print(table(rows))
    for line in missed(rows) or ["error rates and medians are as they should be"]:
        console.print(line)
    if given.json:
        given.json.write_text(json.dumps(document, indent=2) + "\n")
    if given.figure:
        from certify_figure import draw

        draw(document, given.figure)


if __name__ == "__main__":
    main()

"""How many pipelines identify finds again, and whether it takes strange ones for known ones.

python bench/identify.py --json run.json      (needs foolbox's photos, OpenCV, SciPy)

Each known pipeline makes a tensor of four photos, which is written as plain values. What identify
names is then tried on four other photos: a recipe is right where it gives the same bytes of those,
too, with the values of fields that it said these photos do not tell; a scale of quantised values
need be near to 1 in 100,000 alone, as steps tell no more. Strange pipelines are none of
regcore's; a recipe that is found for one and gives other bytes of the other photos is wrong.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
from identify_known import known_recipes
from identify_photos import make_photos
from identify_strangers import Stranger, strangers
from machine import machine
from rich import box
from rich.table import Table
from terminal import wide_console

from regcore import Preprocessor, Recipe, RegcoreError
from regcore.recipes.spelling import recipe_text
from regcore.trust.identify.findings import Alternative, Identification, Outcome
from regcore.trust.identify.identify import identify
from regcore.trust.identify.photos import read_photos
from regcore.trust.identify.tensor_files import read_tensor

_SCALE_ROOM = 1e-5
#: So many fields that these photos do not tell are taken together.
_TOGETHER = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--known", type=int, default=240)
    parser.add_argument("--strange", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    before = machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shown, other = make_photos(folder)
        known = [
            _known(recipe, shown, other, folder)
            for recipe in known_recipes(arguments.known, arguments.seed)
        ]
        strange = [
            _strange(stranger, shown, other, folder)
            for stranger in itertools.islice(strangers(), arguments.strange)
        ]
        commands = _commands(shown, folder)
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "seed": arguments.seed,
        "photos": len(shown),
        "command_s": commands,
        "known": known,
        "strange": strange,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    show(document)


def _timed(path: Path, photos: list[str]) -> tuple[Identification, float, float]:
    wall, cpu = perf_counter(), process_time()
    found = identify(read_tensor(path), read_photos(photos))
    return found, perf_counter() - wall, process_time() - cpu


def _known(recipe: Recipe, shown: list[str], other: list[str], folder: Path) -> dict[str, Any]:
    path = folder / "tensor.bin"
    path.write_bytes(Preprocessor(recipe)(shown).tobytes())
    row: dict[str, Any] = {"recipe": recipe_text(recipe)}
    found, wall, cpu = _timed(path, shown)
    row |= {"outcome": found.outcome.value, "s": wall, "cpu_s": cpu, "tried": found.tried}
    row["right"] = found.outcome is Outcome.FOUND and _is_right(recipe, found, other)
    row["not_told"] = " ".join(sorted({name for one in found.alternatives for name in one.fields}))
    if found.next is not None:
        row["next_differing_share"] = found.next.residual.share
    if not row["right"]:
        row["got"] = None if found.best is None else recipe_text(found.best.recipe)
        print(json.dumps(row), file=sys.stderr)
    return row


def _is_right(recipe: Recipe, found: Identification, other: list[str]) -> bool:
    """By one of the recipes that were named."""
    if found.best is None:
        return False
    expected = _bytes(recipe, other)
    for count in range(min(len(found.alternatives), _TOGETHER) + 1):
        for chosen in itertools.combinations(found.alternatives, count):
            named = _with(_near_scale(found.best.recipe, recipe), chosen)
            if named is not None and _bytes(named, other) == expected:
                return True
    return False


def _near_scale(named: Recipe, recipe: Recipe) -> Recipe:
    """With the very scale where that is near."""
    scale, wanted = named.quant_scale, recipe.quant_scale
    if scale is None or wanted is None or abs(scale - wanted) > _SCALE_ROOM * wanted:
        return named
    return replace(named, quant_scale=wanted)


def _with(recipe: Recipe, chosen: tuple[Alternative, ...]) -> Recipe | None:
    fields: dict[str, Any] = {}
    for one in chosen:
        fields |= one.fields
    try:
        return replace(recipe, **fields)
    except RegcoreError:
        return None


def _bytes(recipe: Recipe, photos: list[str]) -> bytes | str:
    try:
        return Preprocessor(recipe)(photos).tobytes()
    except RegcoreError:
        return "too small"


def _strange(
    stranger: Stranger, shown: list[str], other: list[str], folder: Path
) -> dict[str, Any]:
    path = folder / "tensor.npy"
    np.save(path, stranger.make(shown))
    found, wall, cpu = _timed(path, shown)
    row: dict[str, Any] = {
        "name": stranger.name,
        "outcome": found.outcome.value,
        "s": wall,
        "cpu_s": cpu,
    }
    row["notes"] = list(found.notes)
    row["wrong"] = False
    if found.outcome is Outcome.FOUND and found.best is not None:
        made = _bytes(found.best.recipe, other)
        row["wrong"] = made != np.ascontiguousarray(stranger.make(other)).tobytes()
        row["got"] = recipe_text(found.best.recipe)
        print(json.dumps(row), file=sys.stderr)
    return row


def _commands(shown: list[str], folder: Path) -> list[float]:
    """Seconds of the whole command, from its start on, for one photo's tensor and for four."""
    seconds = []
    for photos in (shown[:1], shown):
        path = folder / f"command{len(photos)}.bin"
        path.write_bytes(Preprocessor(Recipe())(photos).tobytes())
        command = [sys.executable, "-m", "regcore", "identify", str(path), *photos]
        start = perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(perf_counter() - start)
    return seconds


def show(document: dict[str, Any]) -> None:
    console = wide_console(120)
    known, strange = document["known"], document["strange"]
    table = Table("", box=box.MARKDOWN)
    for heading in ("pipelines", "right", "wrong", "not found", "CPU s, median", "most", "s, most"):
        table.add_column(heading, justify="right")
    right = {"known": sum(row["right"] for row in known)}
    wrong = {"known": sum(row["outcome"] == "found" and not row["right"] for row in known)}
    wrong["strange"] = sum(row["wrong"] for row in strange)
    right["strange"] = len(strange) - wrong["strange"]
    for name, rows in (("known", known), ("strange", strange)):
        if not rows:
            continue
        cpu = [r["cpu_s"] for r in rows]
        table.add_row(
            name,
            str(len(rows)),
            str(right[name]),
            str(wrong[name]),
            str(sum(r["outcome"] != "found" for r in rows)),
            f"{median(cpu):.2f}",
            f"{max(cpu):.2f}",
            f"{max(r['s'] for r in rows):.2f}",
        )
    console.print(table)
    one, four = document["command_s"]
    console.print(f"the whole command: {one:.2f} s for one photo, {four:.2f} s for four")


if __name__ == "__main__":
    main()

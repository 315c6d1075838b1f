"""Photos as JPEG, PNG and WebP: what more workers add where Pillow decodes, not the core.

Each format's photos become uint8 batches with one worker and with more, in interleaved rounds;
every value is compared with what Pillow's own pixels become.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from machine import describe, find_photos, machine
from PIL import Image
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, interleave, ratios, spread, times
from terminal import wide_console

from regcore.host import core_versions, default_workers
from regcore.images.preprocessor import Preprocessor
from regcore.recipes.recipe import Recipe

RECIPE = replace(Recipe.preset("regnety_016"), dtype="uint8")
FORMATS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 90},
    "PNG": {},
    "WEBP": {"quality": 90},
}


def encoded(photos: list[str], name: str) -> list[bytes]:
    files = []
    for photo in photos:
        file = io.BytesIO()
        with Image.open(photo) as image:
            image.convert("RGB").save(file, name, **FORMATS[name])
        files.append(file.getvalue())
    return files


def differing(files: list[bytes]) -> int:
    """Values that are not those of Pillow's pixels."""
    preprocessor = Preprocessor(RECIPE)
    pixels = []
    for file in files:
        with Image.open(io.BytesIO(file)) as image:
            pixels.append(np.asarray(image.convert("RGB")))
    return int(np.count_nonzero(preprocessor(files) != preprocessor(pixels)))


def measured(photos: list[str], workers: int, rounds: int, console: Console) -> dict[str, Any]:
    before = machine()
    with console.status("encoding") as status:
        files = {name: encoded(photos, name) for name in FORMATS}
        differences = {name: differing(files[name]) for name in FORMATS}

        def task(name: str, count: int) -> Callable[[], Round]:
            preprocessor = Preprocessor(RECIPE, workers=count)

            def run() -> Round:
                start = perf_counter()
                preprocessor(files[name])
                return {Key(name, "memory", count): 1000 * (perf_counter() - start) / len(photos)}

            return run

        tasks = [task(name, count) for name in FORMATS for count in (1, workers)]
        done = interleave(tasks, rounds, status.update)
    rows = []
    for name in FORMATS:
        one, more = Key(name, "memory", 1), Key(name, "memory", workers)
        rows.append(
            {
                "format": name,
                "ms_per_image": spread(times(done, one)),
                "times_one_worker": spread(ratios(done, one, more)),
                "differing_values": differences[name],
            }
        )
    return {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "versions": core_versions(),
        "workers": workers,
        "rounds": rounds,
        "rows": rows,
    }


def show(document: dict[str, Any], console: Console) -> None:
    table = Table("format", box=box.MARKDOWN)
    workers = document["workers"]
    for heading in ("ms, 1 worker", f"{workers} workers, times one", "values that differ"):
        table.add_column(heading, justify="right")
    for row in document["rows"]:
        table.add_row(
            row["format"],
            "{median:.2f}".format(**row["ms_per_image"]),
            "{median:.2f} ({min:.2f} to {max:.2f})".format(**row["times_one_worker"]),
            str(row["differing_values"]),
        )
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--workers", type=int, default=default_workers(), help="beside one")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (default 5)")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    if arguments.workers < 2:
        parser.error("--workers must be at least 2")
    photos = find_photos(arguments.images)
    document = measured(photos, arguments.workers, arguments.rounds, Console(stderr=True))
    show(document, wide_console(100))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""What more workers than processors cost, and what they have in common.

A machine of many cores is not needed to see whether workers hinder each other: on few, 32 of them
do the same work as two, less what they wait for one another, what their memory costs when it is
first touched, and what is no longer in the cache when a worker's turn comes again. Beside the
rates stand what the system counts for each image: page faults, and how often a thread waited.

python bench/scaling.py --images DIR
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Any

import numpy as np
from machine import describe, find_photos, machine
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, interleave, ratios, spread, times
from terminal import wide_console

from regcore import Preprocessor, Recipe
from regcore.host import core_versions, default_workers

BATCH = 64
CALL, STREAM = "one call", "a stream"
COUNTS = {"page faults": "ru_minflt", "waits": "ru_nvcsw"}


def tasks(files: list[bytes], workers: list[int]) -> list[Callable[[], Round]]:
    recipe = Recipe()
    out = np.zeros((len(files), *recipe.image_shape), np.float32)

    def task(label: str, count: int) -> Callable[[], Round]:
        preprocessor = Preprocessor(recipe, workers=count)

        def call() -> None:
            preprocessor(files, out=out)

        def stream() -> None:
            for _ in preprocessor.stream(files, BATCH):
                pass

        run = call if label == CALL else stream

        def timed() -> Round:
            before, start = getrusage(RUSAGE_SELF), perf_counter()
            run()
            milliseconds, after = 1000 * (perf_counter() - start), getrusage(RUSAGE_SELF)
            counts = {
                Key(f"{label}: {what}", "memory", count): getattr(after, name)
                - getattr(before, name)
                for what, name in COUNTS.items()
            }
            found = {Key(label, "memory", count): milliseconds, **counts}
            return {key: value / len(files) for key, value in found.items()}

        return timed

    return [task(label, count) for label in (CALL, STREAM) for count in workers]


def measured(photos: list[str], count: int, rounds: int, console: Console) -> dict[str, Any]:
    before = machine()
    files = [Path(photo).read_bytes() for photo in islice(cycle(photos), count)]
    cores = default_workers()
    workers = [cores, *(many for many in (4, 8, 16, 32, 64) if many > cores)]
    with console.status("") as status:
        done = interleave(tasks(files, workers), rounds, status.update)
    return {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "versions": core_versions(),
        "images": count,
        "batch": BATCH,
        "rounds": rounds,
        "rows": [_row(done, label, many, cores) for label in (CALL, STREAM) for many in workers],
    }


def _row(done: list[Round], label: str, workers: int, cores: int) -> dict[str, Any]:
    key = Key(label, "memory", workers)
    counts = {what: Key(f"{label}: {what}", "memory", workers) for what in COUNTS}
    return {
        "way": label,
        "workers": workers,
        "ms_per_image": spread(times(done, key)),
        "of_one_worker_a_core": spread(ratios(done, Key(label, "memory", cores), key)),
        "per_image": {what: spread(times(done, found)) for what, found in counts.items()},
    }


def show(document: dict[str, Any], console: Console) -> None:
    table = Table("", box=box.MARKDOWN)
    for heading in ("workers", "ms an image", "rate, of one worker a core", *COUNTS):
        table.add_column(heading, justify="right")
    for row in document["rows"]:
        table.add_row(
            row["way"],
            str(row["workers"]),
            "{median:.3f}".format(**row["ms_per_image"]),
            "{median:.3f} ({min:.3f} to {max:.3f})".format(**row["of_one_worker_a_core"]),
            *("{median:.2f}".format(**row["per_image"][what]) for what in COUNTS),
        )
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--count", type=int, default=2000, help="images of a pass (default 2000)")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (default 5)")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos = find_photos(arguments.images)
    document = measured(photos, arguments.count, arguments.rounds, Console(stderr=True))
    show(document, wide_console(100))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()

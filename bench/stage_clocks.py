"""What the stage clocks cost: the same pipeline with and without them, in interleaved rounds.

Once with real photos, where noise hides most of it, and once with batches that cost nothing, so
that what a batch costs with and without clocks can be told apart, and put beside the time in which
the real pipeline does a batch. A worker's six clock readings an image cannot be left out; they are
timed alone and added.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, islice, repeat
from pathlib import Path
from time import perf_counter, perf_counter_ns, process_time
from typing import Any
from unittest import mock

import numpy as np
from machine import describe, find_photos, machine
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import interleave, spread

from regcore.backends.simulated.backend import SimulatedBackend
from regcore.host import default_workers
from regcore.images.batch_stream import WORKED, Batch
from regcore.images.preprocessor import Preprocessor
from regcore.inference.evaluate import evaluate
from regcore.inference.pipeline import run_pipeline
from regcore.inference.timeline import BatchLog, Timeline
from regcore.recipes.recipe import Recipe

RECIPE = Recipe.preset("regnety_016")
READINGS = 6  # of the clock, by a worker for an image
CALLS = 12  # of the clock that is left out, for a batch: an empty call takes their place
EMPTY_BATCHES = 4000
RATE = 1e9  # of the device, images/s: what holds it up is the host


@contextmanager
def no_clocks() -> Iterator[None]:
    with (
        # float is the cheapest call that gives a number.
        mock.patch("regcore.inference.pipeline.perf_counter", float),
        mock.patch.object(BatchLog, "append", _nothing),
        mock.patch.object(Timeline, "note_workers", _nothing),
    ):
        yield


def _nothing(*_: object) -> None:
    pass


def photos_per_s(photos: list[str], batch: int, workers: int) -> tuple[float, float]:
    """Images in a second of wall time, and in one of the processors."""
    labels = np.zeros(len(photos), np.int64)
    start, cpu = perf_counter(), process_time()
    done = evaluate(
        Preprocessor(RECIPE, workers=workers), SimulatedBackend(RATE), photos, labels,
        batch_size=batch,
    )  # fmt: skip
    if not done.complete:
        raise SystemExit(str(done.errors[0]))
    return len(photos) / (perf_counter() - start), len(photos) / (process_time() - cpu)


def empty_batch_us(batch: int) -> float:
    """Time of a batch that nobody has to prepare or to compute."""
    images = np.zeros((batch, 1), np.float32)
    one = Batch(images, np.arange(batch), (), (), np.zeros(batch, WORKED))
    start = perf_counter()
    run_pipeline(
        repeat(one, EMPTY_BATCHES), SimulatedBackend(RATE, classes=1), lambda *_: None, Timeline()
    )
    return 1e6 * (perf_counter() - start) / EMPTY_BATCHES


def reading_us() -> float:
    start = perf_counter()
    for _ in range(100_000):
        perf_counter_ns()
    return 10 * (perf_counter() - start)


def run(
    photos: list[str],
    batches: list[int],
    rounds: int,
    workers: int,
    notify: Callable[[str], object],
) -> list[dict[str, Any]]:
    def task(key: tuple[int, str, bool], measure: Callable[[], object]) -> Callable[[], Any]:
        def timed() -> dict[Any, object]:
            if key[2]:
                return {key: measure()}
            with no_clocks():
                return {key: measure()}

        return timed

    tasks = []
    for batch in batches:
        for clocks in (True, False):
            tasks += [
                task((batch, "photos", clocks), lambda b=batch: photos_per_s(photos, b, workers)),
                task((batch, "empty", clocks), lambda b=batch: empty_batch_us(b)),
            ]
    done: list[Any] = interleave(tasks, rounds, notify)
    reading = min(reading_us() for _ in range(rounds))
    rows = []
    for batch in batches:
        fastest = max(one[batch, "photos", True][0] for one in done)
        # Interference only ever adds time.
        with_them, without = (
            min(one[batch, "empty", clocks] for one in done) for clocks in (True, False)
        )
        in_workers = batch * READINGS * reading / workers
        with_them += CALLS * reading
        rows.append(
            {
                "batch": batch,
                "images_per_s": spread([one[batch, "photos", True][0] for one in done]),
                "with_over_without": _ratio(done, batch, 0),
                "with_over_without_cpu": _ratio(done, batch, 1),
                "empty_batch_us": with_them,
                "empty_batch_without_us": without,
                "in_workers_us": in_workers,
                "share": (with_them - without + in_workers) * fastest / batch / 1e6,
            }
        )
    return rows


def _ratio(done: list[Any], batch: int, place: int) -> dict[str, Any]:
    return spread(
        [one[batch, "photos", True][place] / one[batch, "photos", False][place] for one in done]
    )


def show(rows: list[dict[str, Any]]) -> None:
    table = Table(
        "batch", "images/s", "with / without clocks", "the same per CPU second", "a batch alone",
        "without clocks", "in the workers", "share of the time", box=box.SIMPLE,
        title="cost of the stage clocks",
    )  # fmt: skip
    for row in rows:
        ratio, cpu = row["with_over_without"], row["with_over_without_cpu"]
        table.add_row(
            str(row["batch"]),
            f"{row['images_per_s']['median']:.0f}",
            f"{ratio['median']:.3f} ({ratio['min']:.3f} to {ratio['max']:.3f})",
            f"{cpu['median']:.3f} ({cpu['min']:.3f} to {cpu['max']:.3f})",
            f"{row['empty_batch_us']:.1f} us",
            f"{row['empty_batch_without_us']:.1f} us",
            f"{row['in_workers_us']:.1f} us",
            f"{row['share']:.2%}",
        )
    Console(width=120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--count", type=int, default=800, help="images of a run (default 800)")
    parser.add_argument("--rounds", type=int, default=9, help="timed rounds (default 9)")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--workers", type=int, default=default_workers())
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos = find_photos(arguments.images)
    many = list(islice(chain.from_iterable(repeat(photos)), arguments.count))
    before = machine()
    with Console(stderr=True).status("starting") as status:
        rows = run(many, arguments.batch, arguments.rounds, arguments.workers, status.update)
    show(rows)
    if arguments.json:
        document = {
            "machine": {**before, "load_average_after": machine()["load_average"]},
            "photos": describe(photos),
            "count": arguments.count,
            "workers": arguments.workers,
            "rows": rows,
        }
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()

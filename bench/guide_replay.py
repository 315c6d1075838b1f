"""The guide's runs again: its devices at the rates of its own logs, before a real host.

The device only sleeps, as long as the guide's log says that the chip computes. Everything else is
real: photos, decoding, batches, ranking or text files. What is shown is the end-to-end rate as a
part of the device's own.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import tempfile
from collections.abc import Callable
from itertools import chain, islice, repeat
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import guide_way
import numpy as np
from machine import describe, find_photos, machine
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import interleave, spread

from regcore.backends.simulated.backend import SimulatedBackend
from regcore.host import default_workers
from regcore.images.preprocessor import Preprocessor
from regcore.inference.evaluate import evaluate
from regcore.inference.infer import infer
from regcore.inference.inputs.bin_files import BinInputs
from regcore.inference.score_writer import PredictionWriter
from regcore.performance.perf import measure
from regcore.performance.perf_file import write_perf
from regcore.performance.profile.stage_rates import preprocess_rate
from regcore.recipes.recipe import Recipe

# Interface images/s of one chip by batch, and the end-to-end rate beside it in the same log.
INTERFACE = {
    "310": {1: 263.872, 4: 580.005, 8: 673.207, 16: 714.514, 32: 683.088},
    "310P": {1: 624.486, 4: 2228.9, 8: 3495.03, 16: 3907.39, 32: 3655.45},
}
GUIDE_END_TO_END = {
    "310": {1: 185.966, 4: 235.164, 8: 265.063, 16: 255.635, 32: 169.69},
    "310P": {},
}
STREAMED, FILES, GUIDE = "streamed", ".bin files", "the guide's way"
WAYS = {"streamed": STREAMED, "files": FILES, "guide": GUIDE}
RECIPE = Recipe.preset("regnety_016")

Result = dict[str, float]


def streamed(photos: list[str], rate: float, batch: int, workers: int) -> Result:
    """Photos to TopN, as `regcore run` does it, right between two runs of preprocessing alone."""
    before = host_images_per_s(photos, workers)
    preprocessor = Preprocessor(RECIPE, workers=workers)
    labels = np.zeros(len(photos), np.int64)
    done = evaluate(preprocessor, SimulatedBackend(rate), photos, labels, batch_size=batch)
    if not done.complete:
        raise SystemExit(str(done.errors[0]))
    host = (before + host_images_per_s(photos, workers)) / 2
    perf = measure(done.timeline, batch_size=batch, workers=workers)
    return {
        "images_per_s": perf.images_per_s,
        "host_images_per_s": host,
        "of_slower_side": perf.images_per_s / min(rate, host),
        "first_batch_s": perf.first_batch_s or 0.0,
        "peak_mib": _peak_mib(),
    }


def from_files(info: Path, rate: float, batch: int, workers: int, folder: Path) -> Result:
    """Prepared .bin files to text, as `regcore infer` does it."""
    inputs = BinInputs(info, RECIPE, workers=workers)
    with tempfile.TemporaryDirectory(dir=folder) as out:
        writer = PredictionWriter(Path(out), inputs.names, binary=False)
        done = infer(inputs, SimulatedBackend(rate), writer, batch_size=batch)
    if not done.complete:
        raise SystemExit(str(done.errors[0]))
    perf = measure(done.timeline, batch_size=batch, workers=workers)
    return {"images_per_s": perf.images_per_s}


def guides_way(photos: list[str], rate: float, batch: int, folder: Path) -> Result:
    """What the guide does, in its two steps; it counts the second one only."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        start = perf_counter()
        files = guide_way.preprocess(photos, Path(name), RECIPE)
        prepared = perf_counter()
        guide_way.infer(files, SimulatedBackend(rate), batch, Path(name))
        end = perf_counter()
    return {
        "images_per_s": len(photos) / (end - prepared),
        "with_preprocessing_images_per_s": len(photos) / (end - start),
    }


def host_images_per_s(photos: list[str], workers: int) -> float:
    """Preprocessing into batches that nobody takes."""
    paths = [Path(photo) for photo in photos]
    return preprocess_rate(Preprocessor(RECIPE, workers=workers), paths, 16, 2.0)


def last_read_to_report(photos: list[str], images: int, workers: int) -> dict[str, float]:
    """How long after the last file was read everything is written, in s, and the peak of memory.

    That of the runs before, which were of fewer images, is told beside it.
    """
    peak_before = _peak_mib()
    paths = list(islice(chain.from_iterable(repeat(photos)), images))
    preprocessor = Preprocessor(RECIPE, workers=workers)
    labels = np.zeros(images, np.int64)
    done = evaluate(preprocessor, SimulatedBackend(1e6), paths, labels, batch_size=16)
    with tempfile.TemporaryDirectory() as out:
        perf = measure(done.timeline, batch_size=16, workers=workers)
        words = ("model", "backend", "provider", "recipe")
        write_perf(Path(out), perf, done.timeline, dict.fromkeys(words, "simulated"))
        seconds = perf_counter() - done.timeline.last_read
        return {
            "images": images,
            "seconds": seconds,
            "peak_mib_before": peak_before,
            "peak_mib": _peak_mib(),
        }


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def make_files(photos: list[str], images: int, folder: Path) -> Path:
    """An info file of so many .bin files: links to one for each photo."""
    made = [folder / f"{number}.bin" for number in range(len(photos))]
    Preprocessor(RECIPE).to_files(photos, made)
    lines = []
    for number in range(images):
        link = folder / f"image-{number:06}.bin"
        link.symlink_to(made[number % len(made)])
        lines.append(f"{number} {link} {RECIPE.crop} {RECIPE.crop}\n")
    info = folder / "prep_bin.info"
    info.write_text("".join(lines))
    return info


def run(
    photos: list[str],
    folder: Path,
    *,
    images: int,
    rounds: int,
    workers: int,
    cards: list[str],
    ways: list[str],
    notify: Callable[[str], object],
) -> list[dict[str, Any]]:
    """The rounds' results by card, batch and way."""
    many = list(islice(chain.from_iterable(repeat(photos)), images))
    info = Path()
    if FILES in ways:
        notify("writing .bin files")
        info = make_files(photos, images, folder)
    measure_way: dict[str, Callable[[float, int], Result]] = {
        STREAMED: lambda rate, batch: streamed(many, rate, batch, workers),
        FILES: lambda rate, batch: from_files(info, rate, batch, workers, folder),
        GUIDE: lambda rate, batch: guides_way(photos, rate, batch, folder),
    }
    tasks: list[Callable[[], Any]] = []
    for card in cards:
        for batch, rate in INTERFACE[card].items():
            tasks += [
                lambda k=(card, batch, way), r=rate: {k: measure_way[k[2]](r, k[1])} for way in ways
            ]
    done: list[Any] = interleave(tasks, rounds, notify)
    rows = []
    for card in cards:
        for batch, rate in INTERFACE[card].items():
            row: dict[str, Any] = {"card": card, "batch": batch, "interface_images_per_s": rate}
            end_to_end = GUIDE_END_TO_END[card].get(batch)
            row["guide_of_interface"] = end_to_end / rate if end_to_end else None
            for way in ways:
                found = [one[card, batch, way] for one in done]
                row[way] = {name: spread([one[name] for one in found]) for name in found[0]}
                row[way]["of_interface"] = spread([one["images_per_s"] / rate for one in found])
            rows.append(row)
    return rows


def show(document: dict[str, Any]) -> None:
    table = Table(
        "card", "batch", "interface", "guide", STREAMED, "of the slower side", FILES, GUIDE,
        "with preprocessing", "first batch", box=box.SIMPLE,
        title="end to end, as a part of the interface rate (one chip, images/s)",
    )  # fmt: skip
    rows = document["rows"]

    def cell(values: dict[str, Any], form: str = ".3f") -> str:
        return f"{values['median']:{form}} ({values['min']:{form}} to {values['max']:{form}})"

    def of_interface(row: dict[str, Any], way: str) -> str:
        return f"{row[way]['of_interface']['median']:.3f}" if way in row else ""

    for row in rows:
        guide = row["guide_of_interface"]
        whole = ""
        if GUIDE in row:
            rate = row[GUIDE]["with_preprocessing_images_per_s"]["median"]
            whole = f"{rate / row['interface_images_per_s']:.3f}"
        stream = row.get(STREAMED)
        table.add_row(
            row["card"],
            str(row["batch"]),
            f"{row['interface_images_per_s']:.1f}",
            f"{guide:.2f}" if guide else "",
            cell(stream["of_interface"]) if stream else "",
            cell(stream["of_slower_side"]) if stream else "",
            of_interface(row, FILES),
            of_interface(row, GUIDE),
            whole,
            f"{stream['first_batch_s']['max']:.3f} s" if stream else "",
        )
    console = Console(width=150)
    console.print(table)
    streams = [row[STREAMED] for row in rows if STREAMED in row]
    if streams:
        peaks = [value for stream in streams for value in stream["peak_mib"]["rounds"]]
        hosts = [value for stream in streams for value in stream["host_images_per_s"]["rounds"]]
        console.print(
            f"host alone {median(hosts):.0f} images/s; peak memory {min(peaks):.0f} to "
            f"{max(peaks):.0f} MiB over all runs"
        )
    if tail := document["last_read_to_report"]:
        console.print(
            f"{tail['seconds']:.3f} s from the last of {tail['images']} files read to the report; "
            f"peak memory {tail['peak_mib']:.0f} MiB, before them {tail['peak_mib_before']:.0f} MiB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--count", type=int, default=4000, help="images of a run (default 4000)")
    parser.add_argument("--rounds", type=int, default=3, help="timed rounds (default 3)")
    parser.add_argument("--cards", nargs="+", choices=INTERFACE, default=list(INTERFACE))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--workers", type=int, default=default_workers())
    parser.add_argument("--folder", default="/dev/shm", help="where all files go")  # noqa: S108
    parser.add_argument(
        "--report", type=int, default=0, help="images for the time from last read to report: 50000"
    )
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos = find_photos(arguments.images)
    before = machine()
    with (
        Console(stderr=True).status("starting") as status,
        tempfile.TemporaryDirectory(prefix="bench-", dir=arguments.folder) as name,
    ):
        rows = run(
            photos,
            Path(name),
            images=arguments.count,
            rounds=arguments.rounds,
            workers=arguments.workers,
            cards=arguments.cards,
            ways=[WAYS[way] for way in arguments.ways],
            notify=status.update,
        )
        tail = None
        if arguments.report:
            status.update(f"{arguments.report} images")
            tail = last_read_to_report(photos, arguments.report, arguments.workers)
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "count": arguments.count,
        "workers": arguments.workers,
        "rows": rows,
        "last_read_to_report": tail,
    }
    show(document)
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Stores: what writing costs over computing into memory, and what a million images take.

Sources and stores lie in one folder, by default in memory (/dev/shm), so that the disk does not
count. The pipelines take turns within every round; the first round only warms up.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from machine import describe, find_photos, machine
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, Task, interleave, ratios, spread, times

from regcore import Preprocessor, Recipe, write_store
from regcore.host import core_versions, default_workers
from regcore.store.layout import pack_form
from regcore.store.manifest_form import StoreLayout

BATCH = 64
COPIES = 1500
DTYPES = ("uint8", "float32")
MEMORY, PACKS, FILES = "into memory", "packs", "one file an image"


def task(key: Key, source: Path, names: list[str], out: Path) -> Task:
    recipe = replace(Recipe.preset("regnety_016"), dtype=key.source)
    preprocessor = Preprocessor(recipe, workers=key.workers)

    def run() -> Round:
        shutil.rmtree(out, ignore_errors=True)
        start = perf_counter()
        if key.label == MEMORY:
            with preprocessor.stream([source / name for name in names], BATCH) as stream:
                for _ in stream:
                    pass
        else:
            form = pack_form(recipe, BATCH) if key.label == PACKS else StoreLayout()
            write_store(preprocessor, source, names, out, form)
        seconds = perf_counter() - start
        shutil.rmtree(out, ignore_errors=True)
        return {key: 1000 * seconds / len(names)}

    return run


def pipelines(
    photos: list[str], folder: Path, workers: int, rounds: int, notify: Callable[[str], None]
) -> list[dict[str, Any]]:
    source = folder / "photos"
    source.mkdir()
    originals = [shutil.copy(photo, folder) for photo in photos]
    names = [f"{i}.jpg" for i in range(COPIES)]
    for i, name in enumerate(names):
        (source / name).hardlink_to(originals[i % len(originals)])
    tasks = [
        task(Key(label, dtype, count), source, names, folder / "out")
        for label in (MEMORY, PACKS, FILES)
        for dtype in DTYPES
        for count in sorted({1, workers})
    ]
    done = interleave(tasks, rounds, notify)
    return [
        {
            "form": key.label,
            "dtype": key.source,
            "workers": key.workers,
            "ms_per_image": spread(times(done, key)),
            "of_memory": spread(ratios(done, key, key._replace(label=MEMORY))),
        }
        for key in sorted(done[0], key=lambda key: (key.source, key.workers, done[0][key]))
    ]


# A process of its own, so that the peak is that of the store alone: its memory over the run.
WRITE = """
import json, sys
from pathlib import Path
from regcore import Preprocessor, Recipe, write_store
from regcore.images.listing import image_names
from regcore.store.layout import pack_form

def mebibytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))

recipe = Recipe(resize=8, crop=8, dtype="uint8")
source, names = image_names(sys.argv[1])
samples = [[0, mebibytes()]]

def sample(done, _):
    if done >= (len(samples) * len(names)) // 20:
        samples.append([done, mebibytes()])

form = pack_form(recipe, 64, pack_bytes=1 << 22)
summary = write_store(Preprocessor(recipe), source, names, sys.argv[2], form, progress=sample)
print(json.dumps({"samples": samples, "after": mebibytes(), "seconds": summary.seconds}))
"""
READ = """
import json, sys
from time import perf_counter
from pathlib import Path
from regcore import open_store
start = perf_counter()
store = open_store(sys.argv[1])
seconds = perf_counter() - start
store[len(store) - 1], store[store.record(0).path]
lines = Path("/proc/self/status").read_text().splitlines()
peak = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
print(json.dumps({"images": len(store), "seconds": seconds, "peak_mib": peak}))
"""


def scale(folder: Path, images: int, notify: Callable[[str], None]) -> dict[str, Any]:
    """A store of so many links to ten small pictures, written and opened."""
    from PIL import Image

    originals = [folder / f"tiny-{i}.jpg" for i in range(10)]
    for i, path in enumerate(originals):
        Image.effect_noise((16 + i, 16), 60).convert("RGB").save(path)
    notify(f"{images} links")
    for i in range(images):
        below = folder / "many" / f"n{i // 1300:05}"
        if i % 1300 == 0:
            below.mkdir(parents=True)
        (below / f"n{i // 1300:05}_{i}.JPEG").symlink_to(originals[i % 10])
    notify(f"a store of {images} images")
    out = str(folder / "store")
    written = child(WRITE, str(folder / "many"), out)
    notify(f"opening a store of {images} images")
    opened = [child(READ, out) for _ in range(5)]
    return {"images": images, "written": written, "opened": opened}


def child(program: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-c", program, *arguments]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def show(document: dict[str, Any]) -> None:
    console = Console()
    table = Table("store", "values", "workers", "ms/image", "of computing into memory")
    for row in document["rows"]:
        own, ratio = row["ms_per_image"], row["of_memory"]
        table.add_row(
            row["form"],
            row["dtype"],
            str(row["workers"]),
            f"{own['median']:.3f} ({own['min']:.3f} to {own['max']:.3f})",
            f"{ratio['median']:.3f} ({ratio['min']:.3f} to {ratio['max']:.3f})",
        )
    console.print(table)
    if many := document["scale"]:
        samples = [mebibytes for _, mebibytes in many["written"]["samples"]]
        opened = [one["seconds"] for one in many["opened"]]
        console.print(
            f"{many['images']} images: written with {samples[1]:.0f} MiB after a twentieth, "
            f"{samples[-1]:.0f} MiB after all, {many['written']['after']:.0f} MiB at the end; "
            f"opened in {median(opened):.2f} s ({min(opened):.2f} to {max(opened):.2f}) "
            f"with {many['opened'][0]['peak_mib']:.0f} MiB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (default 5)")
    parser.add_argument("--workers", type=int, default=default_workers(), help="beside one")
    parser.add_argument("--folder", default="/dev/shm", help="where all files go")  # noqa: S108
    parser.add_argument(
        "--scale", type=int, default=0, help="images of a large store, e.g. 1300000"
    )
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos = find_photos(arguments.images)
    before = machine()
    with (
        Console(stderr=True).status("starting") as status,
        tempfile.TemporaryDirectory(prefix="bench-", dir=arguments.folder) as name,
    ):
        folder = Path(name)
        rows = pipelines(photos, folder, arguments.workers, arguments.rounds, status.update)
        large = scale(folder, arguments.scale, status.update) if arguments.scale else None
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "images": COPIES,
        "versions": core_versions(),
        "rounds": arguments.rounds,
        "rows": rows,
        "scale": large,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    show(document)


if __name__ == "__main__":
    main()

"""Photos that are on the disk and not in memory: whether reading and decoding overlap.

Copies of the photos are preprocessed with all of them in the page cache, and after the system was
told to forget them; beside that stands reading them alone, cold, by many threads. A cold pass can
take no less than the longer of the two others. What the system itself computes for reading has to
come out of the same cores: processor time shows it, beside that of reading files in memory, and of
reading around the page cache (O_DIRECT), after which the next pass has to read them again.

python bench/cold_files.py --images DIR --folder A_FOLDER_ON_THE_DISK
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from machine import describe, find_photos, machine
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, interleave, ratios, spread, times
from terminal import wide_console

from regcore import Preprocessor, Recipe
from regcore.host import core_versions, default_workers

READERS = 16
READ, WARM, COLD = "reading alone, cold", "preprocessing, in memory", "preprocessing, cold"
READ_WARM, READ_DIRECT = "reading alone, in memory", "reading alone, cold, O_DIRECT"
CPU = "processor time"


def copies(photos: list[str], folder: Path, count: int) -> list[str]:
    """The photos, again and again, until there are `count` files."""
    paths = [str(folder / f"{number:06}.jpg") for number in range(count)]
    for path, photo in zip(paths, islice(cycle(photos), count), strict=True):
        shutil.copyfile(photo, path)
    os.sync()  # what is not written yet cannot be forgotten
    return paths


def forget(paths: list[str]) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def read_all(paths: list[str], flags: int = 0) -> None:
    with ThreadPoolExecutor(READERS) as readers:
        shares = [paths[part::READERS] for part in range(READERS)]
        for _ in readers.map(lambda share: read(share, flags), shares):
            pass


def read(paths: list[str], flags: int) -> None:
    """The files one after the other, into the same memory, which begins at a page."""
    with mmap.mmap(-1, max(map(os.path.getsize, paths)) + mmap.PAGESIZE) as memory:
        for path in paths:
            descriptor = os.open(path, os.O_RDONLY | flags)
            size = os.fstat(descriptor).st_size
            if os.preadv(descriptor, [memory], 0) != size:
                raise SystemExit(f"{path}: was not read whole")
            os.close(descriptor)


def measured(photos: list[str], folder: Path, count: int, rounds: int) -> dict[str, Any]:
    before = machine()
    preprocessor = Preprocessor(Recipe(), workers=default_workers())
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        Console(stderr=True).status("copying") as status,
    ):
        paths = copies(photos, Path(place), count)

        def task(label: str, run: Callable[[], object], *, cold: bool) -> Callable[[], Round]:
            def timed() -> Round:
                (forget if cold else read_all)(paths)
                cpu, start = process_time(), perf_counter()
                run()
                wall, cpu = perf_counter() - start, process_time() - cpu
                return {
                    Key(label, "disk", 1): 1000 * wall / count,
                    Key(f"{label}, {CPU}", "disk", 1): 1000 * cpu / count,
                }

            return timed

        def preprocess() -> None:
            for _ in preprocessor.stream(paths, 64):
                pass

        tasks = [
            task(READ_WARM, lambda: read_all(paths), cold=False),
            task(READ, lambda: read_all(paths), cold=True),
            task(READ_DIRECT, lambda: read_all(paths, os.O_DIRECT), cold=True),
            task(WARM, preprocess, cold=False),
            task(COLD, preprocess, cold=True),
        ]
        done = interleave(tasks, rounds, status.update)
    read, warm, cold = (Key(label, "disk", 1) for label in (READ, WARM, COLD))
    longer = [max(one[read], one[warm]) / one[cold] for one in done]
    more_cpu = ratios(done, Key(f"{WARM}, {CPU}", "disk", 1), Key(f"{COLD}, {CPU}", "disk", 1))
    return {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "versions": core_versions(),
        "workers": preprocessor.workers,
        "files": count,
        "rounds": rounds,
        "ms": {key.label: spread(times(done, key)) for key in done[0]},
        "reached": spread(longer),
        "reached_if_only_processors_count": spread(more_cpu),
    }


def show(document: dict[str, Any], console: Console) -> None:
    table = Table("", box=box.MARKDOWN)
    table.add_column("ms a photo", justify="right")
    for label, values in document["ms"].items():
        table.add_row(label, "{median:.3f} ({min:.3f} to {max:.3f})".format(**values))
    console.print(table)
    for name, what in (
        ("reached", "Of the rate of the slower one"),
        ("reached_if_only_processors_count", "By processor time, cold as fast as in memory"),
    ):
        console.print("{}: {median:.3f} ({min:.3f} to {max:.3f})".format(what, **document[name]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--folder", metavar="DIR", type=Path, default=Path.cwd())
    parser.add_argument("--count", type=int, default=2000, help="files (default 2000)")
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds (default 7)")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos = find_photos(arguments.images)
    document = measured(photos, arguments.folder, arguments.count, arguments.rounds)
    show(document, wide_console(100))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""How much of an Ascend's own rate a run reaches, on the emulated pyACL of the tests.

The device takes the time that the guide's logs say, and copies take theirs. What is measured is
the host: decoding, feeding and scoring under the device, from the first request for an image to
the last score. The bytes of a copy are moved by the host here, and the emulator checks each call:
the last columns say how much of the host's processors the run took, and how much of that the
emulator, which computes in Python and so on one of them at a time. Where this host cannot feed so
many chips, `--slower` makes chips and copies slower by that factor, and `--feed` and `--most` by
what it takes: the parts are then those of a host that is as many times faster. Every device gets as
many whole batches as the others.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
from collections.abc import Iterable
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from emulated_ascend import COPY_GB_S, Chips, Watched, open_chips
from guide_replay import GUIDE_END_TO_END, INTERFACE
from machine import find_photos, machine
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import interleave, spread
from terminal import wide_console

from regcore import Preprocessor, Recipe
from regcore.inference.evaluate import evaluate, evaluate_batches
from regcore.inference.infer import infer
from regcore.inference.inputs.source import closed_after
from regcore.inference.inputs.store import StoreInputs, device_batches
from regcore.inference.timeline import Timeline
from regcore.store.layout import pack_form
from regcore.store.reader import open_store
from regcore.store.writer import write_store

_PACK = 64  # images, a multiple of all batches


class Case(NamedTuple):
    """source: photos, or a store of float32 packs, to `run` or to `infer`."""

    source: str
    chips: Chips

    def slower(self, least: float, feed: float, most: float) -> float:
        """The factor that makes all chips no faster than `feed` images/s and `most` batches/s."""
        return max(least, self.chips.rate / feed, self.chips.rate / self.chips.batch / most)

    def count(self, seconds: float, slower: float) -> int:
        """Images for at least so many seconds, in whole batches for each device."""
        together = self.chips.batch * self.chips.devices
        return math.ceil(seconds * self.chips.rate / slower / together) * together


CASES = {
    "photos": tuple(
        Case("photos", Chips(card, batch, devices))
        for card, rates in INTERFACE.items()
        for batch in rates
        for devices in (1, 4)
    ),
    "slots": tuple(
        Case("photos", Chips("310", batch, slots=slots)) for batch in (1, 16) for slots in (1, 3)
    ),
    "store": tuple(
        Case(source, Chips("310", 16, devices))
        for source in ("store, run", "store, infer")
        for devices in (1, 2, 4)
    ),
}


class Measured(NamedTuple):
    """part: the rate of a whole run, in parts of the devices' own.

    device_thread_ms: what the thread that drives the devices computed for each batch, without the
    emulator.
    processors: the part of this host's processor time that the run took; emulator: of it the
    emulator's own.
    """

    part: float
    device_thread_ms: float
    processors: float
    emulator: float


def measure(case: Case, folder: Path, photos: list[str], slower: float) -> dict[Case, Measured]:
    with open_chips(case.chips, folder, slower) as backend:
        seconds = _run(case, folder, photos, backend)
        backend.note()
    available = seconds * (os.cpu_count() or 1)
    return {
        case: Measured(
            len(photos) * slower / seconds / case.chips.rate,
            1000 * backend.thread_seconds / -(-len(photos) // case.chips.batch),
            backend.process_seconds / available,
            backend.emulator_seconds / available,
        )
    }


def _run(case: Case, folder: Path, photos: list[str], backend: Watched) -> float:
    """The wall time of a run in s."""
    batch, labels = case.chips.batch, np.zeros(len(photos), np.int64)
    if case.source == "photos":
        found = evaluate(Preprocessor(Recipe()), backend, photos, labels, batch_size=batch)
        return _checked(found.timeline, found.images, len(photos))
    store = open_store(folder / f"store-{len(photos)}")
    if case.source == "store, infer":
        inferred = infer(StoreInputs(store), backend, None, batch_size=batch)
        return _checked(inferred.timeline, inferred.written, len(photos))
    with closed_after(device_batches(store, backend, batch)) as batches:
        found = evaluate_batches(batches, backend, labels)
    return _checked(found.timeline, found.images, len(photos))


def _checked(timeline: Timeline, images: int, expected: int) -> float:
    if images != expected:
        raise SystemExit(f"only {images} of {expected} photos could be read")
    return timeline.end - timeline.start


def prepare(folder: Path, photos: list[str], counts: Iterable[int], stores: set[int]) -> list[str]:
    """Links to the photos, again and again, for the longest run, and the stores of such runs."""
    links = folder / "links"
    links.mkdir()
    paths = [links / f"{number:06}.jpg" for number in range(max(counts))]
    for path, photo in zip(paths, islice(cycle(photos), len(paths)), strict=True):
        path.symlink_to(photo)
    for count in stores:
        names, form = [path.name for path in paths[:count]], pack_form(Recipe(), _PACK)
        write_store(Preprocessor(Recipe()), links, names, folder / f"store-{count}", form)
    return list(map(str, paths))


def show(document: dict[str, Any]) -> None:
    console = wide_console(140)
    found = document["machine"]
    console.print(f"{found['cpu']}, {found['cores']} cores; {document['rounds']} rounds")
    table = Table("source", box=box.MARKDOWN)
    for name in (
        "card",
        "batch",
        "devices",
        "slots",
        "images",
        "slower by",
        "interface, images/s",
        "e2e, % of it",
        "range",
        "device thread, ms/batch",
        "of the processors, %",
        "the emulator, %",
        "guide",
    ):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        part, guide = row["part"], GUIDE_END_TO_END[row["card"]].get(row["batch"])
        table.add_row(
            row["source"],
            row["card"],
            *(str(row[name]) for name in ("batch", "devices", "slots", "images")),
            f"{row['slower']:.2f}",
            f"{row['interface_images_per_s']:.1f}",
            f"{100 * part['median']:.1f}",
            f"{100 * part['min']:.1f} to {100 * part['max']:.1f}",
            f"{row['device_thread_ms']['median']:.2f}",
            f"{100 * row['processors']['median']:.0f}",
            f"{100 * row['emulator']['median']:.0f}",
            f"{100 * guide / INTERFACE[row['card']][row['batch']]:.0f}" if guide else "",
        )
    console.print(table)


def joined(path: Path, document: dict[str, Any]) -> dict[str, Any]:
    """The rows of an earlier file that were not measured anew, and the new ones."""
    if not path.exists():
        return document
    keys = ("source", *Chips._fields)
    new = {tuple(row[key] for key in keys) for row in document["rows"]}
    before = json.loads(path.read_text())["rows"]
    kept = [row for row in before if tuple(row.get(key) for key in keys) not in new]
    rows = sorted([*kept, *document["rows"]], key=lambda row: [row[key] for key in keys])
    return {**document, "rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="photos, by default those of foolbox")
    parser.add_argument("--seconds", type=float, default=8.0, help="of a run at least (default 8)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each row (default 3)")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--cards", nargs="+", choices=INTERFACE, default=list(INTERFACE))
    parser.add_argument("--batches", nargs="+", type=int, default=list(INTERFACE["310"]))
    parser.add_argument("--devices", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--slower", type=float, default=1.0, metavar="FACTOR")
    parser.add_argument("--feed", type=float, default=math.inf, metavar="IMAGES_PER_S")
    parser.add_argument("--most", type=float, default=math.inf, metavar="BATCHES_PER_S")
    parser.add_argument("--folder", default="/dev/shm", help="where all files go")  # noqa: S108
    parser.add_argument("--json", metavar="FILE", type=Path, help="rows that it has are kept")
    arguments = parser.parse_args()
    photos = find_photos(arguments.images)
    before = machine()
    errors = Console(stderr=True)
    cases = [
        case
        for name in arguments.cases
        for case in CASES[name]
        if case.chips.card in arguments.cards
        and case.chips.batch in arguments.batches
        and case.chips.devices in arguments.devices
    ]
    slower = {case: case.slower(arguments.slower, arguments.feed, arguments.most) for case in cases}
    counts = {case: case.count(arguments.seconds, slower[case]) for case in cases}
    with (
        tempfile.TemporaryDirectory(dir=arguments.folder) as name,
        errors.status("files") as status,
    ):
        folder = Path(name)
        stores = {counts[case] for case in cases if case.source != "photos"}
        paths = prepare(folder, photos, counts.values(), stores)
        tasks = [
            partial(measure, case, folder, paths[: counts[case]], slower[case]) for case in cases
        ]
        done: list[Any] = interleave(tasks, arguments.rounds, status.update)
    after = machine()["load_average"]
    rows = [
        {"source": case.source}
        | case.chips._asdict()
        | {
            "images": counts[case],
            "slower": slower[case],
            "interface_images_per_s": case.chips.rate / slower[case],
            "load_average": [before["load_average"], after],
        }
        | {name: spread([getattr(one[case], name) for one in done]) for name in Measured._fields}
        for case in cases
    ]
    document = {
        "machine": before,
        "copy_gb_s": COPY_GB_S,
        "seconds": arguments.seconds,
        "rounds": arguments.rounds,
        "rows": rows,
    }
    if arguments.json:
        document = joined(arguments.json, document)
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    show(document)


if __name__ == "__main__":
    main()

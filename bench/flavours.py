"""The flavours beside the libraries whose pixels they have: speed and error, one thread.

python bench/flavours.py --images DIR --json run.json       (libraries take part where installed)

"resize" is from pixels in memory to pixels of 224 x 224; "photo" is from JPEG files to normalised
float32 NCHW: each library's own decode (Pillow's for torch), resize and normalisation. Times are of
the CPU, of the whole process.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from library_ways import LIBRARY_WAYS, SIZE, Way
from machine import find_photos, machine
from PIL import Image
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, cpu_ms, interleave, ratios, spread, times
from terminal import cpu_heading, wide_console

import regcore
from regcore.images.flavours.libraries import LIBRARIES
from regcore.recipes.flavours import FLAVOURS

OURS, RESIZE, PHOTO = "regcore", "resize", "photo"
#: Where kernels are to be three times as fast as their library: the ways that are common.
FAST = {"torch", "torch_float", "opencv"}
COMMON = {"bilinear", "bicubic", "area"}
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


def source_name(flavour: str, name: str, what: str) -> str:
    return f"{flavour} {name} {what}"


def preprocessor(flavour: str, name: str, what: str) -> regcore.Preprocessor:
    whole = {"resize": SIZE, "crop": None, "filter": name, "flavour": flavour, "divisor": 1}
    if what == PHOTO:
        return regcore.Preprocessor(regcore.Recipe(**whole, mean=MEAN, std=STD), workers=1)
    dtype = "uint8" if FLAVOURS[flavour].rounds else "float32"
    plain = {"mean": (0, 0, 0), "std": (1, 1, 1), "dtype": dtype, "layout": "nhwc"}
    return regcore.Preprocessor(regcore.Recipe(**whole, **plain), workers=1)


def timed(key: Key, images: int, run: Callable[[], object]) -> Round:
    return {key: cpu_ms(run, images)}


def tasks_of(
    way: Way, name: str, photos: list[str], pixels: list[np.ndarray]
) -> tuple[list[Callable[[], Round]], dict[str, float]]:
    """What is timed, and the share of values that differ."""
    tasks: list[Callable[[], Round]] = []
    differing = {}
    prepared = [way.prepare(each) for each in pixels]
    theirs = {
        RESIZE: lambda: [way.resize(each, name) for each in prepared],
        PHOTO: lambda: [way.photo(each, name, MEAN, STD) for each in photos],
    }
    for what, images in ((RESIZE, pixels), (PHOTO, photos)):
        ours = preprocessor(way.flavour, name, what)
        out = ours(images)
        expected = np.stack([np.asarray(each) for each in theirs[what]()])
        differing[what] = float(np.mean(expected != out))
        source = source_name(way.flavour, name, what)
        for label, run in (
            (LIBRARIES[way.flavour].name, theirs[what]),
            (OURS, partial(ours, images, out=out)),
        ):
            tasks.append(partial(timed, Key(label, source, 1), len(images), run))
    return tasks, differing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--flavours", nargs="*", choices=tuple(FLAVOURS), default=tuple(FLAVOURS))
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (default 5)")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos, before = find_photos(arguments.images), machine()
    pixels = [np.asarray(Image.open(photo).convert("RGB")) for photo in photos]
    ways = [make() for make in LIBRARY_WAYS if find_spec(make.module)]
    ways = [way for way in ways if way.flavour in arguments.flavours]
    tasks: list[Callable[[], Round]] = []
    differing = {}
    for way in ways:
        for name in FLAVOURS[way.flavour].filters:
            more, wrong = tasks_of(way, name, photos, pixels)
            tasks += more
            differing |= {source_name(way.flavour, name, what): wrong[what] for what in wrong}
    with Console(stderr=True).status("") as status:
        rounds = interleave(tasks, arguments.rounds, status.update)
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "simd": regcore.simd_level(),
        "versions": {way.flavour: LIBRARIES[way.flavour].installed() for way in ways},
        "images": len(photos),
        "rows": [
            row_of(way.flavour, name, what, rounds, differing)
            for way in ways
            for name in FLAVOURS[way.flavour].filters
            for what in (RESIZE, PHOTO)
        ],
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    show(document)


def row_of(
    flavour: str, name: str, what: str, rounds: list[Round], differing: dict[str, float]
) -> dict[str, Any]:
    source = source_name(flavour, name, what)
    theirs, ours = Key(LIBRARIES[flavour].name, source, 1), Key(OURS, source, 1)
    return {
        "flavour": flavour,
        "filter": name,
        "what": what,
        "library_cpu_ms": spread(times(rounds, theirs)),
        "regcore_cpu_ms": spread(times(rounds, ours)),
        "library_times_regcore": spread(ratios(rounds, theirs, ours)),
        "differing_values": differing[source],
    }


def show(document: dict[str, Any]) -> None:
    console = wide_console(120)
    console.print(cpu_heading(document))
    table = Table("flavour", "filter", "from", box=box.MARKDOWN)
    for name in ("library, ms", "regcore, ms", "library / regcore", "range", "goal", "differ"):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        ratio = row["library_times_regcore"]
        common = row["flavour"] in FAST and row["filter"] in COMMON
        fast = common and row["what"] == RESIZE
        table.add_row(
            row["flavour"],
            row["filter"],
            row["what"],
            f"{row['library_cpu_ms']['median']:.2f}",
            f"{row['regcore_cpu_ms']['median']:.2f}",
            f"{ratio['median']:.2f}",
            f"{ratio['min']:.2f} to {ratio['max']:.2f}",
            ">= 3" if fast else ">= 1",
            f"{100 * row['differing_values']:.3g} %",
        )
    console.print(table)


if __name__ == "__main__":
    main()

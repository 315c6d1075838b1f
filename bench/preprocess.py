"""Preprocessing: regcore against what else there is, speed and pixels, in one interleaved run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from comparison import Comparison
from floor import FloorError, build
from machine import describe, find_photos, machine, pillow_jpeg
from memory import measure
from peers import FLOOR, PEERS, PILLOW_SIMD
from rich.console import Console
from rounds import Round, ratios, spread, times
from summary import LOWEST, OURS, breakdown, key_ratios
from table import show

from regcore.host import core_versions, default_workers, simd_levels


def rows_of(bench: Comparison, rounds: list[Round]) -> list[dict[str, Any]]:
    """One per pipeline, source and number of workers."""
    rows = []
    for key in sorted(rounds[0], key=lambda key: (key.workers, key.source, rounds[0][key])):
        if key.label not in bench.labels:
            continue
        ours = OURS._replace(source=key.source, workers=key.workers)
        row = {**key._asdict(), **bench.labels[key.label]}
        row["ms_per_image"] = spread(times(rounds, key))
        row["images_per_s"] = 1000 / row["ms_per_image"]["median"]
        row["times_regcore"] = spread(ratios(rounds, key, ours))
        floor = LOWEST._replace(workers=key.workers)
        if floor in rounds[0]:
            row["times_floor"] = spread(ratios(rounds, key, floor))
        row["difference"] = bench.differences.get(key)
        rows.append(row)
    return rows


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (default 5)")
    parser.add_argument(
        "--workers", type=int, default=default_workers(), help="beside one; default: all cores"
    )
    parser.add_argument("--pillow-simd", metavar="PYTHON", help="interpreter that has Pillow-SIMD")
    parser.add_argument("--levels", action="store_true", help="stages for each instruction set")
    parser.add_argument("--json", metavar="FILE", type=Path)
    parser.add_argument("--figure", metavar="FILE.svg", type=Path)
    arguments = parser.parse_args()
    if arguments.pillow_simd and not Path(arguments.pillow_simd).is_file():
        parser.error(f"no file {arguments.pillow_simd}")
    if arguments.rounds < 1 or arguments.workers < 1:
        parser.error("--rounds and --workers must be at least 1")
    return arguments


def main() -> None:
    arguments = parse()
    photos = find_photos(arguments.images)
    before = machine()
    errors = Console(stderr=True)
    with (
        errors.status("starting") as status,
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
    ):
        bench = Comparison(photos, arguments.workers, Path(folder), status.update)
        try:
            document = measured(bench, arguments, Path(folder), status.update)
        finally:
            for team in bench.teams:
                team.close()
        status.update("memory")
        document["memory"] = measure(photos, arguments.workers)
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "rounds": arguments.rounds,
        "workers": arguments.workers,
        **document,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    if arguments.figure:
        from figure import draw

        draw(document, arguments.figure)
    show(document)


def measured(
    bench: Comparison, arguments: argparse.Namespace, folder: Path, notify: Callable[[str], None]
) -> dict[str, Any]:
    """Everything that the rounds tell."""
    for peer in sorted(PEERS, key=lambda peer: peer.name != "Pillow"):  # the reference first
        bench.add_peer(peer, sys.executable)
    if arguments.pillow_simd:
        bench.add_peer(PILLOW_SIMD, arguments.pillow_simd)
    else:
        bench.leave_out(PILLOW_SIMD.name, "no --pillow-simd", PILLOW_SIMD.install)
    notify("building the floor")
    try:
        bench.add_stages(build(folder / "stages"), simd_levels() if arguments.levels else ())
    except FloorError as error:
        bench.leave_out(FLOOR, str(error), "CMake, a C++ compiler, libjpeg-turbo's headers")
    rounds = bench.run(arguments.rounds)
    return {
        "versions": {
            **bench.versions,
            "regcore core": core_versions(),
            "Pillow JPEG": pillow_jpeg(),
        },
        "rows": rows_of(bench, rounds),
        "ratios": key_ratios(rounds, core_versions()["simd"]),
        "breakdown": breakdown(rounds),
        "stages": [
            {"stage": key.label, "level": key.source.removeprefix("stages").strip() or "default"}
            | {"ms_per_image": spread(times(rounds, key))}
            for key in rounds[0]
            if key.source.startswith("stages")
        ],
        "not_measured": bench.not_measured,
    }


if __name__ == "__main__":
    main()

"""How long `regcore doctor` takes: with all libraries that are installed, none, and each alone.

python bench/doctor.py --rounds 3 --json run.json

Times are of the whole examination without the start of Python: of the wall clock, and of the
processors in all processes.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
from pathlib import Path
from time import perf_counter
from typing import Any

from machine import machine
from rich import box
from rich.console import Console
from rich.table import Table

import regcore
from regcore.trust.doctor.diagnosis import PARTS

#: What every regcore has.
NONE = ("regcore", "pillow", "machine")


def examined(only: tuple[str, ...]) -> tuple[float, float, Any]:
    """Seconds by the wall clock, seconds of processors, and what was found."""
    used, start = processor_seconds(), perf_counter()
    found = regcore.run_doctor(only=only)
    return perf_counter() - start, processor_seconds() - used, found


def processor_seconds() -> float:
    parts = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    whole = regcore.run_doctor()
    parts = (*whole.diagnosis.peers, *whole.diagnosis.runtimes)
    versions = {part.name: part.version for part in parts if part.version is not None}
    cases: dict[str, tuple[str, ...]] = {"all that is installed": (), "none": NONE}
    cases |= {name: (name,) for name in PARTS if name in versions}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for _ in range(options.rounds):
        for name, only in cases.items():
            times[name].append(examined(only)[:2])
    table = Table(box=box.SIMPLE)
    for column in ("examined", "wall s", "processors s"):
        table.add_column(column, justify="left" if column == "examined" else "right")
    medians = {
        name: [statistics.median(each) for each in zip(*rounds, strict=True)]
        for name, rounds in times.items()
    }
    for name, (wall, processors) in medians.items():
        table.add_row(name, f"{wall:.1f}", f"{processors:.1f}")
    Console().print(table)
    if options.json is not None:
        found = {
            "machine": machine(),
            "versions": versions,
            "rounds": options.rounds,
            "median_seconds": {
                name: {"wall": round(wall, 2), "processors": round(processors, 2)}
                for name, (wall, processors) in medians.items()
            },
            "screen": str(whole).splitlines(),
        }
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

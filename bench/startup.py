"""How long the command takes around its work: whole processes, beside what cannot be less.

`regcore --help`, and `regcore run` on a few photos beside ONNX Runtime alone, which loads the same
model and runs as many images through it, of zeros, in the same batches. Python is the one that
runs this file; where it has regcore as a checkout (pip install -e), every module takes longer to
find than in an installation.

python bench/startup.py MODEL.onnx RECIPE --images DIR
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from machine import describe, find_photos, machine
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, interleave, spread, times
from terminal import wide_console

from regcore.host import core_versions

BATCH = 16
ALONE = """\
import sys
import numpy as np
import onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
given = session.get_inputs()[0]
for first in range(0, int(sys.argv[2]), int(sys.argv[3])):
    count = min(int(sys.argv[3]), int(sys.argv[2]) - first)
    session.run(None, {given.name: np.zeros((count, *given.shape[1:]), np.float32)})
"""
HELP, NUMPY, RUN, RUNTIME = "regcore --help", "import numpy", "regcore run", "ONNX Runtime alone"


def measured(
    model: str, recipe: str, photos: list[str], rounds: int, console: Console
) -> dict[str, Any]:
    before = machine()
    with tempfile.TemporaryDirectory() as folder, console.status("") as status:
        images = Path(folder, "images")
        images.mkdir()
        for photo in photos:
            (images / Path(photo).name).symlink_to(Path(photo).resolve())
        labels = Path(folder, "labels.txt")
        labels.write_text("".join(f"{Path(photo).name} 0\n" for photo in photos))
        run = ["-m", "regcore", "run", model, str(images), "--recipe", recipe, "--force"]
        run += ["--labels", str(labels), "--batch-size", str(BATCH), "--out", f"{folder}/out"]
        alone = ["-c", ALONE, model, str(len(photos)), str(BATCH)]
        commands = {
            HELP: ["-m", "regcore", "--help"],
            NUMPY: ["-c", "import numpy"],
            RUN: run,
            RUNTIME: alone,
        }
        tasks = [_task(label, command, folder) for label, command in commands.items()]
        done = interleave(tasks, rounds, status.update)
    milliseconds = {label: times(done, _key(label)) for label in commands}
    pairs = zip(milliseconds[RUN], milliseconds[RUNTIME], strict=True)
    own = [whole - runtime for whole, runtime in pairs]
    return {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "versions": core_versions(),
        "rounds": rounds,
        "ms": {label: spread(values) for label, values in milliseconds.items()},
        "own_ms_of_run": spread(own),
    }


def _key(label: str) -> Key:
    return Key(label, "process", 1)


def _task(label: str, command: list[str], folder: str) -> Callable[[], Round]:
    # Not from the working directory, where a checkout may lie.
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}

    def run() -> Round:
        start = perf_counter()
        subprocess.run(
            [sys.executable, *command], check=True, capture_output=True, env=environment, cwd=folder
        )
        return {_key(label): 1000 * (perf_counter() - start)}

    return run


def show(document: dict[str, Any], console: Console) -> None:
    table = Table("process", box=box.MARKDOWN)
    table.add_column("ms", justify="right")
    rows = {**document["ms"], f"{RUN}, less {RUNTIME}": document["own_ms_of_run"]}
    for label, values in rows.items():
        table.add_row(label, "{median:.0f} ({min:.0f} to {max:.0f})".format(**values))
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", metavar="MODEL.onnx")
    parser.add_argument("recipe", metavar="RECIPE")
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--rounds", type=int, default=9, help="timed rounds (default 9)")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    model = str(Path(arguments.model).resolve())
    photos = find_photos(arguments.images)
    document = measured(model, arguments.recipe, photos, arguments.rounds, Console(stderr=True))
    show(document, wide_console(80))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()

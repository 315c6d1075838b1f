"""How much of an Ascend's own rate a run reaches, on the emulated pyACL of the tests.

The device takes the time that the guide's logs say, and copies take theirs, but next to none of
the host's processors. What is measured is the host: decoding, feeding and scoring under the device.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from guide_replay import GUIDE_END_TO_END, INTERFACE
from machine import find_photos, machine
from onnx import helper, numpy_helper
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import interleave, spread, times

from regcore import Preprocessor, Recipe
from regcore.backends.ascend import AscendBackend, process
from regcore.backends.ascend.backend import SLOTS
from regcore.backends.protocol import Backend
from regcore.backends.round_robin import RoundRobinBackend
from regcore.inference.evaluate import evaluate, evaluate_batches
from regcore.store.layout import pack_form
from regcore.store.reader import open_store
from regcore.store.writer import write_store

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "emulators"))
from acl_emulator import Emulator, Settings
from om_file import write_om

RATES, GUIDE = INTERFACE["310"], GUIDE_END_TO_END["310"]
COPY_GB_S = 5.0
CLASSES = 1000


class Case(NamedTuple):
    """source: photos, or a store of float32 packs. slots: copies of the model on each device."""

    source: str
    batch: int
    devices: int = 1
    slots: int = SLOTS


CASES = (
    *(Case("photos", batch) for batch in RATES),
    *(Case("photos", batch, slots=slots) for batch in (1, 16) for slots in (1, 3)),
    *(Case("store", 16, devices) for devices in (1, 4)),
)


def save_model(path: Path, batch: int) -> None:
    """1000 scores of the first pixel, so that ONNX Runtime has next to nothing to do."""
    weights = np.random.default_rng(0).random((3, CLASSES), dtype=np.float32)
    bounds = {"starts": [0, 0], "ends": [1, 1], "axes": [2, 3]}
    constants = [numpy_helper.from_array(np.array(v), name) for name, v in bounds.items()]
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("Slice", ["image", *bounds], ["pixel"]),
            helper.make_node("Flatten", ["pixel"], ["colour"]),
            helper.make_node("MatMul", ["colour", "weights"], ["class"]),
        ],
        "pixel",
        [helper.make_tensor_value_info("image", kind, [batch, 3, 224, 224])],
        [helper.make_tensor_value_info("class", kind, [batch, CLASSES])],
        [numpy_helper.from_array(weights, "weights"), *constants],
    )
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    header = {
        "soc": "Ascend310",
        "batch": [batch],
        "dynamic": False,
        "input": "image",
        "shape": [3, 224, 224],
        "dtype": "float32",
        "aipp": None,
        "precision": "force_fp16",
    }
    write_om(path, header, model.SerializeToString())


@contextmanager
def emulated(case: Case) -> Iterator[None]:
    settings = Settings(
        devices=case.devices,
        soc="Ascend310",
        copy_gb_s=COPY_GB_S,
        images_per_s=RATES[case.batch],
        check_sources=False,
    )
    with Emulator(settings).installed():
        try:
            yield
        finally:
            process.shut_down()


def open_model(path: Path, case: Case) -> Backend:
    def open_one(device: int) -> Backend:
        return AscendBackend(path, device=device, slots=case.slots)

    return open_one(0) if case.devices == 1 else RoundRobinBackend(range(case.devices), open_one)


def measure(case: Case, folder: Path, photos: list[str]) -> dict[Case, float]:
    """The rate of a whole run, in parts of the device's own."""
    labels = np.zeros(len(photos), np.int64)
    model = folder / f"bs{case.batch}.om"
    save_model(model, case.batch)
    with emulated(case), open_model(model, case) as backend:
        if case.source == "photos":
            preprocessor = Preprocessor(Recipe())
            found = evaluate(preprocessor, backend, photos, labels, batch_size=case.batch)
        else:
            batches = open_store(folder / "store").batches(case.batch)
            found = evaluate_batches(batches, backend, labels)
    if found.images != len(photos):
        raise SystemExit(f"only {found.images} of {len(photos)} photos could be read")
    return {case: found.images_per_s / (case.devices * RATES[case.batch])}


def show(document: dict[str, Any]) -> None:
    console = Console(highlight=False, markup=False, width=None if Console().is_terminal else 120)
    found = document["machine"]
    console.print(
        f"{found['cpu']}, {found['cores']} cores; {document['images']} photos, "
        f"{document['rounds']} rounds, load average {found['load_average'][0]:.2f} before and "
        f"{found['load_average_after'][0]:.2f} after"
    )
    table = Table("source", box=box.MARKDOWN)
    for name in (
        "batch",
        "devices",
        "slots",
        "interface, images/s",
        "e2e, % of it",
        "range",
        "guide",
    ):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        part, rate = row["part"], row["devices"] * RATES[row["batch"]]
        table.add_row(
            row["source"],
            str(row["batch"]),
            str(row["devices"]),
            str(row["slots"]),
            f"{rate:.1f}",
            f"{100 * part['median']:.1f}",
            f"{100 * part['min']:.1f} to {100 * part['max']:.1f}",
            f"{100 * GUIDE[row['batch']] / RATES[row['batch']]:.0f}",
        )
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="photos, by default those of foolbox")
    parser.add_argument("--count", type=int, default=4000, help="images of a run (default 4000)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each row (default 3)")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos = find_photos(arguments.images)
    before = machine()
    errors = Console(stderr=True)
    with tempfile.TemporaryDirectory() as name, errors.status("store") as status:
        folder = Path(name)
        links = folder / "links"
        links.mkdir()
        for number in range(arguments.count):
            (links / f"{number:06}.jpg").symlink_to(photos[number % len(photos)])
        paths = sorted(map(str, links.iterdir()))
        names = [path.name for path in map(Path, paths)]
        form = pack_form(Recipe(), 64)
        write_store(Preprocessor(Recipe()), links, names, folder / "store", form)
        tasks = [partial(measure, case, folder, paths) for case in CASES]
        done = interleave(tasks, arguments.rounds, status.update)
    rows = [case._asdict() | {"part": spread(times(done, case))} for case in CASES]
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "copy_gb_s": COPY_GB_S,
        "images": arguments.count,
        "rounds": arguments.rounds,
        "rows": rows,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    show(document)


if __name__ == "__main__":
    main()

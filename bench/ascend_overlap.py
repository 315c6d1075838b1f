"""How much of an Ascend's own rate a run reaches, on the emulated pyACL of the tests.

The device takes the time that the guide's logs say, and copies take theirs. What is measured is
the host: decoding, feeding and scoring under the device. The bytes of a copy are moved by the host
here, and the emulator checks each call, which costs more than pyACL's own. Where this host cannot
feed so many chips at their rates, `--slower` makes chips and copies slower by that factor: the
parts are then those of a host that is as many times faster.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from guide_replay import GUIDE_END_TO_END, INTERFACE
from machine import find_photos, machine
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import interleave, spread

from regcore import Preprocessor, Recipe
from regcore.backends.ascend import AscendBackend, process
from regcore.backends.ascend.backend import SLOTS
from regcore.backends.protocol import Backend, Result
from regcore.backends.round_robin import RoundRobinBackend
from regcore.inference.evaluate import evaluate, evaluate_batches
from regcore.inference.infer import infer
from regcore.inference.inputs.source import closed_after
from regcore.inference.inputs.store import StoreInputs, device_batches
from regcore.inference.timeline import Timeline
from regcore.store.layout import pack_form
from regcore.store.reader import open_store
from regcore.store.writer import write_store

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "emulators"))
from acl_emulator import Emulator, Settings
from om_file import write_om

SOCS = {"310": "Ascend310", "310P": "Ascend310P3"}
COPY_GB_S = 5.0
CLASSES = 1000


class Case(NamedTuple):
    """source: photos, or a store of float32 packs, to `run` or to `infer`.

    slots: copies of the model on each device.
    """

    source: str
    card: str
    batch: int
    devices: int = 1
    slots: int = SLOTS

    @property
    def rate(self) -> float:
        """The images/s of all devices by the guide's logs."""
        return self.devices * INTERFACE[self.card][self.batch]


CASES = {
    "photos": tuple(
        Case("photos", card, batch, devices)
        for card, rates in INTERFACE.items()
        for batch in rates
        for devices in (1, 4)
    ),
    "slots": tuple(
        Case("photos", "310", batch, slots=slots) for batch in (1, 16) for slots in (1, 3)
    ),
    "store": tuple(
        Case(source, "310", 16, devices)
        for source in ("store, run", "store, infer")
        for devices in (1, 2, 4)
    ),
}


def save_model(path: Path, batch: int, soc: str) -> None:
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
        "soc": soc,
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
def emulated(case: Case, slower: float) -> Iterator[None]:
    settings = Settings(
        devices=case.devices,
        soc=SOCS[case.card],
        copy_gb_s=COPY_GB_S / slower,
        images_per_s=INTERFACE[case.card][case.batch] / slower,
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


class Measured(NamedTuple):
    """part: the rate of a whole run, in parts of the devices' own.

    device_thread_ms: what the thread that drives the devices computed for each batch.
    """

    part: float
    device_thread_ms: float


def measure(case: Case, folder: Path, photos: list[str], slower: float) -> dict[Case, Measured]:
    model = folder / f"{case.card}-bs{case.batch}.om"
    save_model(model, case.batch, SOCS[case.card])
    with emulated(case, slower), open_model(model, case) as backend:
        watched = _Watched(backend)
        seconds = _run(case, folder, photos, watched)
        part = len(photos) * slower / seconds / case.rate
        batches = -(-len(photos) // case.batch)
        return {case: Measured(part, 1000 * watched.thread_seconds / batches)}


def _run(case: Case, folder: Path, photos: list[str], backend: Backend) -> float:
    """The wall time of a run in s."""
    labels = np.zeros(len(photos), np.int64)
    if case.source == "store, infer":
        inputs = StoreInputs(open_store(folder / "store"))
        inferred = infer(inputs, backend, None, batch_size=case.batch)
        return _checked(inferred.timeline, inferred.written, len(photos))
    if case.source == "store, run":
        store = open_store(folder / "store")
        with closed_after(device_batches(store, backend, case.batch)) as batches:
            found = evaluate_batches(batches, backend, labels)
    else:
        preprocessor = Preprocessor(Recipe())
        found = evaluate(preprocessor, backend, photos, labels, batch_size=case.batch)
    return _checked(found.timeline, found.images, len(photos))


def _checked(timeline: Timeline, images: int, expected: int) -> float:
    if images != expected:
        raise SystemExit(f"only {images} of {expected} photos could be read")
    return timeline.end - timeline.start


class _Watched(Backend):
    """A backend, and what its thread has computed when it took the last result."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.thread_seconds = 0.0
        for name in ("name", "version", "provider", "inputs", "outputs", "metadata", "depth"):
            setattr(self, name, getattr(backend, name))
        self.max_batch = backend.max_batch
        self.host_buffers = backend.host_buffers  # type: ignore[method-assign]

    def submit(self, batch: NDArray[Any]) -> None:
        self._backend.submit(batch)

    def result(self) -> Result:
        result = self._backend.result()
        self.thread_seconds = time.thread_time()
        return result

    def close(self) -> None:
        self._backend.close()


def show(document: dict[str, Any]) -> None:
    console = Console(highlight=False, markup=False, width=None if Console().is_terminal else 120)
    found = document["machine"]
    loads = [found[name][0] for name in ("load_average", "load_average_after")]
    console.print(
        f"{found['cpu']}, {found['cores']} cores; {document['images']} photos, "
        f"{document['rounds']} rounds, chips slower by {document['slower']:g}, "
        f"load average {loads[0]:.2f} before and {loads[1]:.2f} after"
    )
    table = Table("source", box=box.MARKDOWN)
    for name in (
        "card",
        "batch",
        "devices",
        "slots",
        "interface, images/s",
        "e2e, % of it",
        "range",
        "device thread, ms/batch",
        "guide",
    ):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        part, guide = row["part"], GUIDE_END_TO_END[row["card"]].get(row["batch"])
        table.add_row(
            row["source"],
            row["card"],
            str(row["batch"]),
            str(row["devices"]),
            str(row["slots"]),
            f"{row['interface_images_per_s']:.1f}",
            f"{100 * part['median']:.1f}",
            f"{100 * part['min']:.1f} to {100 * part['max']:.1f}",
            f"{row['device_thread_ms']['median']:.2f}",
            f"{100 * guide / INTERFACE[row['card']][row['batch']]:.0f}" if guide else "",
        )
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="photos, by default those of foolbox")
    parser.add_argument("--count", type=int, default=4000, help="images of a run (default 4000)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each row (default 3)")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--cards", nargs="+", choices=INTERFACE, default=list(INTERFACE))
    parser.add_argument("--slower", type=float, default=1.0, metavar="FACTOR")
    parser.add_argument("--folder", default="/dev/shm", help="where all files go")  # noqa: S108
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos = find_photos(arguments.images)
    before = machine()
    errors = Console(stderr=True)
    cases = [
        case for name in arguments.cases for case in CASES[name] if case.card in arguments.cards
    ]
    with (
        tempfile.TemporaryDirectory(dir=arguments.folder) as name,
        errors.status("store") as status,
    ):
        folder = Path(name)
        links = folder / "links"
        links.mkdir()
        for number in range(arguments.count):
            (links / f"{number:06}.jpg").symlink_to(photos[number % len(photos)])
        paths = sorted(map(str, links.iterdir()))
        names = [path.name for path in map(Path, paths)]
        form = pack_form(Recipe(), 64)
        if "store" in arguments.cases:
            write_store(Preprocessor(Recipe()), links, names, folder / "store", form)
        tasks = [partial(measure, case, folder, paths, arguments.slower) for case in cases]
        done: list[Any] = interleave(tasks, arguments.rounds, status.update)
    rows = [
        case._asdict()
        | {"interface_images_per_s": case.rate / arguments.slower}
        | {name: spread([getattr(one[case], name) for one in done]) for name in Measured._fields}
        for case in cases
    ]
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "copy_gb_s": COPY_GB_S,
        "images": arguments.count,
        "rounds": arguments.rounds,
        "slower": arguments.slower,
        "rows": rows,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    show(document)


if __name__ == "__main__":
    main()

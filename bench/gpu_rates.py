"""How fast a device is end to end, from JPEG files to TopN, against itself and the host alone.

The host alone is a stream that is only emptied; the device alone computes batches of real photos
that lie ready in its page-locked memory. Both and the whole take turns within every round.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from machine import describe, find_photos, machine
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, Task, interleave, ratios, spread, times

from regcore import Preprocessor
from regcore.backends.protocol import Backend
from regcore.backends.registry import open_backend
from regcore.host import core_versions, default_workers
from regcore.inference.evaluate import evaluate
from regcore.models.metadata import ModelMetadata

HOST, DEVICE, BOTH = "host alone", "device alone", "end to end"
BATCHES = "1,4,8,16,32,64"


@dataclass(frozen=True)
class Case:
    """A model and photos, again and again until there are `images` of them."""

    backend: Backend
    metadata: ModelMetadata
    photos: list[str]
    images: int

    @property
    def items(self) -> list[str]:
        """The photos of a run."""
        return list(islice(cycle(self.photos), self.images))

    def preprocessor(self, workers: int) -> Preprocessor:
        """One for the model's recipe."""
        return Preprocessor(self.metadata.recipe, workers=workers)


def timed(case: Case, key: Key, run: Callable[[], object]) -> Task:
    def task() -> Round:
        start = perf_counter()
        run()
        return {key: 1000 * (perf_counter() - start) / case.images}

    return task


def host(case: Case, workers: int, batch: int) -> Task:
    def run() -> None:
        with case.preprocessor(workers).stream(case.items, batch) as stream:
            for _ in stream:
                pass

    return timed(case, Key(HOST, f"batch {batch}", workers), run)


def device(case: Case, workers: int, batch: int) -> Task:
    """The ring is the backend's own memory where it has such, filled before the clock runs."""
    recipe = case.metadata.recipe
    shape = (batch, *recipe.image_shape)
    count = case.backend.depth + 1
    ring = case.backend.host_buffers(count, shape, recipe.numpy_dtype)
    if ring is None:
        ring = [np.empty(shape, recipe.numpy_dtype) for _ in range(count)]
    for number, buffer in enumerate(ring):
        chosen = islice(cycle(case.photos), number, number + batch)
        case.preprocessor(workers)(list(chosen), out=buffer)

    def run() -> None:
        in_work: deque[int] = deque()
        for number in range(-(-case.images // batch)):
            if len(in_work) == case.backend.depth:
                case.backend.result()
                in_work.popleft()
            images = ring[number % count][: min(batch, case.images - number * batch)]
            case.backend.submit(images)
            in_work.append(number)
        while in_work:
            case.backend.result()
            in_work.popleft()

    return timed(case, Key(DEVICE, f"batch {batch}", workers), run)


def both(case: Case, workers: int, batch: int) -> Task:
    labels = np.zeros(case.images, np.int64)

    def run() -> None:
        preprocessor = case.preprocessor(workers)
        found = evaluate(preprocessor, case.backend, case.items, labels, batch_size=batch)
        if found.images != case.images:
            raise SystemExit(f"{found.images} of {case.images} images: {found.errors[0]}")

    return timed(case, Key(BOTH, f"batch {batch}", workers), run)


def rates(
    case: Case, batches: list[int], workers: int, rounds: int, notify: Callable[[str], None]
) -> list[dict[str, Any]]:
    largest = case.backend.max_batch
    wanted = [batch for batch in batches if largest is None or batch <= largest]
    tasks = [make(case, workers, batch) for batch in wanted for make in (host, device, both)]
    done = interleave(tasks, rounds, notify)
    rows = []
    for batch in wanted:
        keys = {name: Key(name, f"batch {batch}", workers) for name in (HOST, DEVICE, BOTH)}
        slower = [max(one[keys[HOST]], one[keys[DEVICE]]) for one in done]
        reached = [ms / one[keys[BOTH]] for ms, one in zip(slower, done, strict=True)]
        row: dict[str, Any] = {"batch": batch, "of_the_slower": spread(reached)}
        for name, key in keys.items():
            per_s = [1000 / ms for ms in times(done, key)]
            row[name.replace(" ", "_")] = {"images_per_s": spread(per_s)}
        rows.append(row)
    return rows


def scaling(
    case: Case, workers: list[int], rounds: int, notify: Callable[[str], None]
) -> list[dict[str, Any]]:
    done = interleave([host(case, count, 64) for count in workers], rounds, notify)
    one = Key(HOST, "batch 64", workers[0])
    rows = []
    for count in workers:
        key = Key(HOST, "batch 64", count)
        per_s = spread([1000 / ms for ms in times(done, key)])
        rows.append(
            {"workers": count, "images_per_s": per_s, "faster": spread(ratios(done, one, key))}
        )
    return rows


def show(document: dict[str, Any]) -> None:
    def cell(found: dict[str, Any], form: str = ".1f", unit: str = "") -> str:
        low, high = format(found["min"], form), format(found["max"], form)
        return f"{found['median']:{form}}{unit} ({low} to {high})"

    console = Console(highlight=False)
    used = document["machine"]
    console.print(f"{used['cpu']}, {used['cores']} cores; {document['device']}")
    console.print(f"{document['model']}, {document['workers']} workers, images/s")
    table = Table("batch", HOST, DEVICE, BOTH, "of the slower")
    for row in document["rates"]:
        cells = [cell(row[name]["images_per_s"]) for name in ("host_alone", "device_alone")]
        cells += [cell(row["end_to_end"]["images_per_s"]), cell(row["of_the_slower"], ".1%")]
        table.add_row(str(row["batch"]), *cells)
    console.print(table)
    table = Table("workers", "preprocessing, images/s", "times one")
    for row in document["scaling"]:
        table.add_row(str(row["workers"]), cell(row["images_per_s"]), cell(row["faster"], ".2f"))
    console.print(table)


def random_weights(name: str, folder: Path) -> str:
    """A model with random weights, which take as long as trained ones."""
    import torch

    from regcore.frameworks import import_timm

    torch.manual_seed(0)
    path = folder / "weights.pth"
    torch.save(import_timm().create_model(name).state_dict(), path)
    return f"torch:{name}:{path}"


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--model", help="as in regcore run; default: regnety_016, random weights")
    parser.add_argument("--half", action="store_true", help="the default model in half precision")
    parser.add_argument("--provider", help="cpu or cuda, for models on torch and ONNX Runtime")
    parser.add_argument("--batches", type=numbers, default=numbers(BATCHES), metavar="N,N,...")
    parser.add_argument("--workers", type=int, default=default_workers())
    parser.add_argument("--scaling", type=numbers, default=[1, 2, 4, 8, 16], metavar="N,N,...")
    parser.add_argument("--count", type=int, default=2000, help="images of a run (default 2000)")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (default 5)")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos = find_photos(arguments.images)
    before = machine()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        model = arguments.model or random_weights("regnety_016", folder)
        name = arguments.model or "regnety_016, random weights"
        if arguments.half and arguments.model is None:
            model, name = model.replace("torch:", "torch-half:", 1), f"{name}, float16"
        backend = stack.enter_context(open_backend(model, provider=arguments.provider))
        metadata = ModelMetadata.from_properties(model, backend.metadata)
        if metadata is None:
            raise SystemExit(f"{model}: does not say how it wants its images")
        case = Case(backend, metadata, photos, arguments.count)
        notify = stack.enter_context(Console(stderr=True).status("starting")).update
        found = rates(case, arguments.batches, arguments.workers, arguments.rounds, notify)
        scaled = scaling(case, arguments.scaling, arguments.rounds, notify)
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "model": name,
        "recipe": metadata.recipe.to_dict(),
        "device": f"{backend.name} {backend.version}, {backend.provider}",
        "versions": core_versions(),
        "workers": arguments.workers,
        "images": arguments.count,
        "rounds": arguments.rounds,
        "rates": found,
        "scaling": scaled,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    show(document)


if __name__ == "__main__":
    main()

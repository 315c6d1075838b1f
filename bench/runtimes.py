"""Which runtime is faster here: ONNX Runtime or OpenVINO, and what each gives for it in accuracy.

One ONNX file runs on both: as `regcore run` from photos, where preprocessing takes its part of the
same cores, and from a store of prepared images in memory; and as `regcore infer --random`, the same
batch again and again. Beside the latter stands OpenVINO's own benchmark_app, which does just that,
with as many streams, requests and threads. All take turns within every round. Where the host's own
work shares the processors with the model, a run cannot be as fast as the model alone: the bound
stands beside it, see host_alone.py. benchmark_app leaves its first inference out, in which OpenVINO
prepares itself; so do the rows "warm", which begin with the result of the last request's first
batch. Errors are against ONNX Runtime's scores of the same photos.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from host_alone import HOST, bound, photos_alone, store_alone
from machine import describe, find_photos, machine
from numpy.typing import NDArray
from rich.console import Console
from rounds import Key, Round, Task, interleave, ratios, spread, times
from runtime_tables import show

from regcore import Preprocessor, Recipe, evaluate_model, infer_images, preprocess_images
from regcore.backends.openvino.devices import short_version
from regcore.backends.registry import open_backend, read_metadata
from regcore.host import core_versions, default_workers

STORE, PHOTOS, RANDOM = "store", "photos", "random"
WARM = ", warm"
APP = "benchmark_app"
_APP_RATE = re.compile(r"Throughput: +([0-9.]+) FPS")
_MEMORY = Path("/dev/shm")  # noqa: S108  (so that no disk counts)


@dataclass(frozen=True)
class Runtime:
    """A way to run an ONNX file. prefix: before its name. precision: see regcore run."""

    label: str
    prefix: str = ""
    precision: str | None = None


REFERENCE = Runtime("ONNX Runtime")
OPENVINO = Runtime("OpenVINO", "openvino:")
REDUCED = Runtime("OpenVINO, bfloat16", "openvino:", "bfloat16")
_HINTS = {None: "f32", "bfloat16": "bf16"}


@dataclass(frozen=True)
class Case:
    """What is run: a model, `count` photos in batches; all else lies in `folder`."""

    model: Path
    recipe: Recipe
    folder: Path
    count: int
    batch: int

    @property
    def photos(self) -> Path:
        """The folder of the photos."""
        return self.folder / PHOTOS

    @property
    def store(self) -> Path:
        """The store made of them."""
        return self.folder / STORE

    @property
    def labels(self) -> Path:
        """A class for each of them."""
        return self.folder / "labels"


def prepare(case: Case, photos: list[str]) -> None:
    """The photos, again and again as links until there are `count`, and a store of them."""
    case.photos.mkdir()
    names = [f"{number:06}.jpg" for number in range(case.count)]
    for name, photo in zip(names, islice(cycle(photos), case.count), strict=True):
        (case.photos / name).symlink_to(photo)
    case.labels.write_text("".join(f"{name} 0\n" for name in names))
    preprocess_images(case.photos, case.store, recipe=case.recipe, batch_size=case.batch)


def run(case: Case, runtime: Runtime, source: str, requests: int) -> Task:
    """`regcore run` from its first request for an image to the last score, and once it is warm."""

    def task() -> Round:
        evaluated = evaluate_model(
            f"{runtime.prefix}{case.model}",
            case.store if source == STORE else case.photos,
            case.labels,
            out=case.folder / "run",
            precision=runtime.precision,
            batch_size=case.batch,
            recipe=case.recipe,
            background=False,
            verify=False,
        )
        evaluation = evaluated.report.evaluation
        if evaluation.images != case.count:
            raise SystemExit(f"{evaluation.images} of {case.count}: {evaluation.errors[0]}")
        log = evaluation.timeline.batches.table()
        warm_seconds = evaluation.timeline.end - float(log["taken"][requests - 1])
        return {
            Key(runtime.label, source, 0): 1000 / evaluation.images_per_s,
            Key(runtime.label, source + WARM, 0): 1000
            * warm_seconds
            / int(log["images"][requests:].sum()),
        }

    return task


def infer(case: Case, runtime: Runtime) -> Task:
    """`regcore infer --random`."""

    def task() -> Round:
        inferred = infer_images(
            f"{runtime.prefix}{case.model}",
            None,
            case.folder / "infer",
            rounds=-(-case.count // case.batch),
            precision=runtime.precision,
            batch_size=case.batch,
            recipe=case.recipe,
            force=True,
        )
        if inferred.perf is None:
            raise SystemExit(f"{runtime.label}: no rates")
        return {Key(runtime.label, RANDOM, 0): 1000 / inferred.perf.images_per_s}

    return task


def app(case: Case, runtime: Runtime, requests: int) -> Task:
    """OpenVINO's own tool, which times nothing but the requests."""
    shape = ",".join(map(str, (case.batch, *case.recipe.image_shape)))
    command = [sys.executable, "-c", "from openvino.tools.benchmark.main import main; main()"]
    options = {
        "-m": case.model,
        "-d": "CPU",
        "-api": "async",
        "-hint": "throughput",
        "-nireq": requests,
        "-niter": -(-case.count // case.batch),
        "-data_shape": f"[{shape}]",
        "-infer_precision": _HINTS[runtime.precision],
    }
    command += [str(word) for pair in options.items() for word in pair] + ["-inference_only"]

    def task() -> Round:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        rate = _APP_RATE.search(done.stdout)
        if done.returncode or rate is None:
            raise SystemExit(f"{APP}: {(done.stderr or done.stdout)[-500:]}")
        return {Key(_app_of(runtime), RANDOM, 0): 1000 / float(rate[1])}

    return task


def _app_of(runtime: Runtime) -> str:
    return runtime.label.replace("OpenVINO", APP)


def scores(case: Case, runtime: Runtime, photos: list[str]) -> NDArray[np.float32]:
    preprocessor = Preprocessor(case.recipe)
    model = f"{runtime.prefix}{case.model}"
    with open_backend(model, precision=runtime.precision) as backend:
        parts = [photos[at : at + case.batch] for at in range(0, len(photos), case.batch)]
        return np.concatenate([backend.run(preprocessor(part)) for part in parts])


def differences(case: Case, runtimes: list[Runtime], photos: list[str]) -> dict[str, Any]:
    """By runtime: the largest difference of a score, and images whose best class is another."""
    expected = scores(case, REFERENCE, photos)
    found: dict[str, Any] = {}
    for runtime in runtimes:
        got = scores(case, runtime, photos)
        found[runtime.label] = {
            "largest": float(np.abs(got - expected).max()),
            "largest_score": float(np.abs(expected).max()),
            "other_best_class": int((got.argmax(1) != expected.argmax(1)).sum()),
            "images": len(photos),
        }
    return found


def measure(
    case: Case, runtimes: list[Runtime], requests: int, rounds: int, notify: Callable[[str], Any]
) -> dict[str, list[dict[str, Any]]]:
    """The rows, the ratios (against ONNX Runtime's and benchmark_app's speeds), and the bounds."""
    tasks = [
        run(case, runtime, source, requests) for runtime in runtimes for source in (STORE, PHOTOS)
    ]
    apps = [runtime for runtime in runtimes if runtime.prefix]
    tasks += [infer(case, runtime) for runtime in runtimes]
    tasks += [app(case, runtime, requests) for runtime in apps]
    paths = sorted(map(str, case.photos.iterdir()))
    tasks += [
        photos_alone(PHOTOS, paths, case.recipe, case.batch),
        store_alone(STORE, case.store, case.batch),
    ]
    done = interleave(tasks, rounds, notify)
    rows = [
        {
            "label": key.label,
            "source": key.source,
            "ms_per_image": spread(times(done, key)),
            "images_per_s": spread([1000 / ms for ms in times(done, key)]),
        }
        for key in done[0]
        if key.label != HOST
    ]
    pairs = [
        (Key(REFERENCE.label, source, 0), Key(runtime.label, source, 0))
        for runtime in apps
        for source in (RANDOM, STORE, PHOTOS)
    ]
    pairs += [
        (Key(_app_of(runtime), RANDOM, 0), Key(runtime.label, source, 0))
        for runtime in apps
        for source in (RANDOM, STORE, STORE + WARM, PHOTOS, PHOTOS + WARM)
    ]
    found = [
        {
            "faster": f"{below.label}, {below.source}",
            "than": f"{above.label}, {above.source}",
            **spread(ratios(done, above, below)),
        }
        for above, below in pairs
    ]
    bounds = [
        bound(done, Key(runtime.label, source + state, 0), source, Key(device, RANDOM, 0))
        for runtime in runtimes
        for source in (STORE, PHOTOS)
        for state in ("", WARM)
        for device in [_app_of(runtime) if runtime.prefix else runtime.label]
    ]
    rows.sort(key=lambda row: (row["source"], row["label"]))
    return {"rows": rows, "ratios": found, "bounds": bounds}


def versions() -> dict[str, str]:
    import onnxruntime

    return {
        "onnxruntime": onnxruntime.__version__,
        "openvino": short_version(),
        **{name: str(number) for name, number in core_versions().items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--model", type=Path, metavar="FILE.onnx", help="default: regcore demo's")
    parser.add_argument("--recipe", help="of the model; default: what it says itself")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--count", type=int, default=320, help="images of a run (default 320)")
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds (default 7)")
    parser.add_argument("--no-reduced", action="store_true", help="leave bfloat16 out")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos = find_photos(arguments.images)
    runtimes = [REFERENCE, OPENVINO, *([] if arguments.no_reduced else [REDUCED])]
    before = machine()
    with ExitStack() as stack:
        memory = _MEMORY if _MEMORY.is_dir() else None
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=memory))
        notify = stack.enter_context(Console(stderr=True).status("starting")).update
        model = arguments.model or demo_model()
        recipe = Recipe.parse(arguments.recipe) if arguments.recipe else read_metadata(model).recipe
        case = Case(model, recipe, Path(folder), arguments.count, arguments.batch)
        prepare(case, photos)
        with open_backend(f"{OPENVINO.prefix}{model}") as backend:
            requests = backend.depth
        errors = differences(case, runtimes, photos)
        measured = measure(case, runtimes, requests, arguments.rounds, notify)
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "model": model.name,
        "recipe": recipe.to_dict(),
        "versions": versions(),
        "workers": default_workers(),
        "requests": requests,
        "batch": arguments.batch,
        "images": arguments.count,
        "rounds": arguments.rounds,
        **measured,
        "differences": errors,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    show(document)


def demo_model() -> Path:
    from regcore.demo import exported_model
    from regcore.files.cache_dir import user_cache

    return exported_model(user_cache(), lambda text: print(text, file=sys.stderr))


if __name__ == "__main__":
    main()

"""topk and topn_accuracy against what else finds the best classes, and against memory speed.

python bench/topk.py --scores FILE.npy --json run.json        (needs torch)
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

import numpy as np
import torch
from machine import machine
from portable_numpy import Run, portable_numpy
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, interleave, ratios, spread, times
from terminal import wide_console

import regcore

IMAGES, CLASSES, K = 50_000, 1_000, 5
WIDE_SHAPE, WIDE_K = (1_000, 21_841), 100
SUM = "scores.sum()"
TOPK = "regcore.topk, k = 5"
TOPK_8 = "regcore.topk, k = 8"
TOPK_10 = "regcore.topk, k = 10"
TOPK_16 = "regcore.topk, k = 16"
HALF = "regcore.topk, k = 5, float16"
HALF_READ = "float16, read once"
BYTES = "regcore.topk, k = 5, int8"
BYTES_READ = "int8, read once"
TWO = "regcore.topk, k = 5, two threads"
TWO_READ = "float32, read once by two threads"
WIDE = "regcore.topk, k = 100 of 21,841"
WIDE_TORCH = "torch.topk, k = 100 of 21,841"
TOPN = "regcore.topn_accuracy"
TORCH = "torch.topk, k = 5"
PARTITION = "np.argpartition, k = 5"
PORTABLE = "np.argpartition, no AVX"

#: What the ratios are to reach: (above, below, goal). NumPy's selection has AVX2 and AVX-512 code
#: since 2.0, which it uses on some processors; the goal is from where it did not.
GOALS = (
    (TOPK, SUM, "<= 1.5"),
    (TOPK_8, SUM, ""),
    (TOPK_10, SUM, "<= 1.5"),
    (TOPK_16, SUM, "<= 1.5"),
    (HALF, HALF_READ, ""),
    (BYTES, BYTES_READ, ""),
    (TWO_READ, TWO, ">= 0.9"),
    (WIDE_TORCH, WIDE, ">= 5"),
    (TOPN, SUM, "<= 1.3"),
    (TORCH, TOPK, ">= 8"),
    (PARTITION, TOPK, ""),
    (PORTABLE, TOPK, ">= 60"),
)


def normal() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((IMAGES, CLASSES), dtype=np.float32)


def repeated(path: Path) -> np.ndarray:
    """A model's scores, [any number of images, CLASSES], over and over."""
    given = np.load(path).astype(np.float32)
    if given.ndim != 2 or given.shape[1] != CLASSES:
        raise SystemExit(f"{path}: needs {CLASSES} scores an image, not {given.shape}")
    return given[np.arange(IMAGES) % len(given)]


def milliseconds(run: Callable[[], object]) -> float:
    """CPU time of this thread: all run on it alone, and a busy machine then distorts less."""
    start = thread_time()
    run()
    return 1000 * (thread_time() - start)


def wall_milliseconds(run: Callable[[], object]) -> float:
    """Of what more than one thread does."""
    start = perf_counter()
    run()
    return 1000 * (perf_counter() - start)


def select(scores: np.ndarray) -> np.ndarray:
    return np.argpartition(scores, CLASSES - K, axis=1)


def room(k: int, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """For the results of all images."""
    return np.empty((IMAGES, k), dtype), np.empty((IMAGES, k), np.int64)


def read(scores: np.ndarray) -> object:
    """Their bytes, as fast as NumPy gets them: the largest of as many integers of 64 bits."""
    return scores.reshape(-1).view(np.uint64).max()


def read_by_two(scores: np.ndarray, threads: ThreadPoolExecutor) -> object:
    return list(threads.map(read, np.array_split(scores, 2)))


def milliseconds_to_select(scores: np.ndarray) -> float:
    return milliseconds(partial(select, scores))


def tasks(data: str, scores: np.ndarray, portable: Run[float]) -> list[Callable[[], Round]]:
    labels = np.random.default_rng(1).integers(0, CLASSES, IMAGES)
    tensor = torch.from_numpy(scores)
    out = room(K, scores.dtype)
    tensor_out = torch.from_numpy(out[0]), torch.from_numpy(out[1])
    half = scores.astype(np.float16)
    small = np.clip(30 * scores, -127, 127).astype(np.int8)
    wide = np.random.default_rng(2).standard_normal(WIDE_SHAPE, dtype=np.float32)
    runs: dict[str, Callable[[], object]] = {
        SUM: scores.sum,
        TOPK_8: partial(regcore.topk, scores, 8, out=room(8, scores.dtype)),
        TOPK_10: partial(regcore.topk, scores, 10, out=room(10, scores.dtype)),
        TOPK_16: partial(regcore.topk, scores, 16, out=room(16, scores.dtype)),
        HALF: partial(regcore.topk, half, K, out=room(K, half.dtype)),
        HALF_READ: partial(read, half),
        BYTES: partial(regcore.topk, small, K, out=room(K, small.dtype)),
        BYTES_READ: partial(read, small),
        WIDE: partial(regcore.topk, wide, WIDE_K),
        WIDE_TORCH: partial(torch.topk, torch.from_numpy(wide), WIDE_K),
        TOPK: partial(regcore.topk, scores, K, out=out),
        TOPN: partial(regcore.topn_accuracy, scores, labels),
        TORCH: partial(torch.topk, tensor, K, out=tensor_out),
        PARTITION: partial(select, scores),
    }
    timed = {name: partial(milliseconds, run) for name, run in runs.items()}
    timed[PORTABLE] = partial(portable, milliseconds_to_select)
    timed[TWO] = partial(wall_milliseconds, partial(regcore.topk, scores, K, out=out, workers=2))
    two = partial(read_by_two, scores, ThreadPoolExecutor(2))
    timed[TWO_READ] = partial(wall_milliseconds, two)

    def task(name: str) -> Round:
        return {Key(name, data, 1): timed[name]()}

    return [partial(task, name) for name in timed]


def show(document: dict[str, Any]) -> None:
    console = wide_console(120)
    found = document["machine"]
    console.print(
        f"{found['cpu']}, {found['cores']} cores, {document['simd']}; one thread, "
        f"{IMAGES} x {CLASSES} float32, {document['rounds']} rounds, load average "
        f"{found['load_average'][0]:.2f} before and {found['load_average_after'][0]:.2f} after\n"
        + ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    )
    table = Table("", "scores", box=box.MARKDOWN)
    for name in ("ms", "range", "goal"):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        ms = row["ms"]
        span = f"{ms['min']:.1f} to {ms['max']:.1f}"
        table.add_row(
            row["label"],
            row["scores"],
            f"{ms['median']:.1f}",
            span,
        )
    for row in document["ratios"]:
        span = f"{row['min']:.2f} to {row['max']:.2f}"
        table.add_row(row["ratio"], row["scores"], f"{row['median']:.2f} x", span, row["goal"])
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds (default 15)")
    parser.add_argument("--scores", metavar="FILE.npy", type=Path, help="scores of a model as well")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    before = machine()
    errors = Console(stderr=True)
    gc.disable()
    rounds: list[Round] = []
    sources: dict[str, Callable[[], np.ndarray]] = {"random normal": normal}
    if arguments.scores:
        sources["a model's"] = partial(repeated, arguments.scores)
    for data, make in sources.items():  # one after the other, 200 MB each
        with errors.status(data) as status, portable_numpy(make) as portable:
            part = interleave(tasks(data, make(), portable), arguments.rounds, status.update)
        rounds = [a | b for a, b in zip(rounds, part, strict=True)] if rounds else part
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "simd": regcore.simd_level(),
        "versions": {name: version(name) for name in ("regcore", "numpy", "torch")},
        "rounds": arguments.rounds,
        "rows": [
            {"label": key.label, "scores": key.source, "ms": spread(times(rounds, key))}
            for key in sorted(rounds[0], key=lambda key: (key.source, rounds[0][key]))
        ],
        "ratios": [
            {"ratio": f"{above} / {below}", "scores": data, "goal": goal}
            | spread(ratios(rounds, Key(above, data, 1), Key(below, data, 1)))
            for above, below, goal in GOALS
            for data in sources
        ],
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    show(document)


if __name__ == "__main__":
    main()

"""Whole pictures resized: regcore beside Pillow, torch's uint8 and OpenCV, speed and error.

python bench/resize.py --json run.json        (torch and OpenCV take part where they are installed)

Every peer resizes the same RGB pixels in memory: Pillow from image to image, the others from array
to array. All take turns within each round; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from machine import machine
from PIL import Image
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, interleave, ratios, spread, times
from terminal import wide_console

import regcore

PILLOW, REGCORE, ONE = "Pillow", "regcore", "regcore, one picture at a time"
TORCH, OPENCV = "torch, uint8, antialias", "OpenCV"
Size = tuple[int, int]
Pixels = np.ndarray

#: From, to, and how many of them make one list.
SIZES: tuple[tuple[Size, Size, int], ...] = (
    ((800, 600), (682, 512), 16),
    ((4000, 3000), (1344, 1008), 4),
)
FILTERS = ("bicubic", "lanczos")
GOALS = {
    ("avx512vbmi", 1): ">= 5",
    ("avx2", 1): ">= 3",
    ("avx512vbmi", 2): ">= 10",
    ("avx2", 2): ">= 6",
}


def photo(width: int, height: int) -> Pixels:
    """Smooth gradients with edges and noise; the time does not depend on it, the error does."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (height // 25, width // 25, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    noise = random.normal(0, 6, smooth.shape)
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)


def source_name(start: Size, end: Size, name: str) -> str:
    return f"{name}, {start[0]} x {start[1]} to {end[0]} x {end[1]}"


def with_pillow(images: Sequence[Image.Image], size: Size, name: str) -> Pixels:
    by = Image.Resampling[name.upper()]
    results = [image.resize(size, by) for image in images]
    return results[0]


def with_regcore(
    pixels: list[Pixels], size: Size, name: str, *, level: str, workers: int, at_a_time: int
) -> Pixels:
    os.environ["REGCORE_SIMD"] = level
    results = []
    for first in range(0, len(pixels), at_a_time):
        part = pixels[first : first + at_a_time]
        results = regcore.resize(part, size, filter=name, workers=workers)
    return results[0]


def with_torch(pixels: Sequence[Any], size: Size) -> Pixels:
    from torch.nn.functional import interpolate

    shape = (size[1], size[0])
    results = [interpolate(one, shape, mode="bicubic", antialias=True) for one in pixels]
    return results[0][0].permute(1, 2, 0).numpy()


def with_opencv(pixels: list[Pixels], size: Size, code: int) -> Pixels:
    import cv2

    results = [cv2.resize(one, size, interpolation=code) for one in pixels]
    return results[0]


def peers(start: Size, end: Size, count: int, name: str, workers: int) -> dict[Key, Any]:
    """What is timed: a function for each, that returns the pixels of the first picture."""
    source = source_name(start, end, name)
    pixels = [photo(*start)] * count
    runs: dict[Key, Callable[[], Any]] = {
        Key(PILLOW, source, 1): partial(
            with_pillow, [Image.fromarray(pixels[0])] * count, end, name
        )
    }
    for level in regcore.simd_levels()[1:]:
        for number in sorted({1, workers}):
            key = Key(f"{REGCORE}, {level}", source, number)
            runs[key] = partial(
                with_regcore, pixels, end, name, level=level, workers=number, at_a_time=count
            )
    if workers > 1:
        level = regcore.simd_levels()[-1]
        run = partial(with_regcore, pixels, end, name, level=level, workers=workers, at_a_time=1)
        runs[Key(ONE, source, workers)] = run
    if find_spec("torch") and name == "bicubic":
        import torch

        torch.set_num_threads(1)
        tensor = torch.from_numpy(pixels[0]).permute(2, 0, 1)[None]  # its fast form: channels last
        runs[Key(TORCH, source, 1)] = partial(with_torch, [tensor] * count, end)
    if find_spec("cv2"):
        import cv2

        cv2.setNumThreads(1)
        code = cv2.INTER_CUBIC if name == "bicubic" else cv2.INTER_LANCZOS4
        runs[Key(OPENCV, source, 1)] = partial(with_opencv, pixels, end, code)
    return runs


def timed(key: Key, count: int, run: Callable[[], object]) -> Round:
    start = perf_counter()
    run()
    return {key: 1000 * (perf_counter() - start) / count}


def errors(runs: dict[Key, Callable[[], Any]]) -> dict[Key, dict[str, float]]:
    """Beside Pillow's pixels: the share that differs, and by how much, in levels."""
    results = {key: np.asarray(run()).astype(int) for key, run in runs.items()}
    expected = next(pixels for key, pixels in results.items() if key.label == PILLOW)
    found = {}
    for key, pixels in results.items():
        apart = np.abs(pixels - expected)
        found[key] = {
            "values_that_differ": float(np.mean(apart > 0)),
            "largest": int(apart.max()),
            "mean": float(apart.mean()),
        }
    return found


def rows_of(rounds: list[Round], wrong: dict[Key, dict[str, float]]) -> list[dict[str, Any]]:
    rows = []
    for key in rounds[0]:
        level = key.label.removeprefix(f"{REGCORE}, ")
        rows.append(
            {
                **key._asdict(),
                "ms_per_image": spread(times(rounds, key)),
                "pillow_times_this": spread(ratios(rounds, Key(PILLOW, key.source, 1), key)),
                "goal": GOALS.get((level, key.workers), ""),
                "error": wrong[key],
            }
        )
    return sorted(rows, key=lambda row: (row["source"], row["ms_per_image"]["median"]))


def show(document: dict[str, Any]) -> None:
    console = wide_console(160)
    found = document["machine"]
    console.print(
        f"{found['cpu']}, {found['cores']} cores; RGB, {document['rounds']} rounds, load average "
        f"{found['load_average'][0]:.2f} before and {found['load_average_after'][0]:.2f} after\n"
        + ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    )
    table = Table("resize", "by", box=box.MARKDOWN)
    for name in ("workers", "ms", "range", "Pillow / this", "goal", "differ", "largest"):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        ms, ratio, wrong = row["ms_per_image"], row["pillow_times_this"], row["error"]
        table.add_row(
            row["source"],
            row["label"],
            str(row["workers"]),
            f"{ms['median']:.2f}",
            f"{ms['min']:.2f} to {ms['max']:.2f}",
            f"{ratio['median']:.1f} x",
            row["goal"],
            f"{100 * wrong['values_that_differ']:.1f} %",
            str(wrong["largest"]),
        )
    console.print(table)


def versions() -> dict[str, str]:
    installed = {one.metadata["Name"].lower(): one.version for one in distributions()}
    wanted = ("pillow", "regcore", "torch", "opencv-python", "opencv-python-headless", "numpy")
    return {name: installed[name] for name in wanted if name in installed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds (default 7)")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    if min(arguments.rounds, arguments.workers) < 1:
        parser.error("--rounds and --workers must be at least 1")
    before = machine()
    tasks, wrong = [], {}
    for start, end, count in SIZES:
        for name in FILTERS:
            runs = peers(start, end, count, name, arguments.workers)
            wrong.update(errors(runs))
            tasks += [partial(timed, key, count, run) for key, run in runs.items()]
    with Console(stderr=True).status("") as status:
        rounds = interleave(tasks, arguments.rounds, status.update)
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "versions": versions(),
        "rounds": arguments.rounds,
        "rows": rows_of(rounds, wrong),
    }
    show(document)
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()

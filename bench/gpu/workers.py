"""Preprocessing on 1 to all cores, in memory and by `regcore preprocess`; the same bytes.

What the machine itself gives stands beside it: one process and one for each core that decode the
same photos by Pillow, and share nothing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Literal

from gpu.check import Check, run
from PIL import Image

from regcore import Preprocessor, Recipe

IMAGES = 2000
BATCH = 64
ROUNDS = 3
TARGET = 0.9  # of so many times one worker's rate


def step(check: Check) -> None:
    topology = Path("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")
    siblings = topology.read_text().strip() if topology.is_file() else "unknown"
    check.note(f"{os.cpu_count()} CPUs; those that share a core with CPU 0: {siblings}")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        photos = repeated(check.photos, Path(folder) / "photos")
        for dtype in ("uint8", "float32"):
            scaling(check, photos, dtype)
        machine_alone(check, photos)
        command(check, Path(folder))


def repeated(photos: list[str], folder: Path) -> list[str]:
    """Copies in memory until there are IMAGES."""
    folder.mkdir()
    names = []
    for number in range(IMAGES):
        photo = Path(photos[number % len(photos)])
        name = folder / f"{number:05}_{photo.name}"
        name.write_bytes(photo.read_bytes())
        names.append(str(name))
    return names


def counts() -> list[int]:
    cores = len(os.sched_getaffinity(0))
    return sorted({1, *(count for count in (2, 4, 8, 16, 32, 64) if count < cores), cores})


def scaling(check: Check, photos: list[str], dtype: Literal["uint8", "float32"]) -> None:
    recipe = replace(Recipe.preset("regnety_016"), dtype=dtype)
    seconds: dict[int, list[float]] = {count: [] for count in counts()}
    digests = set()
    for number in range(ROUNDS):
        for count, times in seconds.items():
            if count == 1 and number == ROUNDS - 1:
                continue  # the slowest
            with Preprocessor(recipe, workers=count).stream(photos, batch_size=BATCH) as stream:
                start = perf_counter()
                for batch in stream:
                    last = batch
                times.append(perf_counter() - start)
                digests.add(hashlib.sha256(last.images.tobytes()).hexdigest())
    one = IMAGES / min(seconds[1])
    for count, times in seconds.items():
        rate = IMAGES / min(times)
        text = f"{dtype}, {count} workers: {rate:,.0f} images/s, {rate / one:.2f} times one"
        check.note(f"{text} ({rate / one / count:.0%})", workers=count, images_per_s=rate)
    most = counts()[-1]
    reached = IMAGES / min(seconds[most]) / one / most
    check.ok(reached >= TARGET, f"{dtype}: {most} workers reach {reached:.0%} of {most} times one")
    check.ok(len(digests) == 1, f"{dtype}: the last batch is the same bytes for any of them")


def machine_alone(check: Check, photos: list[str]) -> None:
    rates = {}
    for count in (1, counts()[-1]):
        shares = [photos[part::count] for part in range(count)]
        if count == 1:
            shares = [photos[: IMAGES // 4]]
        with ProcessPoolExecutor(count) as pool:
            list(pool.map(decode, [photos[:8]] * count))  # starts and imports
            seconds = []
            for _ in range(2):
                start = perf_counter()
                list(pool.map(decode, shares))
                seconds.append(perf_counter() - start)
        rates[count] = sum(map(len, shares)) / min(seconds)
    one, most = rates.values()
    count = counts()[-1]
    check.note(
        f"Pillow alone, {count} processes: {most:,.0f} images/s, {most / one:.2f} times one "
        f"({most / one / count:.0%})",
        workers=count,
        images_per_s=most,
    )


def decode(names: list[str]) -> None:
    for name in names:
        with Image.open(name) as picture:
            picture.load()


def command(check: Check, folder: Path) -> None:
    packs = {}
    for count in (1, counts()[-1]):
        out = folder / f"out-{count}"
        words = ["preprocess", folder / "photos", out, "--pack", BATCH, "--dtype", "uint8"]
        line = [sys.executable, "-m", "regcore", *map(str, words), "--workers", str(count)]
        start = perf_counter()
        ran = subprocess.run(line, capture_output=True, text=True, check=False)
        seconds = perf_counter() - start
        check.ok(
            ran.returncode == 0,
            f"regcore preprocess --workers {count}: {IMAGES} images in {seconds:.2f} s "
            f"{ran.stderr.strip().splitlines()[-1:] if ran.returncode else ''}",
            seconds=seconds,
        )
        files = sorted(out.rglob("*.bin"))
        packs[count] = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    first, *others = packs.values()
    check.ok(first and all(first == other for other in others), f"{len(first)} equal packs")


if __name__ == "__main__":
    run("preprocessing on one to all cores", step)

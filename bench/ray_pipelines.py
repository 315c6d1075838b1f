"""Ray Data with regcore, beside the ways that Ray's own pages show: images/s and CPU per image.

    python bench/ray_pipelines.py [PHOTOS] [--images 1000] [--cpus 4] [--workers 2] [--json FILE]

PHOTOS is a folder of JPEGs, listed again and again until there are so many images; the files are in
the page cache. Each pipeline reads them by Ray Data, prepares them, and has its batches of 64 read
by the driver; its images/s are from the call to the last batch, with the start of its actors. CPU
is Ray's own accounting, of reading and of the rest. "Ray alone" does all but the work: what it
takes is Ray's, as is what regcore takes longer than its stream without Ray. Below 5,000 images the
start of the actors hides everything else.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
# What a pipeline calls is imported anew by Ray's workers.
os.environ["PYTHONPATH"] = str(Path(__file__).parent)

import numpy as np
import ray
import ray.data
from machine import describe, find_photos, machine
from rich import box
from rich.console import Console
from rich.table import Table

import regcore
import regcore.ray as rr

RECIPE = regcore.Recipe.preset("regnety_016")
BATCH = 64
Columns = dict[str, Any]
Dataset = ray.data.Dataset
Pipeline = Callable[[list[str], argparse.Namespace], Dataset]


class Torchvision:
    """What a user writes: torchvision's transforms on images of Pillow."""

    def __init__(self) -> None:
        from regcore.frameworks import import_torchvision

        transforms = import_torchvision().transforms
        self.transform = transforms.Compose(
            [
                transforms.Resize(RECIPE.resize, transforms.InterpolationMode.BICUBIC),
                transforms.CenterCrop(RECIPE.crop),
                transforms.ToTensor(),
                transforms.Normalize(RECIPE.mean, RECIPE.std),
            ]
        )

    def __call__(self, batch: Columns) -> Columns:  # noqa: D102
        from PIL import Image

        if "image" in batch:
            images = [Image.fromarray(image) for image in batch["image"]]
        else:
            images = [Image.open(path).convert("RGB") for path in batch["path"]]
        return {"image": np.stack([self.transform(image).numpy() for image in images])}


class Nothing:
    """Rows of the size of prepared images, which nobody prepared."""

    def __call__(self, batch: Columns) -> Columns:  # noqa: D102
        return {"image": np.zeros((len(batch["path"]), *RECIPE.image_shape), np.uint8)}


def of_paths(paths: list[str], options: argparse.Namespace) -> Dataset:
    blocks = max(4, options.images // 1000)
    return ray.data.from_items([{"path": path} for path in paths], override_num_blocks=blocks)


def documented(paths: list[str], _: argparse.Namespace) -> Dataset:
    found = ray.data.read_images(paths, mode="RGB")
    return found.map_batches(Torchvision, concurrency=1, batch_size=BATCH)


def torchvision_paths(paths: list[str], options: argparse.Namespace) -> Dataset:
    return of_paths(paths, options).map_batches(
        Torchvision, concurrency=options.workers, batch_size=BATCH
    )


def nothing(paths: list[str], options: argparse.Namespace) -> Dataset:
    return of_paths(paths, options).map_batches(Nothing, concurrency=1, batch_size=256)


def prepared(dtype: str) -> Pipeline:
    def pipeline(paths: list[str], options: argparse.Namespace) -> Dataset:
        return of_paths(paths, options).map_batches(
            rr.Preprocess,
            fn_constructor_kwargs={"recipe": RECIPE, "dtype": dtype},
            **rr.resources(workers=options.workers, actors=1),
        )

    return pipeline


PIPELINES: dict[str, Pipeline] = {
    "read_images, torchvision on Pillow": documented,
    "paths, torchvision on Pillow": torchvision_paths,
    "paths, regcore, float32": prepared("float32"),
    "paths, regcore, uint8": prepared("uint8"),
    "Ray alone, uint8": nothing,
}
ALONE = "regcore without Ray, uint8"


def main() -> None:
    options = _options()
    warnings.simplefilter("ignore")
    photos = find_photos(options.photos)
    paths = list(islice(cycle(photos), options.images))
    ray.init(
        num_cpus=options.cpus,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    before = machine()
    wanted = options.only.split(";") if options.only else [*PIPELINES, ALONE]
    rows = [_without_ray(paths, options) if name == ALONE else _row(name, paths, options)
            for name in wanted]  # fmt: skip
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "photos": describe(photos),
        "images": options.images,
        "cpus_of_ray": options.cpus,
        "workers": options.workers,
        "versions": {"ray": ray.__version__, "regcore": regcore.__version__},
        "rows": rows,
    }
    ray.shutdown()
    _show(document)
    if options.json:
        Path(options.json).write_text(json.dumps(document, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="?")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--cpus", type=int, default=4, help="that Ray takes the machine to have")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", help="names of pipelines, with ; between")
    parser.add_argument("--json")
    return parser.parse_args()


def _row(name: str, paths: list[str], options: argparse.Namespace) -> Columns:
    _notify(name)
    start = perf_counter()
    dataset = PIPELINES[name](paths, options)
    images = sum(len(batch["image"]) for batch in dataset.iter_batches(batch_size=BATCH))
    seconds = perf_counter() - start
    if images != len(paths):
        raise SystemExit(f"{name}: {images} images came of {len(paths)}")
    wall, cpu = (_accounted(dataset.stats(), what) for what in ("wall", "cpu"))
    return {
        "pipeline": name,
        "images_per_s": images / seconds,
        "seconds": seconds,
        "cpu_ms_per_image_read": 1000 * sum(cpu[:-1]) / images,
        "cpu_ms_per_image_map": 1000 * cpu[-1] / images,
        "wall_ms_per_image_map": 1000 * wall[-1] / images,
    }


def _accounted(stats: str, what: str) -> list[float]:
    """Seconds of each operator in turn, from the words of Dataset.stats."""
    units = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
    found = re.findall(rf"Remote {what} time: .*?([0-9.]+)(us|ms|s) total", stats)
    return [float(number) * units[unit] for number, unit in found]


def _without_ray(paths: list[str], options: argparse.Namespace) -> Columns:
    _notify(ALONE)
    start, cpu = perf_counter(), process_time()
    preprocessor = regcore.Preprocessor(RECIPE.in_form("uint8"), workers=options.workers)
    with preprocessor.stream(paths, BATCH) as stream:
        images = sum(len(batch.images) for batch in stream)
    seconds, cpu = perf_counter() - start, process_time() - cpu
    return {
        "pipeline": ALONE,
        "images_per_s": images / seconds,
        "seconds": seconds,
        "cpu_ms_per_image_read": 0.0,
        "cpu_ms_per_image_map": 1000 * cpu / images,
        "wall_ms_per_image_map": 1000 * seconds / images,
    }


def _show(document: Columns) -> None:
    console = Console(highlight=False, markup=False, width=140)
    info, photos = document["machine"], document["photos"]
    console.print(
        f"{info['cpu']}, {info['cores']} cores, load average {info['load_average'][0]:.2f} before "
        f"and {info['load_average_after'][0]:.2f} after; {document['images']} images of "
        f"{photos['count']} photos, mean {photos['mean_kilobytes']:.0f} KB; Ray "
        f"{document['versions']['ray']} with {document['cpus_of_ray']} CPUs"
    )
    table = Table("", box=box.MARKDOWN)
    for name in ("images/s", "CPU ms, read", "CPU ms, map", "wall ms, map"):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        table.add_row(
            row["pipeline"],
            f"{row['images_per_s']:.0f}",
            f"{row['cpu_ms_per_image_read']:.3f}",
            f"{row['cpu_ms_per_image_map']:.3f}",
            f"{row['wall_ms_per_image_map']:.3f}",
        )
    console.print(table)


def _notify(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()

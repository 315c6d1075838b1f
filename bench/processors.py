"""Hugging Face's image processors (PIL backend) beside regcore by the same recipe: time and values.

python bench/processors.py --images DIR --json run.json        (needs transformers)
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from machine import find_photos, machine
from PIL import Image
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, cpu_ms, interleave, ratios, spread, times
from terminal import cpu_heading, wide_console

import regcore
from regcore.frameworks import import_torchvision

_PACKAGES = ("regcore", "transformers", "Pillow", "numpy")
OURS, THEIRS = "regcore", "transformers, PIL backend"
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}

#: As in preprocessor_config.json; what is not said is the class's own.
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "CLIP": {},
    "ViT": {"size": {"height": 224, "width": 224}, "resample": 2, **HALF},
    "DeiT": {"resample": 3, **IMAGENET},
    "Beit": {"resample": 2, **HALF},
    "ConvNext": {"size": {"shortest_edge": 224}, "crop_pct": 0.875, **IMAGENET},
    "Siglip": {"size": {"height": 224, "width": 224}, **HALF},
    "EfficientNet": {"size": {"height": 224, "width": 224}, "resample": 0, **IMAGENET},
    "MobileViT": {"size": {"shortest_edge": 288}, "resample": 2},
}


def theirs(processor: Callable[..., Any], photos: list[str]) -> np.ndarray:
    results = []
    for photo in photos:
        with Image.open(photo) as image:
            results.append(processor(image.convert("RGB"), return_tensors="np")["pixel_values"][0])
    return np.stack(results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="JPEG files; default: foolbox's 20 photos")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (default 5)")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    photos, before = find_photos(arguments.images), machine()
    import_torchvision()
    import transformers

    tasks: list[Callable[[], Round]] = []
    differing = {}
    for name, configuration in CONFIGURATIONS.items():
        kind = f"{name}ImageProcessor"
        processor = getattr(transformers, f"{kind}Pil")(**configuration)
        recipe = regcore.Recipe.from_huggingface({**configuration, "image_processor_type": kind})
        preprocessor = regcore.Preprocessor(recipe, workers=1)
        out = preprocessor(photos)
        differing[name] = int((theirs(processor, photos) != out).sum()) / out.size

        def task(label: str, name: str, run: Callable[[], object]) -> Round:
            return {Key(label, name, 1): cpu_ms(run, len(photos))}

        tasks.append(partial(task, THEIRS, name, partial(theirs, processor, photos)))
        tasks.append(partial(task, OURS, name, partial(preprocessor, photos, out=out)))
    with Console(stderr=True).status("") as status:
        rounds = interleave(tasks, arguments.rounds, status.update)
    document = {
        "machine": {**before, "load_average_after": machine()["load_average"]},
        "simd": regcore.simd_level(),
        "versions": {name: version(name) for name in _PACKAGES},
        "images": len(photos),
        "rows": [
            {
                "processor": name,
                "cpu_ms": spread(times(rounds, Key(THEIRS, name, 1))),
                "regcore_cpu_ms": spread(times(rounds, Key(OURS, name, 1))),
                "ratio": spread(ratios(rounds, Key(OURS, name, 1), Key(THEIRS, name, 1))),
                "differing_values": differing[name],
            }
            for name in CONFIGURATIONS
        ],
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    show(document)


def show(document: dict[str, Any]) -> None:
    console = wide_console(120)
    console.print(cpu_heading(document))
    table = Table("processor", box=box.MARKDOWN)
    for name in ("PIL backend, ms", "regcore, ms", "ratio", "range", "other values"):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        ratio = row["ratio"]
        table.add_row(
            row["processor"],
            f"{row['cpu_ms']['median']:.2f}",
            f"{row['regcore_cpu_ms']['median']:.2f}",
            f"{ratio['median']:.3f}",
            f"{ratio['min']:.3f} to {ratio['max']:.3f}",
            f"{100 * row['differing_values']:.3g} %",
        )
    console.print(table)


if __name__ == "__main__":
    main()

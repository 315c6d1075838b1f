"""Labels in the forms in which people keep them."""

from __future__ import annotations

import importlib.util
import random
import runpy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from regcore.images.label_files.imagenet import class_indices

#: ImageNet's 1,000 WordNet ids in their order.
IDS = list(class_indices())


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def wordnet_folders(root: Path, classes: Sequence[int], images: int = 1) -> Path:
    """Empty files `ID/IMAGE.JPEG` for each of the classes."""
    for label in classes:
        for image in range(images):
            write(root / IDS[label] / f"{image}.JPEG", b"")
    return root


def shuffled_order(seed: int = 0) -> list[int]:
    """A class for each of the devkit's numbers, 1 first."""
    order = list(range(len(IDS)))
    random.Random(seed).shuffle(order)  # noqa: S311
    return order


def devkit(folder: Path, numbers: Sequence[int], order: Sequence[int] | None) -> Path:
    """A ground truth, and the map_clsloc.txt beside it, for classes in this order."""
    if order is not None:
        lines = (f"{IDS[label]} {n} a_word\n" for n, label in enumerate(order, 1))
        write(folder / "map_clsloc.txt", "".join(lines))
    truth = "".join(f"{number}\n" for number in numbers)
    return write(folder / "ILSVRC2012_validation_ground_truth.txt", truth)


def timm_info() -> Path:
    """Where timm keeps what it knows of data sets; skips where it is not installed."""
    spec = importlib.util.find_spec("timm")
    if spec is None or spec.origin is None:
        pytest.skip("needs the package timm")
    return Path(spec.origin).parent / "data" / "_info"


def timm_function(module: str, name: str) -> Any:
    """What a file of timm's own defines, without importing torch, which takes seconds."""
    path = timm_info().parents[2] / Path(*module.split(".")).with_suffix(".py")
    return runpy.run_path(str(path))[name]

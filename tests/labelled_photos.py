"""Labelled ImageNet photos, and what EfficientNet-Lite0 makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from regcore import RegcoreError
from regcore.images.sample_photos import sample_photos


@dataclass(frozen=True)
class LabelledPhotos:
    """A folder, its label file, and for how many the label is among the model's 1 to 5 best."""

    folder: Path
    labels: Path
    hits: list[int]


def imagenet_200(data: Path) -> LabelledPhotos:
    """Those of ../shared/data."""
    return LabelledPhotos(
        data / "imagenet-200", data / "imagenet-200.label.txt", [178, 189, 195, 198, 198]
    )


def sample(folder: Path) -> LabelledPhotos:
    """Twenty of an installed package, as links in `folder`; skips where it is not installed."""
    try:
        paths, classes = sample_photos()
    except RegcoreError as error:
        pytest.skip(str(error))
    (folder / "photos").mkdir()
    for path in paths:
        (folder / "photos" / path.name).symlink_to(path)
    lines = (f"{path.name} {label}\n" for path, label in zip(paths, classes, strict=True))
    (folder / "labels.txt").write_text("".join(lines))
    return LabelledPhotos(folder / "photos", folder / "labels.txt", [18, 19, 19, 19, 19])

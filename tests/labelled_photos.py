"""Labelled ImageNet photos, and what EfficientNet-Lite0 makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from regcore import RegcoreError
from regcore.images.labels import label_images
from regcore.images.listing import listing
from regcore.images.sample_photos import sample_photos


@dataclass(frozen=True)
class LabelledPhotos:
    """A folder, its label file, and for how many the label is among the model's 1 to 5 best."""

    folder: Path
    labels: Path
    hits: list[int]

    def read(self) -> tuple[list[Path], NDArray[np.int64]]:
        """The photos in their order, and the label of each."""
        names = listing(self.folder).names
        found = label_images(names, self.labels, root=self.folder)
        return [self.folder / name for name in found.names], found.labels


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

"""Copies photos, labels and weights into a folder: those that are named, or the demo's."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import torch

from regcore.demo import MODEL, weights_file
from regcore.images.sample_photos import sample_photos
from regcore.models.timm.architectures import rename_by_position
from regcore.models.timm.weights import read_weights


def main(folder: Path, *named: str) -> None:
    if named:
        photos, labels = named
        for photo in sorted(Path(photos).iterdir()):
            shutil.copy(photo, folder / "photos")
        shutil.copy(labels, folder / "labels.txt")
    else:
        paths, classes = sample_photos()
        for photo in paths:
            shutil.copy(photo, folder / "photos")
        pairs = zip(paths, classes, strict=True)
        text = "".join(f"{photo.name} {label}\n" for photo, label in pairs)
        (folder / "labels.txt").write_text(text)
    # The package keeps timm's order of the weights, but has names of its own.
    weights = rename_by_position(MODEL, read_weights(weights_file()).tensors)
    torch.save(dict(weights), folder / "weights.pth")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])

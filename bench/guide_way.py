"""The guide's host side, written anew: Pillow on one thread, a file an image, scores as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from regcore.backends.protocol import Backend
from regcore.recipes.recipe import Recipe


def preprocess(photos: Sequence[str], folder: Path, recipe: Recipe) -> list[Path]:
    """imagenet_torch_preprocess.py: each photo becomes a .bin file, one after the other."""
    mean, std = np.float32(recipe.mean), np.float32(recipe.std)
    files = []
    for photo in photos:
        with Image.open(photo) as opened:
            image = opened.convert("RGB")
        width, height = image.size
        short = recipe.resize
        if width <= height:
            size = (short, int(short * height / width))
        else:
            size = (int(short * width / height), short)
        image = image.resize(size, Image.Resampling.BICUBIC)
        left, top = (round((side - recipe.crop) / 2.0) for side in image.size)
        image = image.crop((left, top, left + recipe.crop, top + recipe.crop))
        values = (np.asarray(image, np.float32) / np.float32(255) - mean) / std
        file = folder / f"{Path(photo).stem}.bin"
        np.ascontiguousarray(values.transpose(2, 0, 1)).tofile(file)
        files.append(file)
    return files


def infer(files: Sequence[Path], backend: Backend, batch_size: int, out: Path) -> None:
    """A tool that reads, computes and writes in turn, one line of text for each image."""
    shape = (3, *([int((files[0].stat().st_size / 12) ** 0.5)] * 2))
    for first in range(0, len(files), batch_size):
        part = files[first : first + batch_size]
        batch = np.stack([np.fromfile(file, np.float32).reshape(shape) for file in part])
        for file, scores in zip(part, backend.run(batch), strict=True):
            line = " ".join(f"{value:f}" for value in scores)
            (out / f"{file.stem}_1.txt").write_text(line + "\n")

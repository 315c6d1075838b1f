"""The pipelines compared, each beginning with encoded photos and ending with batches.

A pipeline takes the photos (bytes, or paths), the number of threads it may use and a folder for
files, and returns one pass over them: an iterator of batches, whose memory the next batch takes
over. Only a pipeline's own packages are imported, and only when it is made: this file also runs
in the interpreter that has Pillow-SIMD, without regcore.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Item = bytes | str
Array = NDArray[Any]
Pass = Callable[[], Iterator[Array]]
Pipeline = Callable[[Sequence[Item], int, Path], Pass]

RESIZE = 256
CROP = 224
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
BATCH = 16


def each(one: Callable[[Item, Array], object], items: Sequence[Item]) -> Pass:
    """A pass that lets `one` fill float32 NCHW slots, image by image."""
    slots = np.empty((BATCH, 3, CROP, CROP), np.float32)

    def run() -> Iterator[Array]:
        for first in range(0, len(items), BATCH):
            part = items[first : first + BATCH]
            for item, slot in zip(part, slots, strict=False):
                one(item, slot)
            yield slots[: len(part)]

    return run


def target_size(width: int, height: int) -> tuple[int, int]:
    """The size after torchvision's Resize(256)."""
    if width <= height:
        return RESIZE, int(RESIZE * height / width)
    return int(RESIZE * width / height), RESIZE


def crop_corner(width: int, height: int) -> tuple[int, int]:
    """Left and top of torchvision's CenterCrop(224)."""
    return round((width - CROP) / 2.0), round((height - CROP) / 2.0)


def file_of(item: Item) -> Any:  # noqa: ANN401
    return io.BytesIO(item) if isinstance(item, bytes) else item


def finish_with_pillow(image: Any, slot: Array) -> None:  # noqa: ANN401
    """Resize, crop and normalise an RGB picture: the definition of what is exact."""
    from PIL import Image

    if min(image.size) != RESIZE:
        image = image.resize(target_size(*image.size), Image.Resampling.BICUBIC)
    left, top = crop_corner(*image.size)
    pixels = np.asarray(image.crop((left, top, left + CROP, top + CROP)))
    values = (pixels.astype(np.float32) / np.float32(255) - MEAN) / STD
    slot[...] = values.transpose(2, 0, 1)


def pillow(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    from PIL import Image

    def one(item: Item, slot: Array) -> None:
        finish_with_pillow(Image.open(file_of(item)).convert("RGB"), slot)

    return each(one, items)


def pillow_resize(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    """Pillow's resize of pictures that are decoded already, and nothing else."""
    from PIL import Image

    pictures = [Image.open(file_of(item)).convert("RGB") for item in items]

    def run() -> Iterator[Array]:
        for picture in pictures:
            picture.resize(target_size(*picture.size), Image.Resampling.BICUBIC)
        return iter(())

    return run


def opencv(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    import cv2

    cv2.setNumThreads(1)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    blob = cv2.dnn.Image2BlobParams()
    blob.scalefactor = tuple(float(v) for v in 1 / (255 * STD))
    blob.mean = tuple(float(v) for v in 255 * MEAN)
    blob.swapRB = True

    def one(item: Item, slot: Array) -> None:
        data = np.fromfile(item, np.uint8) if isinstance(item, str) else np.frombuffer(item, "u1")
        image = cv2.imdecode(data, flags)
        height, width = image.shape[:2]
        size = target_size(width, height)
        image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
        left, top = crop_corner(*size)
        crop = image[top : top + CROP, left : left + CROP]
        slot[...] = cv2.dnn.blobFromImageWithParams(crop, blob)[0]

    return each(one, items)


def kornia_rs(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    """On one thread: its resize would take all cores, but its decode holds the GIL."""
    os.environ["RAYON_NUM_THREADS"] = "1"
    from kornia_rs.image import Image

    mean, std = tuple(MEAN.tolist()), tuple(STD.tolist())

    def one(item: Item, slot: Array) -> None:
        image = Image.decode(item, "RGB")
        size = target_size(*image.size)
        crop = image.resize(*size, "bicubic", antialias=True).crop(*crop_corner(*size), CROP, CROP)
        slot[...] = crop.normalize(mean, std).transpose(2, 0, 1)

    return each(one, items)


def simplejpeg(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    """The decode alone."""
    from simplejpeg import decode_jpeg

    def run() -> Iterator[Array]:
        for item in items:
            decode_jpeg(item, colorspace="RGB")
        return iter(())

    return run


def simplejpeg_then_pillow(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    """To compare pixels: what simplejpeg decodes, finished exactly."""
    from PIL import Image
    from simplejpeg import decode_jpeg

    def one(item: Item, slot: Array) -> None:
        finish_with_pillow(Image.fromarray(decode_jpeg(item, colorspace="RGB")), slot)

    return each(one, items)

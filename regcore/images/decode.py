"""Whole pictures as Pillow decodes them, on worker threads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal, overload

import numpy as np

from regcore._native.choices import EXIF
from regcore.errors import DecodeError
from regcore.files.arguments import check_choice
from regcore.images.batch_stream import OnError
from regcore.images.picture_items import failures_of, picture_items
from regcore.images.picture_workers import picture_workers, worker_count
from regcore.images.pillow_decoder import decode_as
from regcore.images.resize import Exif, Mode
from regcore.images.resize_arguments import Pixels
from regcore.images.sources import Image, core_errors


@overload
def decode(
    images: Sequence[Image],
    *,
    mode: Mode = ...,
    exif: Exif = ...,
    workers: int | None = ...,
    on_error: Literal["raise"] = ...,
) -> list[Pixels]: ...
@overload
def decode(
    images: Sequence[Image],
    *,
    mode: Mode = ...,
    exif: Exif = ...,
    workers: int | None = ...,
    on_error: Literal["report"],
) -> list[Pixels | DecodeError]: ...
def decode(
    images: Sequence[Image],
    *,
    mode: Mode = "RGB",
    exif: Exif = "ignore",
    workers: int | None = None,
    on_error: OnError = "raise",
) -> list[Pixels] | list[Pixels | DecodeError]:
    """The whole picture of each file, byte for byte `Image.open(...).convert(mode)` of Pillow.

    images: paths, the bytes of files, pixels or images of Pillow, as `resize` takes them; pixels
        come back as a copy.
    mode: "L", "RGB" or "RGBA".
    exif: "ignore" EXIF orientations, as Pillow does, or "apply" them, as by
        `ImageOps.exif_transpose`.
    workers: threads, by default one per processor.
    on_error: "raise" the DecodeError of the first image that has no pixels, or "report" each in the
        place of its pixels.

    Returns an array for each image, uint8 [height, width, channels], or [height, width] for mode L.
    """
    check_choice("on_error", on_error, ("raise", "report"))
    check_choice("exif", exif, EXIF)
    pictures = picture_items(images, mode, upright=exif == "apply")
    count = worker_count(workers)
    with core_errors(), picture_workers(count) as threads:
        decoded, failures = threads.decode(
            [picture.item for picture in pictures],
            partial(decode_as, mode),
            [picture.channels for picture in pictures],
            upright=exif == "apply",
        )
    errors = failures_of(pictures, failures)
    if errors and on_error == "raise":
        raise next(iter(errors.values()))
    results = []
    for index, (picture, memory) in enumerate(zip(pictures, decoded, strict=True)):
        pixels = np.asarray(memory)
        result = pixels if picture.has_channel_axis else pixels[:, :, 0]
        results.append(errors.get(index, result))
    return results

"""Pillow's resize of whole pictures, on worker threads and without the GIL."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal, overload

import numpy as np

from regcore._native.choices import EXIF
from regcore.errors import DecodeError, UsageError
from regcore.files.arguments import check_choice
from regcore.images.batch_stream import OnError
from regcore.images.picture_items import failures_of, picture_items
from regcore.images.picture_workers import picture_workers, worker_count
from regcore.images.pillow_decoder import decode_as
from regcore.images.resize_arguments import (
    Box,
    Pixels,
    Size,
    boxes_of,
    check_results,
    filter_name,
    gap_of,
    known_pass_order,
    sizes_of,
)
from regcore.images.sources import Image, core_errors

Mode = Literal["L", "RGB", "RGBA"]
Exif = Literal["ignore", "apply"]

_NEW_IN_PILLOW_13 = ("mks2013", "mks2021")


@overload
def resize(
    images: Sequence[Image],
    sizes: Size | Sequence[Size],
    *,
    filter: str | int = ...,
    reducing_gap: float | None = ...,
    box: Box | Sequence[Box | None] | None = ...,
    mode: Mode = ...,
    exif: Exif = ...,
    pass_order: str | None = ...,
    workers: int | None = ...,
    out: Sequence[Pixels] | None = ...,
    on_error: Literal["raise"] = ...,
) -> list[Pixels]: ...
@overload
def resize(
    images: Sequence[Image],
    sizes: Size | Sequence[Size],
    *,
    filter: str | int = ...,
    reducing_gap: float | None = ...,
    box: Box | Sequence[Box | None] | None = ...,
    mode: Mode = ...,
    exif: Exif = ...,
    pass_order: str | None = ...,
    workers: int | None = ...,
    out: Sequence[Pixels] | None = ...,
    on_error: Literal["report"],
) -> list[Pixels | DecodeError]: ...
def resize(
    images: Sequence[Image],
    sizes: Size | Sequence[Size],
    *,
    filter: str | int = "bicubic",  # noqa: A002  (the word of everyone who resizes)
    reducing_gap: float | None = None,
    box: Box | Sequence[Box | None] | None = None,
    mode: Mode = "RGB",
    exif: Exif = "ignore",
    pass_order: str | None = None,
    workers: int | None = None,
    out: Sequence[Pixels] | None = None,
    on_error: OnError = "raise",
) -> list[Pixels] | list[Pixels | DecodeError]:
    """`Image.resize` of Pillow for each image, byte for byte, whatever the number of workers.

    images: paths, the bytes of files, pixels (uint8, [height, width] or [height, width, 1, 3 or
        4]), or images of Pillow. Pixels of four channels are RGBA.
    sizes: (width, height) in pixels, one for all images or one for each.
    filter: "nearest", "box", "bilinear", "hamming", "bicubic", "lanczos", "mks2013", "mks2021", or
        the number of PIL.Image.Resampling.
    reducing_gap: as Pillow's; at least 1.
    box: (left, top, right, bottom) of what the result shows, in pixels, which may be fractions; one
        for all images, or one or None for each.
    mode: what files are converted to, as by `Image.open(...).convert(mode)`. Pixels, and images of
        Pillow of these modes, keep theirs.
    exif: "ignore" EXIF orientations, as Pillow's resize does, or "apply" them first, as by
        `ImageOps.exif_transpose`; size and box are then those of the turned picture.
    pass_order: whose resize to equal, "pillow9" (9 to 12) or "pillow13"; by default that of the
        Pillow that is installed.
    workers: threads, by default one per processor. One large picture is worked on by several.
    out: one array for each image, uint8, C-contiguous, of the shape of its result, not in the
        memory of an image or of another result. That of an image that fails is unspecified.
    on_error: "raise" the DecodeError of the first image that has no result, or "report" each in the
        place of its result.

    Returns an array for each image, uint8 [height, width, channels], or [height, width] for what
    has no axis of channels: pixels without one, and mode L. Raises UsageError for arguments that
    contradict themselves or the images, before any work.
    """
    check_choice("on_error", on_error, ("raise", "report"))
    check_choice("exif", exif, EXIF)
    name, order = filter_name(filter), known_pass_order(pass_order)
    if name in _NEW_IN_PILLOW_13 and order != "pillow13":
        raise UsageError(f"the filter {name} is not in the Pillow of the pass order {order}")
    gap = gap_of(reducing_gap)
    pictures = picture_items(images, mode, upright=exif == "apply")
    shapes = [
        picture.array_shape(*size)
        for picture, size in zip(pictures, sizes_of(sizes, len(pictures)), strict=True)
    ]
    boxes = boxes_of(box, len(pictures))
    count = worker_count(workers)
    results = [np.empty(shape, np.uint8) for shape in shapes] if out is None else list(out)
    if out is not None:
        check_results(results, shapes, pictures)
    with core_errors(), picture_workers(count) as threads:
        failures = threads.resize(
            [picture.item for picture in pictures],
            partial(decode_as, mode),
            [picture.channels for picture in pictures],
            [a[:, :, None] if a.ndim == 2 else a for a in results],  # noqa: PLR2004
            boxes,
            filter=name,
            pass_order=order,
            reducing_gap=gap,
            upright=exif == "apply",
        )
    errors = failures_of(pictures, failures)
    if errors and on_error == "raise":
        raise next(iter(errors.values()))
    return [errors.get(index, result) for index, result in enumerate(results)]

"""Pillow's resize of whole pictures, on worker threads and without the GIL."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Literal, SupportsFloat, SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

from regcore._native.choices import PASS_ORDERS, RESIZE_FILTERS
from regcore.errors import DecodeError, UsageError
from regcore.files.arguments import check_choice, shown, whole_within
from regcore.images.batch_stream import OnError
from regcore.images.picture_items import PictureItem, failures_of, picture_items
from regcore.images.picture_workers import picture_workers, worker_count
from regcore.images.pillow_decoder import decode_as
from regcore.images.result_memory import bytes_of, refuse_overlap
from regcore.images.sources import Image, core_errors
from regcore.recipes.recipe import installed_pass_order

Pixels = NDArray[np.uint8]
Size = tuple[int, int]
Box = tuple[float, float, float, float]
Mode = Literal["L", "RGB", "RGBA"]

#: The numbers of PIL.Image.Resampling.
_FILTERS_OF_PILLOW = (
    "nearest", "lanczos", "bilinear", "bicubic", "box", "hamming", "mks2013", "mks2021"
)  # fmt: skip
_NEW_IN_PILLOW_13 = ("mks2013", "mks2021")
_MAX_SIDE = 1 << 24  # where Pillow's floats still tell pixels apart
_MAX_PIXELS = 1 << 29


@overload
def resize(
    images: Sequence[Image],
    sizes: Size | Sequence[Size],
    *,
    filter: str | int = ...,
    reducing_gap: float | None = ...,
    box: Box | Sequence[Box | None] | None = ...,
    mode: Mode = ...,
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
    pass_order: str | None = None,
    workers: int | None = None,
    out: Sequence[Pixels] | None = None,
    on_error: OnError = "raise",
) -> list[Pixels] | list[Pixels | DecodeError]:
    """`Image.resize` of Pillow for each image, byte for byte, whatever the number of workers.

    images: paths, the bytes of files, pixels (uint8, [height, width] or [height, width, 1, 3 or
        4]), or images of Pillow. Pixels of four channels are RGBA. EXIF orientations are ignored.
    sizes: (width, height) in pixels, one for all images or one for each.
    filter: "nearest", "box", "bilinear", "hamming", "bicubic", "lanczos", "mks2013", "mks2021", or
        the number of PIL.Image.Resampling.
    reducing_gap: as Pillow's; at least 1.
    box: (left, top, right, bottom) of what the result shows, in pixels, which may be fractions; one
        for all images, or one or None for each.
    mode: what files are converted to, as by `Image.open(...).convert(mode)`. Pixels, and images of
        Pillow of these modes, keep theirs.
    pass_order: whose resize to equal, "pillow9" (9 to 12) or "pillow13"; by default that of the
        Pillow that is installed.
    workers: threads, by default one per processor. One large picture is worked on by several.
    out: one array for each image, uint8, C-contiguous, of the shape of its result, not in the
        memory of an image or of another result.
    on_error: "raise" the DecodeError of the first image that has no result, or "report" each in the
        place of its result.

    Returns an array for each image, uint8 [height, width, channels], or [height, width] for what
    has no axis of channels: pixels without one, and mode L. Raises UsageError for arguments that
    contradict themselves or the images, before any work.
    """
    check_choice("on_error", on_error, ("raise", "report"))
    name, order = _filter_name(filter), _pass_order(pass_order)
    if name in _NEW_IN_PILLOW_13 and order != "pillow13":
        raise UsageError(f"the filter {name} is not in the Pillow of the pass order {order}")
    gap = _gap(reducing_gap)
    pictures = picture_items(images, mode)
    shapes = [
        picture.array_shape(*size)
        for picture, size in zip(pictures, _sizes(sizes, len(pictures)), strict=True)
    ]
    boxes = _boxes(box, len(pictures))
    count = worker_count(workers)
    results = [np.empty(shape, np.uint8) for shape in shapes] if out is None else list(out)
    if out is not None:
        _check_out(results, shapes, pictures)
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
        )
    errors = failures_of(pictures, failures)
    if errors and on_error == "raise":
        raise next(iter(errors.values()))
    return [errors.get(index, result) for index, result in enumerate(results)]


def _filter_name(choice: str | int) -> str:
    if isinstance(choice, SupportsIndex) and not isinstance(choice, bool):
        number = choice.__index__()
        if not 0 <= number < len(_FILTERS_OF_PILLOW):
            raise UsageError(f"filter {number} is none of PIL.Image.Resampling")
        return _FILTERS_OF_PILLOW[number]
    check_choice("filter", choice, RESIZE_FILTERS)
    return str(choice)


def _pass_order(order: str | None) -> str:
    if order is None:
        return installed_pass_order()
    check_choice("pass_order", order, PASS_ORDERS)
    return order


def _gap(gap: float | None) -> float:
    """The reducing gap, 0 for none."""
    if gap is None:
        return 0.0
    is_number = isinstance(gap, SupportsFloat) and not isinstance(gap, bool)
    if not is_number or not 1 <= float(gap) < math.inf:
        raise UsageError(f"reducing_gap must be 1.0 or greater, not {shown(gap)}")
    return float(gap)


def _sizes(sizes: Size | Sequence[Size], count: int) -> list[Size]:
    given: list[Any] = list(sizes)
    if len(given) == 2 and all(isinstance(side, SupportsIndex) for side in given):  # noqa: PLR2004
        given = [given] * count
    if len(given) != count:
        raise UsageError(f"{count} images need one size or as many, not {len(given)}")
    return [_size(size) for size in given]


def _size(size: Any) -> Size:  # noqa: ANN401  (whatever the caller gave)
    try:
        width, height = size
    except (TypeError, ValueError):
        raise UsageError(f"a size is (width, height), not {shown(size)}") from None
    width = whole_within("a width", width, 1, _MAX_SIDE)
    height = whole_within("a height", height, 1, _MAX_SIDE)
    if width * height > _MAX_PIXELS:
        raise UsageError(f"{width} x {height} pixels are more than {_MAX_PIXELS}")
    return width, height


def _boxes(box: Box | Sequence[Box | None] | None, count: int) -> list[Box | None]:
    if box is None:
        return [None] * count
    given: list[Any] = list(box)
    if given and isinstance(given[0], SupportsFloat):
        return [_box(given)] * count
    if len(given) != count:
        raise UsageError(f"{count} images need one box or as many, not {len(given)}")
    return [None if each is None else _box(each) for each in given]


def _box(box: Any) -> Box:  # noqa: ANN401
    try:
        left, top, right, bottom = map(float, box)
    except (TypeError, ValueError):
        raise UsageError(f"a box is (left, top, right, bottom), not {shown(box)}") from None
    if not (0 <= left <= right < math.inf and 0 <= top <= bottom < math.inf):
        raise UsageError(f"a box goes from 0 or more to as much or more, not {shown(box)}")
    return left, top, right, bottom


def _check_out(
    results: list[Pixels], shapes: list[tuple[int, ...]], pictures: list[PictureItem]
) -> None:
    if len(results) != len(shapes):
        raise UsageError(f"{len(shapes)} images need as many arrays as out, not {len(results)}")
    items = [picture.item for picture in pictures]
    memory = [bytes_of(a, s, np.dtype(np.uint8)) for a, s in zip(results, shapes, strict=True)]
    for part in memory:
        refuse_overlap(part, items)
    # C-contiguous arrays overlap where one begins before another ends.
    spans = sorted((part.ctypes.data, part.ctypes.data + part.size) for part in memory)
    if any(ends > begins for (_, ends), (begins, _) in pairwise(spans)):
        raise UsageError("the arrays of out must not overlap")

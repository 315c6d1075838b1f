"""What a caller wants of the resize of pictures, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, SupportsFloat, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from regcore._native.choices import PASS_ORDERS, RESIZE_FILTERS
from regcore.counted import counted
from regcore.errors import UsageError
from regcore.files.arguments import check_choice, shown, whole_within
from regcore.images.picture_items import PictureItem
from regcore.images.result_memory import bytes_of, refuse_overlaps
from regcore.recipes.recipe import installed_pass_order

Pixels = NDArray[np.uint8]
Size = tuple[int, int]
Box = tuple[float, float, float, float]

#: The numbers of PIL.Image.Resampling.
_FILTERS_OF_PILLOW = (
    "nearest", "lanczos", "bilinear", "bicubic", "box", "hamming", "mks2013", "mks2021"
)  # fmt: skip
_MAX_SIDE = 1 << 24  # where Pillow's floats still tell pixels apart
_MAX_PIXELS = 1 << 29


def filter_name(choice: str | int) -> str:
    """A filter by its name or its number in PIL.Image.Resampling."""
    if isinstance(choice, SupportsIndex) and not isinstance(choice, bool):
        number = choice.__index__()
        if not 0 <= number < len(_FILTERS_OF_PILLOW):
            raise UsageError(f"filter {number} is none of PIL.Image.Resampling")
        return _FILTERS_OF_PILLOW[number]
    check_choice("filter", choice, RESIZE_FILTERS)
    return str(choice)


def known_pass_order(order: str | None) -> str:
    """The order that was asked for, or that of the Pillow that is installed."""
    if order is None:
        return installed_pass_order()
    check_choice("pass_order", order, PASS_ORDERS)
    return order


def gap_of(gap: float | None) -> float:
    """The reducing gap, 0 for none."""
    if gap is None:
        return 0.0
    is_number = isinstance(gap, SupportsFloat) and not isinstance(gap, bool)
    if not is_number or not 1 <= float(gap) < math.inf:
        raise UsageError(f"reducing_gap must be 1.0 or greater, not {shown(gap)}")
    return float(gap)


def sizes_of(sizes: Size | Sequence[Size], count: int) -> list[Size]:
    """(width, height) of each of so many images."""
    given: list[Any] = list(sizes)
    if len(given) == 2 and all(isinstance(side, (int, np.integer)) for side in given):  # noqa: PLR2004
        given = [given] * count
    if len(given) != count:
        raise UsageError(
            f"{counted(count, 'image needs', 'images need')} one size or as many, not {len(given)}"
        )
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


def boxes_of(box: Box | Sequence[Box | None] | None, count: int) -> list[Box | None]:
    """The box of each of so many images, None for the whole."""
    if box is None:
        return [None] * count
    given: list[Any] = list(box)
    if given and isinstance(given[0], (int, float, np.number)):
        return [_box(given)] * count
    if len(given) != count:
        raise UsageError(
            f"{counted(count, 'image needs', 'images need')} one box or as many, not {len(given)}"
        )
    return [None if each is None else _box(each) for each in given]


def _box(box: Any) -> Box:  # noqa: ANN401
    try:
        left, top, right, bottom = map(float, box)
    except (TypeError, ValueError):
        raise UsageError(f"a box is (left, top, right, bottom), not {shown(box)}") from None
    if not (0 <= left <= right < math.inf and 0 <= top <= bottom < math.inf):
        raise UsageError(f"a box goes from 0 or more to as much or more, not {shown(box)}")
    return left, top, right, bottom


def check_results(
    results: list[Pixels], shapes: list[tuple[int, ...]], pictures: list[PictureItem]
) -> None:
    """Raises UsageError for what cannot take the results, each of its shape."""
    if len(results) != len(shapes):
        needs = counted(len(shapes), "image needs", "images need")
        raise UsageError(f"{needs} as many arrays as out, not {len(results)}")
    items = [picture.item for picture in pictures]
    memory = [bytes_of(a, s, np.dtype(np.uint8)) for a, s in zip(results, shapes, strict=True)]
    refuse_overlaps(memory, items)

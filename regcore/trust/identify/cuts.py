"""Where a geometry cuts a photo: by this, geometries that are one on a photo are told early."""

from __future__ import annotations

import math

from regcore.trust.identify.bank import Geometry

#: Rows and columns of the whole picture after the resize, and the first ones of the cut.
Cut = tuple[int, int, int, int]


def cut_of(geometry: Geometry, rows: int, columns: int) -> Cut:
    """The same rules as csrc/resample/crop_geometry.cc; those of Recipe's fields in words."""
    high, wide = _resized(geometry, rows, columns)
    top, left = (
        _offset(side - cut, geometry.crop_offset)
        for side, cut in zip((high, wide), geometry.crop, strict=True)
    )
    return high, wide, top, left


def _resized(geometry: Geometry, rows: int, columns: int) -> tuple[int, int]:
    resize = geometry.resize
    if resize is None:
        return rows, columns
    if isinstance(resize, int):
        if columns <= rows:
            return resize * rows // columns, resize
        return resize, resize * columns // rows
    if geometry.fit == "exact":
        return resize
    if geometry.fit == "outside_factor":
        factor = max(resize[0] / rows, resize[1] / columns)
        return round(rows * factor), round(columns * factor)
    ratios = rows / resize[0], columns / resize[1]
    ratio = max(ratios) if geometry.fit == "inside" else min(ratios)
    return round(rows / ratio), round(columns / ratio)


def _offset(spare: int, rule: str) -> int:
    if rule == "floor":
        return spare // 2
    if rule == "toward_zero" or spare < 0:
        return math.trunc(spare / 2)
    return round(spare / 2)

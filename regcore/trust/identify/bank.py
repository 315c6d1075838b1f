"""The pipelines that are tried: every geometry, library and filter that a recipe can say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore._native.choices import CROP_OFFSETS, FILTERS, PASS_ORDERS
from regcore.errors import DecodeError, UsageError
from regcore.images.preprocessor import Preprocessor
from regcore.recipes.flavours import FLAVOURS
from regcore.recipes.numbers import LARGEST_SIDE
from regcore.recipes.recipe import Recipe, installed_pass_order

Pixels = NDArray[np.uint8] | NDArray[np.float32]
#: Of TensorFlow, which takes no notice of antialias here.
_SAME_WITHOUT_ANTIALIAS = ("nearest", "area")
#: The sides that are looked at without a border: up to twice the crop.
_LARGEST_RATIO = 2
#: How many steps the coarse look divides a crop into.
_COARSE = 56


@dataclass(frozen=True)
class Geometry:
    """The size and the cut; fields of Recipe."""

    resize: int | tuple[int, int] | None
    crop: tuple[int, int]
    fit: str = "exact"
    crop_offset: str = "half_even"
    fill: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Way:
    """Whose resize, and by which filter; fields of Recipe."""

    flavour: str
    filter: str
    pass_order: str = field(default_factory=installed_pass_order)

    @property
    def rounds(self) -> bool:
        """Whether it gives pixels of uint8."""
        return self.flavour == "pillow" or FLAVOURS[self.flavour].rounds


@dataclass(frozen=True)
class Pipeline:
    """What makes pixels of a photo, up to the values.

    channels: "gray", or "rgb", which "bgr" follows from.
    """

    geometry: Geometry
    way: Way
    exif: str = "ignore"
    channels: str = "rgb"

    def fields(self) -> dict[str, Any]:
        """Those of Recipe that it says."""
        return {**vars(self.geometry), **vars(self.way), "exif": self.exif}

    def other_orders(self) -> Iterator[Pipeline]:
        """Itself, and the same with each other order of Pillow's passes."""
        yield self
        for order in PASS_ORDERS if self.way.flavour == "pillow" else ():
            if order != self.way.pass_order:
                yield replace(self, way=replace(self.way, pass_order=order))

    def recipe(self) -> Recipe:
        """That of the pixels: uint8, or float32 where the way does not round, NHWC."""
        count = 1 if self.channels == "gray" else 3
        plain: dict[str, Any] = {
            "dtype": "uint8" if self.way.rounds else "float32", "layout": "nhwc",
            "channels": self.channels, "mean": (0.0,) * count, "std": (1.0,) * count,
            "divisor": 1.0,
        }  # fmt: skip
        return Recipe(**{**self.fields(), **plain, "exif": "ignore"})

    def pixels_of(self, photo: NDArray[np.uint8]) -> Pixels | None:
        """[rows, columns, channels] of a photo that is turned already; None where it has none."""
        try:
            made: Pixels = Preprocessor(self.recipe(), workers=1)([photo])[0]
        except (DecodeError, UsageError):
            return None
        return made


def ways(channels: str) -> list[Way]:
    """All libraries with each of their filters, the commonest first. Grey is Pillow's alone."""
    order = ("bicubic", "bilinear", "lanczos", "nearest", "box", "hamming", "area")
    found = [Way("pillow", name) for name in order if name in FILTERS]
    if channels != "gray":
        found += [
            Way(flavour, name)
            for flavour, described in FLAVOURS.items()
            for name in order
            if name in described.filters
            and not (flavour == "tensorflow_antialias" and name in _SAME_WITHOUT_ANTIALIAS)
        ]
    return found


def coarse_geometries(size: tuple[int, int], *, bordered: bool) -> list[Geometry]:
    """A grid of sizes over everything a crop of `size` can come from, for a first look.

    bordered: also those that leave a border around a smaller picture.
    """
    side = max(size)
    step = coarse_step(side)
    sides = range(side, min(_LARGEST_RATIO * side, LARGEST_SIDE) + 1, step)
    found = [Geometry(None, size, fill=(0, 0, 0))]
    for resize in sides:
        pair = (resize * size[0] // side, resize * size[1] // side)
        found += [Geometry(resize, size), Geometry(pair, size)]
        if size[0] != size[1]:
            found.append(Geometry(pair, size, "outside"))
    if bordered:
        for resize in range(side // 2, side + 1, step):
            pair = (resize * size[0] // side, resize * size[1] // side)
            found += [
                Geometry(pair, size, fit, fill=(0, 0, 0)) for fit in ("exact", "inside", "outside")
            ]
            found.append(Geometry(resize, size, fill=(0, 0, 0)))
    return found


def coarse_step(side: int) -> int:
    """Pixels between the sizes of the first look."""
    return max(1, side // _COARSE)


def around(geometry: Geometry, reach: int) -> Iterator[Geometry]:
    """Sizes beside one of the first look, each pixel up to `reach` away, itself in the middle."""
    resize, size = geometry.resize, geometry.crop
    if resize is None:
        yield geometry
        return
    least = 1 if geometry.fill else max(size)
    for change in sorted(range(-reach, reach + 1), key=abs):
        if isinstance(resize, int):
            if resize + change >= least:
                yield Geometry(resize + change, size, geometry.fit, fill=geometry.fill)
            continue
        pair = (resize[0] + change, resize[1] + change)
        if geometry.fill or (pair[0] >= size[0] and pair[1] >= size[1]):
            yield Geometry(pair, size, geometry.fit, fill=geometry.fill)


def variants(geometry: Geometry) -> Iterator[Geometry]:
    """The same size by other rules: how it is fitted, and how it is cut."""
    resize, size = geometry.resize, geometry.crop
    forms: list[tuple[Any, str]] = [(resize, geometry.fit)]
    if isinstance(resize, int):
        forms.append(((resize, resize), "outside"))
    elif resize is not None and geometry.fit == "outside" and resize[0] == resize[1]:
        forms.append((resize[0], "exact"))
    for form, fit in forms:
        for offset in CROP_OFFSETS:
            yield Geometry(form, size, fit, offset, geometry.fill)

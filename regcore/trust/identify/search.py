"""From coarse to fine: sizes by a glance, then every library and filter of the likely ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regcore.trust.identify.agreement import Agreement, agreement, correlation
from regcore.trust.identify.bank import (
    Geometry,
    Pipeline,
    Way,
    around,
    coarse_geometries,
    coarse_step,
    variants,
    ways,
)
from regcore.trust.identify.borders import Inside, has_border, picture_of
from regcore.trust.identify.cuts import Cut, cut_of
from regcore.trust.identify.photos import Photo
from regcore.trust.identify.readings import Reading

#: How many of the first look are looked at again, and of these with every library and filter.
_REFINED = 3
_TRIED = 12
#: How far below the best a size of the first look may be.
_NEAR = 0.04
#: Below this correlation no size is looked at again: it is another photo, or read the wrong way.
_UNLIKE = 0.3
_GLANCE = Way("pillow", "bilinear")
#: A few filters that are unlike, by which the cuts are ranked; and how many cuts go on.
_PROBES = (
    Way("pillow", "bicubic"), Way("pillow", "bilinear"), Way("opencv", "bilinear"),
    Way("opencv", "nearest"), Way("pillow", "nearest"),
)  # fmt: skip
_CUTS = 5
#: Photos are looked at by so many sides of the result, or more.
_LARGE = 3
#: Rows to columns, from which on the order of the passes may show.
_TALL = 2
_ANY = Geometry(None, (1, 1))


@dataclass(frozen=True)
class Candidate:
    """A pipeline, and how well it explains one channel of one photo."""

    pipeline: Pipeline
    agreement: Agreement


@dataclass(frozen=True)
class Found:
    """What a search found in one photo.

    candidates: the best first. tried: how many pipelines were compared. similarity: correlation of
    the photo and the tensor at the best size of the first look.
    """

    candidates: tuple[Candidate, ...]
    tried: int
    similarity: float

    @property
    def exact(self) -> list[Pipeline]:
        """Those by which all values of the channel are explained."""
        return [one.pipeline for one in self.candidates if one.agreement.is_function]


@dataclass(frozen=True)
class _Glance:
    score: float
    geometry: Geometry
    exif: str


def choose_photo(photos: Sequence[Photo], size: tuple[int, int]) -> int:
    """The place of the photo that tells most: not square, larger than the result, and small."""

    def order(place: int) -> tuple[bool, bool, bool, bool, int]:
        rows, columns = photos[place].pixels.shape[:2]
        small = min(rows, columns) < max(size)
        tall = max(rows, columns) > _TALL * min(rows, columns)
        return (small, tall, rows == columns, not photos[place].is_turned, rows * columns)

    return min(range(len(photos)), key=order)


def search(photo: Photo, reading: Reading, place: int) -> Found:
    """What explains image `place` of a tensor by this photo."""
    image = reading.values[place]
    middle = image.shape[2] // 2  # green, in RGB and in BGR
    channels = "gray" if image.shape[2] == 1 else "rgb"
    target, inside = image[..., middle], picture_of(image[..., middle])
    turns = ("ignore", "apply") if photo.is_turned else ("ignore",)
    seen = {exif: photo.seen(exif) for exif in turns}
    glances = sorted(
        (
            glance
            for exif in turns
            for glance in _glances(seen[exif], target, inside, channels, exif)
        ),
        key=lambda glance: -glance.score,
    )
    best = glances[0].score if glances else 0.0
    if best < _UNLIKE:
        return Found((), len(glances), best)
    found: dict[Pipeline, Agreement] = {}

    def told(first: Pipeline) -> Agreement | None:
        if first not in found:
            made = first.pixels_of(seen[first.exif])
            if made is None:
                return None
            pixels = made[..., made.shape[2] // 2]
            found[first] = agreement(pixels[inside], target[inside], reading.dtype)
        return found[first]

    tried = 0
    for cut in _likely_cuts(glances[:_TRIED], seen, channels, told):
        for way in _ways(seen[cut[0].exif], channels):
            first = replace(cut[0], way=way)
            explained = told(first)
            if explained is None:
                continue
            tried += len(cut)
            if explained.is_function:
                found |= {replace(same, way=way): explained for same in cut[1:]}
        if any(explained.is_function for explained in found.values()):
            break
    ranked = sorted(found.items(), key=lambda item: (not item[1].is_function, item[1].levels))
    return Found(tuple(Candidate(*item) for item in ranked), tried + len(glances), best)


def _ways(pixels: NDArray[np.uint8], channels: str) -> list[Way]:
    """Of a tall photo, also the other order of Pillow's passes."""
    found = ways(channels)
    if pixels.shape[0] > _TALL * pixels.shape[1]:
        shown = (Pipeline(_ANY, way).other_orders() for way in found)
        found = [one.way for each in shown for one in each]
    return found


def _likely_cuts(
    glances: Sequence[_Glance],
    seen: Mapping[str, NDArray[np.uint8]],
    channels: str,
    told: Callable[[Pipeline], Agreement | None],
) -> list[list[Pipeline]]:
    """The cuts that a few filters explain best, each as all pipelines that are one on this photo.

    told: what a pipeline explains.
    """
    groups: dict[tuple[str, Cut], list[Pipeline]] = {}
    for glance in glances:
        rows, columns = seen[glance.exif].shape[:2]
        for one in variants(glance.geometry):
            key = (glance.exif, cut_of(one, rows, columns))
            groups.setdefault(key, []).append(Pipeline(one, _GLANCE, glance.exif, channels))
    ranked = []
    for cut in groups.values():
        probes = [told(replace(cut[0], way=way)) for way in _PROBES if way in ways(channels)]
        levels = [probe.levels for probe in probes if probe is not None]
        if levels:
            ranked.append((min(levels), cut))
    ranked.sort(key=lambda one: one[0])
    return [cut for _, cut in ranked[:_CUTS]]


def _glances(
    pixels: NDArray[np.uint8],
    target: NDArray[np.float32],
    inside: Inside,
    channels: str,
    exif: str,
) -> list[_Glance]:
    """Sizes of a photo by how like the tensor it then is, the likeliest first."""
    size = (target.shape[0], target.shape[1])
    small = _shrunk(pixels, max(size))
    scores: dict[Geometry, float] = {}

    def look(geometries: Iterable[Geometry]) -> None:
        for geometry in geometries:
            if geometry in scores:
                continue
            shown = pixels if geometry.resize is None else small
            made = Pipeline(geometry, _GLANCE, exif, channels).pixels_of(shown)
            if made is not None:
                middle = made[..., made.shape[2] // 2]
                scores[geometry] = correlation(middle[inside], target[inside])

    look(coarse_geometries(size, bordered=has_border(target)))
    if not scores:
        return []
    best = max(scores.values())
    likely = sorted(scores, key=lambda one: -scores[one])[:_REFINED]
    for geometry in likely:
        if scores[geometry] >= best - _NEAR:
            look(around(geometry, coarse_step(max(size))))
    ranked = sorted(scores, key=lambda one: -scores[one])
    return [_Glance(scores[one], one, exif) for one in ranked]


def _shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A large photo by a whole factor, still large enough for every size of the first look."""
    factor = min(pixels.shape[:2]) // (_LARGE * side)
    if factor <= 1:
        return pixels
    rows, columns = (length // factor for length in pixels.shape[:2])
    whole = pixels[: rows * factor, : columns * factor]
    means = whole.reshape(rows, factor, columns, factor, 3).mean((1, 3), dtype=np.float32)
    shrunk: NDArray[np.uint8] = means.round().astype(np.uint8)
    return shrunk

"""Which recipe made a tensor of photos: read, search, try, and say what is not told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from regcore.errors import UsageError
from regcore.images.flavours.check import versions_unasked
from regcore.recipes.recipe import Recipe
from regcore.trust.identify.alternatives import alternatives
from regcore.trust.identify.bank import Pipeline
from regcore.trust.identify.explained import (
    Explained,
    explain,
    recipes_of,
    same_pixels,
    with_pipeline,
)
from regcore.trust.identify.findings import Identification, Match, Outcome, Residual
from regcore.trust.identify.hints import WIDER, hints
from regcore.trust.identify.near import match_of_pixels, nearest_match
from regcore.trust.identify.photos import Photo
from regcore.trust.identify.readings import Reading, readings
from regcore.trust.identify.search import Found, choose_photo, search
from regcore.trust.identify.tensor_files import StoredTensor
from regcore.trust.identify.trial import gives, residual

#: Ways to read the shape of a tensor that are looked into.
_SHAPES = 3
#: Pipelines that explain one photo and are tried on all of them.
_EXPLAINED = 48
#: The same of those that do not round, where several are within what rounding leaves.
_NEARLY = 9
#: Pipelines that are looked through for the nearest recipe.
_NEAREST = 6
#: What is below this correlation at the best size shows another photo.
_SIMILAR = 0.6
_SCALE = (
    "quant_scale is the shortest number that gives these steps; where the model has its own, and "
    "that is as near, it is the model's"
)
_WIDE = "stored as float64, though every value is one of float32"


def identify(
    tensor: StoredTensor,
    photos: Sequence[Photo],
    size: tuple[int, int] | None = None,
    expected: Recipe | None = None,
) -> Identification:
    """Which recipe gives `tensor` of all `photos`, bit by bit; else what is nearest, and why not.

    size: rows and columns, of a file that does not say them. expected: a recipe that is tried
    before all others.
    Raises DatasetError where the tensor cannot be one of so many photos.
    """
    with versions_unasked():
        read = readings(tensor, len(photos), size)
        attempts = []
        for group in _by_shape(read)[:_SHAPES]:
            for reading in group if expected is not None else ():
                if expected is not None and _is_by(expected, photos, reading):
                    return _as_expected(expected, photos, reading)
            attempt = _attempt(group, photos)
            if attempt.exact:
                rounded = attempt.exact[0].reading.is_rounded
                return (_rounded if rounded else _exact)(attempt, photos)
            attempts.append(attempt)
        return _inexact(max(attempts, key=lambda attempt: attempt.found.similarity), photos)


class _Exact(NamedTuple):
    recipe: Recipe
    reading: Reading


@dataclass(frozen=True)
class _Attempt:
    """What came of one way to read the shape.

    readings: of that shape. explained: pipelines that explain all values. exact: recipes that give
    every bit, once float64 that no float32 holds is rounded.
    """

    readings: list[Reading]
    found: Found
    explained: list[Explained]
    exact: list[_Exact]


def _by_shape(found: Sequence[Reading]) -> list[list[Reading]]:
    groups: dict[tuple[object, ...], list[Reading]] = {}
    for reading in found:
        groups.setdefault((reading.values.shape, reading.layout), []).append(reading)
    return list(groups.values())


def _attempt(group: list[Reading], photos: Sequence[Photo]) -> _Attempt:
    first = group[0]
    place = choose_photo(photos, first.values.shape[1:3])
    found = search(photos[place], first, place)
    explained: list[Explained] = []
    for reading in group:
        candidates = found.exact
        if not candidates and reading is not first:
            candidates = search(photos[place], reading, place).exact
        rounded = [pipeline for pipeline in candidates if pipeline.way.rounds]
        others = [pipeline for pipeline in candidates if not pipeline.way.rounds]
        for pipelines in (rounded[:_EXPLAINED], others[:_NEARLY]):
            whole = _explained(pipelines, photos, reading)
            if reading is first:
                explained += whole
            exact = _recipes(whole, photos, reading)
            if exact:
                return _Attempt(group, found, explained, exact)
    return _Attempt(group, found, explained, [])


def _explained(
    pipelines: Sequence[Pipeline], photos: Sequence[Photo], reading: Reading
) -> list[Explained]:
    tried = (explain(pipeline, photos, reading) for pipeline in pipelines)
    return [one for one in tried if one is not None]


def _recipes(
    explained: Sequence[Explained], photos: Sequence[Photo], reading: Reading
) -> list[_Exact]:
    """The recipes that give every bit: those that are tried, and what makes the same pixels."""
    for one in explained:
        exact = [recipe for recipe in recipes_of(one, reading) if gives(recipe, photos, reading)]
        if exact:
            others = [other for other in explained if other is not one and same_pixels(one, other)]
            same = (with_pipeline(exact[0], other) for other in others)
            exact += [recipe for recipe in same if recipe is not None]
            return [_Exact(recipe, reading) for recipe in exact]
    return []


def _is_by(expected: Recipe, photos: Sequence[Photo], reading: Reading) -> bool:
    form = (reading.dtype, reading.layout, reading.values.shape[1:3])
    if form != (expected.dtype, expected.layout, expected.size):
        return False
    return gives(expected, photos, reading)


def _as_expected(expected: Recipe, photos: Sequence[Photo], reading: Reading) -> Identification:
    exact = _Exact(expected, reading)
    return _exact(_Attempt([reading], Found((), 1, 1.0), [], [exact]), photos)


def _exact(attempt: _Attempt, photos: Sequence[Photo]) -> Identification:
    recipe, reading = attempt.exact[0]
    same = [other for other, _ in attempt.exact[1:]]
    also = alternatives(recipe, same, photos)
    count = reading.values.size
    notes = [_WIDE] if reading.dtype == "float64" else []
    notes += [_SCALE] if recipe.quant_scale is not None else []
    return Identification(
        outcome=Outcome.FOUND,
        dtype=reading.dtype,
        layout=reading.layout,
        size=reading.values.shape[1:3],
        images=len(photos),
        best=Match(recipe, Residual(0, count, 0.0, 0.0)),
        next=_next(attempt, recipe, photos, reading),
        alternatives=also,
        notes=tuple(notes),
        tried=attempt.found.tried,
    )


def _rounded(attempt: _Attempt, photos: Sequence[Photo]) -> Identification:
    """Of float64 that no float32 holds, and that a recipe gives once it is rounded."""
    recipe, reading = attempt.exact[0]
    left = residual(recipe, photos, reading)
    return Identification(
        outcome=Outcome.NEAREST,
        dtype=reading.dtype,
        layout=reading.layout,
        size=reading.values.shape[1:3],
        images=len(photos),
        best=None if left is None else Match(recipe, left),
        next=_next(attempt, recipe, photos, reading),
        alternatives=(),
        notes=(WIDER, "rounded to float32, every value is that of the nearest recipe"),
        tried=attempt.found.tried,
    )


def _next(
    attempt: _Attempt, recipe: Recipe, photos: Sequence[Photo], reading: Reading
) -> Match | None:
    """The nearest pipeline that gives other pixels, with the values of the recipe."""
    for candidate in attempt.found.candidates:
        if candidate.agreement.is_function:
            continue
        values = {
            name: getattr(recipe, name)
            for name in (
                "mean", "std", "divisor", "arithmetic", "second_std", "dtype", "layout",
                "quant_scale", "quant_zero_point", "channels",
            )
        }  # fmt: skip
        try:
            other = Recipe(**{**candidate.pipeline.fields(), **values})
        except UsageError:
            continue
        found = residual(other, photos, reading)
        if found is not None and found.differing:
            return Match(other, found)
    return None


def _inexact(attempt: _Attempt, photos: Sequence[Photo]) -> Identification:
    reading, found = attempt.readings[0], attempt.found
    similar = found.similarity >= _SIMILAR
    explained = attempt.explained[0] if attempt.explained else None
    own = None if explained is None else match_of_pixels(explained, photos, reading)
    matches = [] if own is None else [own]
    levels = None
    for candidate in found.candidates[:_NEAREST] if similar else ():
        if len(matches) == 2:  # noqa: PLR2004
            break
        match = nearest_match(candidate.pipeline, photos, reading)
        if match is not None and all(match[0].residual != known.residual for known in matches):
            levels = match[1] if levels is None else levels
            matches.append(match[0])
    notes = hints(
        reading,
        explained if own is not None else None,
        similarity=found.similarity if similar else 0.0,
        levels=levels,
    )
    return Identification(
        outcome=Outcome.NEAREST if matches else Outcome.UNKNOWN,
        dtype=reading.dtype,
        layout=reading.layout,
        size=reading.values.shape[1:3],
        images=len(photos),
        best=matches[0] if matches else None,
        next=matches[1] if len(matches) > 1 else None,
        alternatives=(),
        notes=notes,
        tried=found.tried,
    )

"""What made a tensor, as JSON and in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

from msgspec import UNSET, Meta, UnsetType

from regcore.counted import counted
from regcore.recipes.numbers import plain
from regcore.recipes.recipe import Recipe
from regcore.recipes.spelling import recipe_text
from regcore.recipes.words import in_words
from regcore.reports.printable import printable
from regcore.schemas import Format, json_form
from regcore.schemas.fields import (
    Amount,
    Count,
    Positive,
    RecipeIdentity,
    described,
)
from regcore.schemas.recipe_form import RecipeForm, recipe_form
from regcore.trust.identify.findings import Identification, Match, Outcome


@dataclass(frozen=True)
class MatchForm:
    """A recipe, and how far what it gives is from the tensor."""

    identity: Annotated[RecipeIdentity, described("Of the recipe: other values, other digits.")]
    text: Annotated[str, described("The recipe as text for --recipe.")]
    recipe: RecipeForm
    differing: Annotated[Count, described("Values that differ; 0: every bit is the same.")]
    values: Annotated[Positive, described("Values of the tensor.")]
    largest: Annotated[Amount, described("Of the absolute differences, in the tensor's units.")]
    mean: Annotated[Amount, described("The same, over all values.")]


@dataclass(frozen=True)
class AlternativeForm:
    """What else gives the same bytes of these photos."""

    fields: Annotated[
        dict[str, float | str | list[float] | None],
        described("Fields of a recipe with other values than those of `best`."),
    ]
    told_by: Annotated[str, described("What photo would tell the two apart.")]


@dataclass(frozen=True)
class IdentifyForm:
    """Which recipe made a tensor of these photos."""

    format: Format
    outcome: Annotated[
        Outcome,
        described(
            "found: `best` gives every bit of the tensor; nearest: no recipe does, `best` is the "
            "nearest; unknown: none is near."
        ),
    ]
    tensor: Annotated[str, described("The file, or the folder of files.")]
    images: Annotated[Positive, described("Photos that were compared.")]
    dtype: Annotated[str, described("Of the tensor, as it says itself or as its bytes show it.")]
    layout: Annotated[str, described("nchw or nhwc.")]
    size: Annotated[
        list[Positive], Meta(min_length=2, max_length=2), described("Rows and columns.")
    ]
    tried: Annotated[Count, described("Pipelines that were compared.")]
    best: Annotated[MatchForm | None, described("null where nothing is near.")]
    next: Annotated[
        MatchForm | None, described("The nearest other pipeline; null where none was compared.")
    ]
    alternatives: Annotated[
        list[AlternativeForm], described("What these photos do not tell, where `best` is found.")
    ]
    compared_with: Annotated[
        str | None, described("The recipe that `differences` are from: expected, or well known.")
    ]
    differences: Annotated[list[str], described("In what `best` differs from that, in words.")]
    notes: Annotated[list[str], described("Why no recipe gives it, as far as it shows.")]
    expected: Annotated[
        bool | UnsetType, described("Whether `best` is as expected; only with --expect.")
    ] = UNSET
    adopted: Annotated[
        Count | UnsetType, described("Files of the store that --adopt made of the folder.")
    ] = UNSET


@dataclass(frozen=True)
class Compared:
    """In what a recipe differs from one that is expected, or well known.

    name: of the other one. is_expected: whether somebody expects it.
    """

    name: str
    differences: tuple[str, ...]
    is_expected: bool


def identify_form(
    found: Identification, tensor: Path, compared: Compared | None, adopted: int | None
) -> IdentifyForm:
    """The identification as it is printed and written."""
    is_expected = compared is not None and compared.is_expected
    return IdentifyForm(
        format=json_form("identify"),
        outcome=found.outcome,
        tensor=str(tensor),
        images=found.images,
        dtype=found.dtype,
        layout=found.layout,
        size=list(found.size),
        tried=found.tried,
        best=_match(found.best),
        next=_match(found.next),
        alternatives=[
            AlternativeForm(
                {name: cast("Any", plain(value)) for name, value in one.fields.items()}, one.told_by
            )
            for one in found.alternatives
        ],
        compared_with=None if compared is None else compared.name,
        differences=[] if compared is None else list(compared.differences),
        notes=list(found.notes),
        expected=as_expected(found, compared) if is_expected else UNSET,
        adopted=UNSET if adopted is None else adopted,
    )


def as_expected(found: Identification, compared: Compared | None) -> bool:
    """Whether the recipe is found, and in nothing another one than is expected."""
    if compared is None or not compared.is_expected:
        return False
    return found.outcome is Outcome.FOUND and not compared.differences


def _match(match: Match | None) -> MatchForm | None:
    if match is None:
        return None
    return MatchForm(
        identity=match.recipe.identity,
        text=recipe_text(match.recipe),
        recipe=recipe_form(match.recipe.to_dict()),
        differing=match.residual.differing,
        values=match.residual.values,
        largest=match.residual.largest,
        mean=match.residual.mean,
    )


def to_rows(form: IdentifyForm) -> Iterator[tuple[str, str]]:
    """The identification for people: what, and a text of one or more lines."""
    rows, columns = form.size
    images = counted(form.images, "image")
    yield "tensor", printable(f"{form.dtype} {form.layout.upper()}, {images} of {rows} x {columns}")
    if form.best is not None:
        yield "recipe" if form.outcome is Outcome.FOUND else "nearest", _recipe_words(form.best)
        yield "as text", printable(form.best.text)
        yield "residual", _residual_words(form.best)
    if form.next is not None:
        yield "next", f"{_recipe_words(form.next)}: {_residual_words(form.next)}"
    if form.compared_with is not None:
        name = "known" if form.expected is UNSET else "expected"
        but = ", but:" if form.differences else ""
        yield name, _lines([f"as {form.compared_with}{but}", *form.differences])
    if form.alternatives:
        yield "not told", _lines(_untold_words(form.alternatives))
    if form.notes:
        yield "note", _lines(form.notes)
    if form.adopted is not UNSET:
        yield "adopted", f"{counted(form.adopted, 'file')}, each equal to what the recipe gives"
    yield "compared", counted(form.tried, "pipeline")


def headline(form: IdentifyForm) -> str:
    """The answer in a line."""
    tensor = printable(form.tensor)
    if form.outcome is Outcome.FOUND and form.best is not None:
        return f"FOUND: {printable(form.best.identity)} gives every bit of {tensor}"
    if form.outcome is Outcome.NEAREST:
        return f"NOT FOUND: no recipe gives {tensor}; the nearest is named"
    return f"NOT FOUND: nothing that was tried is near {tensor}"


def _recipe_words(match: MatchForm) -> str:
    return printable(in_words(Recipe.from_dict(match.recipe)))


def _residual_words(match: MatchForm) -> str:
    """How far a recipe is from the tensor."""
    if not match.differing:
        return f"none: all {match.values} values are equal, bit by bit"
    return (
        f"{100 * match.differing / match.values:.3g} % of the values differ, by "
        f"{match.largest:.3g} at most and {match.mean:.3g} on average"
    )


def _untold_words(alternatives: Sequence[AlternativeForm]) -> Iterator[str]:
    """What these photos do not tell, and which would, a line for each such photo."""
    by_photo: dict[str, list[str]] = {}
    for one in alternatives:
        fields = (f"{name} {_value(value)}" for name, value in one.fields.items())
        by_photo.setdefault(one.told_by, []).append(" with ".join(fields))
    for photo, changes in by_photo.items():
        verb = "give" if len(changes) > 1 else "gives"
        yield f"{', '.join(changes)} {verb} the same; {photo} would tell"


def _value(value: float | str | list[float] | None) -> str:
    if isinstance(value, list):
        return ("x" if isinstance(value[0], int) else " ").join(f"{one:g}" for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(printable(text) for text in texts)

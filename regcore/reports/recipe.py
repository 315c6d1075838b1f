"""A recipe, a list of them, and the difference of two, as JSON and in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from regcore.counted import agreeing
from regcore.recipes.numbers import plain
from regcore.recipes.spelling import NamedRecipe, recipe_text
from regcore.recipes.words import RecipeDifference, form_words, geometry_words, values_words
from regcore.schemas import Format, json_form
from regcore.schemas.fields import (
    Amount,
    Count,
    Formatted,
    Positive,
    RecipeIdentity,
    as_dict,
    described,
)
from regcore.schemas.recipe_form import RecipeForm, recipe_form


@dataclass(frozen=True)
class Spelling:
    """A value of --recipe."""

    example: Annotated[str, described("A spelling; words in capitals stand for others.")]
    contents: Annotated[str, described("What it is.")]


@dataclass(frozen=True)
class RecipeListForm:
    """What --recipe takes."""

    format: Format
    spellings: Annotated[list[Spelling], described("Presets, and then an example of each source.")]


@dataclass(frozen=True)
class NamedIdentity:
    """A recipe that is compared."""

    name: Annotated[str, described("What it is called: its spelling, or the model that has it.")]
    identity: Annotated[
        RecipeIdentity,
        described(
            "Twelve hex digits that change with anything that changes a value of the output."
        ),
    ]


@dataclass(frozen=True)
class RecipeShowForm(NamedIdentity, Formatted):
    """What becomes of every image, by one recipe. --recipe takes it as a file."""

    shape: Annotated[
        list[Positive],
        Meta(min_length=3, max_length=3),
        described("Of one preprocessed image."),
    ]
    text: Annotated[str, described("The same recipe as text for --recipe.")]
    recipe: RecipeForm


@dataclass(frozen=True)
class RecipeDiffForm:
    """In what the second of two recipes differs from the first."""

    format: Format
    recipes: Annotated[list[NamedIdentity], Meta(min_length=2, max_length=2), described("The two.")]
    fields: Annotated[
        dict[str, Annotated[list[Any], Meta(min_length=2, max_length=2)]],
        described("By the name of a field that differs, its value in the first and in the second."),
    ]
    differing_values: Annotated[
        Count | None,
        described(
            "How many of the 256 values of a pixel, over all channels, become something else; "
            "null where the values are not of the same kind."
        ),
    ]
    largest: Annotated[Amount | None, described("By how much at most.")]


def list_dict(listed: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What --recipe takes, for machines."""
    spellings = [Spelling(example, contents) for example, contents in listed]
    return as_dict(RecipeListForm(json_form("recipe-list"), spellings))


def show_dict(named: NamedRecipe) -> dict[str, Any]:
    """The recipe for machines; as a file it can be given to --recipe."""
    recipe = named.recipe
    form = RecipeShowForm(
        format=json_form("recipe"),
        name=named.name,
        identity=recipe.identity,
        shape=list(recipe.image_shape),
        text=recipe_text(recipe),
        recipe=recipe_form(recipe.to_dict()),
    )
    return as_dict(form)


def show_lines(named: NamedRecipe) -> Iterator[str]:
    """The recipe for people."""
    recipe = named.recipe
    yield f"{named.name} ({recipe.identity})"
    for words in geometry_words(recipe):
        yield f"  {words}"
    yield f"  {values_words(recipe)}"
    yield f"  {form_words(recipe)}: {' x '.join(map(str, recipe.image_shape))}"


def diff_dict(pair: tuple[NamedRecipe, NamedRecipe], found: RecipeDifference) -> dict[str, Any]:
    """The difference for machines."""
    form = RecipeDiffForm(
        format=json_form("recipe-diff"),
        recipes=[NamedIdentity(one.name, one.recipe.identity) for one in pair],
        fields={name: [plain(a), plain(b)] for name, (a, b) in found.fields.items()},
        differing_values=found.differing_values,
        largest=found.largest,
    )
    return as_dict(form)


def diff_lines(found: RecipeDifference) -> Iterator[str]:
    """The difference for people."""
    if not found.fields:
        yield "the same recipe"
        return
    for name, (first, second) in found.fields.items():
        yield f"{name}: {_words(first)} -> {_words(second)}"
    if found.differing_values is None:
        yield "the values are of another kind, so that they are not compared"
    elif found.differing_values:
        yield (
            f"{found.differing_values} of the values of a pixel over all channels "
            f"{agreeing(found.differing_values, 'differs', 'differ')}, by "
            f"{found.largest:.3g} at most"
        )
    else:
        yield "the values of a pixel are the same"


def _words(value: object) -> str:
    if value is None:
        return "none"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)

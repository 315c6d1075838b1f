"""A recipe, a list of them, and the difference of two, as JSON and in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from regcore.recipes.spelling import NamedRecipe, recipe_text
from regcore.recipes.words import RecipeDifference, form_words, geometry_words, values_words
from regcore.schemas import json_form


def list_dict(listed: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What --recipe takes, for machines."""
    return {
        "format": json_form("recipe-list"),
        "spellings": [{"example": example, "contents": contents} for example, contents in listed],
    }


def show_dict(named: NamedRecipe) -> dict[str, Any]:
    """The recipe for machines; as a file it can be given to --recipe."""
    recipe = named.recipe
    return {
        "format": json_form("recipe"),
        "name": named.name,
        "identity": recipe.identity,
        "shape": list(recipe.image_shape),
        "text": recipe_text(recipe),
        "recipe": recipe.to_dict(),
    }


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
    return {
        "format": json_form("recipe-diff"),
        "recipes": [{"name": one.name, "identity": one.recipe.identity} for one in pair],
        "fields": {name: [_plain(a), _plain(b)] for name, (a, b) in found.fields.items()},
        "differing_values": found.differing_values,
        "largest": found.largest,
    }


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
            f"{found.differing_values} of the values of a pixel over all channels differ, by "
            f"{found.largest:.3g} at most"
        )
    else:
        yield "the same pixels give the same values"


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _words(value: object) -> str:
    if value is None:
        return "none"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)

"""What an identification found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from regcore.recipes.recipe import Recipe


class Outcome(Enum):
    """found: a recipe gives these bytes; what the photos do not tell, its alternatives say.

    nearest: no recipe gives them, but one is near. unknown: none is.
    """

    FOUND = "found"
    NEAREST = "nearest"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Residual:
    """How far what a recipe gives is from a tensor.

    differing: values that differ, of all `values`. largest, mean: of the absolute differences, in
    units of the tensor's values.
    """

    differing: int
    values: int
    largest: float
    mean: float

    @property
    def share(self) -> float:
        """Of the values that differ."""
        return self.differing / self.values


@dataclass(frozen=True)
class Match:
    """A recipe, and how far it is from the tensor."""

    recipe: Recipe
    residual: Residual


@dataclass(frozen=True)
class Alternative:
    """What else gives the same bytes of these photos.

    fields: of a recipe, with other values than the one that is named. told_by: what photo would
    tell the two apart.
    """

    fields: dict[str, object]
    told_by: str


@dataclass(frozen=True)
class Identification:
    """What made a tensor.

    dtype, layout, size: how its bytes are read; rows and columns. best: the recipe that gives it,
    or the nearest one. next: the nearest other pipeline. notes: what is known where no recipe gives
    it, and what is told beside it. tried: how many pipelines were compared.
    """

    outcome: Outcome
    dtype: str
    layout: str
    size: tuple[int, int]
    images: int
    best: Match | None
    next: Match | None
    alternatives: tuple[Alternative, ...]
    notes: tuple[str, ...]
    tried: int

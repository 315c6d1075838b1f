"""Why a stage differs: what else has exactly its values, tried out in the same run."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regcore.errors import FlavourWarning
from regcore.images.preprocessor import Preprocessor
from regcore.recipes.recipe import Recipe
from regcore.trust.doctor import candidates
from regcore.trust.doctor.differences import Differences, Values, same
from regcore.trust.doctor.findings import Cause, Stage

#: A few units in the last place of float32 values between -3 and 3.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class StageInput:
    """Of every picture its name, what a stage is given, and what the reference makes of that."""

    names: Sequence[str]
    items: Sequence[Any]
    right: Sequence[Values]

    def differing(self, results: Mapping[int, Values]) -> list[str]:
        """Pictures whose results are others."""
        return [self.names[at] for at, each in results.items() if not same(each, self.right[at])]


@dataclass(frozen=True)
class Explained:
    """What explains the differences of a stage.

    recipe: fields of a recipe of regcore that has every value of the stage, where there is one.
    """

    causes: list[Cause] = field(default_factory=list)
    recipe: str | None = None


def explain(
    stage: Stage, results: Mapping[int, Values], given: StageInput, recipe: Recipe
) -> Explained:
    """Looks for it. results: by the place of the picture in what was given."""
    if stage == "decode":
        return _explain_decode(results, given)
    with warnings.catch_warnings():
        # Whether an installed version has a flavour's pixels is what is found out here.
        warnings.simplefilter("ignore", FlavourWarning)
        if stage == "resize":
            return _explain_resize(results, given, recipe)
        return _explain_tensor(results, given, recipe)


def _explain_decode(results: Mapping[int, Values], given: StageInput) -> Explained:
    """Picture by picture, as each may have a reason of its own."""
    explained: dict[str, list[str]] = {}
    for index, result in results.items():
        if same(result, given.right[index]):
            continue
        for words, decode in candidates.decodes():
            try:
                pixels = decode(given.items[index])
            except ValueError:
                continue
            if same(result, pixels):
                explained.setdefault(words, []).append(given.names[index])
                break
    return Explained([Cause(words, pictures) for words, pictures in explained.items()])


def _explain_resize(results: Mapping[int, Values], given: StageInput, recipe: Recipe) -> Explained:
    """One recipe for all pictures, or the nearest one."""
    differing = given.differing(results)
    nearest: tuple[tuple[int, float], str, Differences] | None = None
    for made in candidates.resizes(recipe):
        found = _beside(made, results, given)
        words = candidates.spelled(made, recipe)
        if not found.differs:
            return Explained([Cause(f"equals regcore's {words}", differing)], words)
        if nearest is None or (len(found.other_sides), found.mean) < nearest[0]:
            nearest = (len(found.other_sides), found.mean), words, found
    if nearest is None:
        return Explained()
    _, words, found = nearest
    apart = f"{found.percent:.2g} %, by up to {found.largest:g}"
    equal = [name for name in differing if name not in found.differs]
    return Explained([Cause(f"is nearest to regcore's {words}: {apart}", equal)])


def _explain_tensor(results: Mapping[int, Values], given: StageInput, recipe: Recipe) -> Explained:
    for words, made in candidates.tensors(recipe):
        if not _beside(made, results, given).differs:
            cause = Cause(words, given.differing(results))
            return Explained([cause], candidates.spelled(made, recipe))
    found = Differences()
    for index, result in results.items():
        found.add(given.names[index], result, given.right[index])
    if found.largest <= _ROUNDING and not found.other_sides:
        return Explained([Cause("rounds in another order", [])])
    return Explained()


def _beside(made: Recipe, results: Mapping[int, Values], given: StageInput) -> Differences:
    """How far the results are from those of a recipe."""
    values = Preprocessor(made, workers=1)([given.items[index] for index in results])
    found = Differences()
    for (index, result), ours in zip(results.items(), values, strict=True):
        found.add(given.names[index], result, ours)
    return found

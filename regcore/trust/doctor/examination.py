"""One library beside the reference: each stage by itself, on what the reference made before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from regcore.recipes.recipe import Recipe
from regcore.trust.doctor import reference
from regcore.trust.doctor.builtin_pictures import Picture
from regcore.trust.doctor.differences import Differences, Values
from regcore.trust.doctor.explanations import Explained, StageInput, explain
from regcore.trust.doctor.failure_text import failure_text
from regcore.trust.doctor.findings import Refused, Stage, StageFound, WayFound
from regcore.trust.doctor.peers.protocol import Way


def examine(ways: Sequence[Way], recipe: Recipe, pictures: Sequence[Picture]) -> list[WayFound]:
    """What becomes of the pictures on each way; what a library raises is kept with the picture."""
    decoded = [reference.decode(picture.encoded) for picture in pictures]
    cropped = [reference.resize(pixels, recipe) for pixels in decoded]
    tensors = [reference.tensor(pixels, recipe) for pixels in cropped]
    names = [picture.name for picture in pictures]
    inputs: dict[Stage, StageInput] = {
        "decode": StageInput(names, [picture.encoded for picture in pictures], decoded),
        "resize": StageInput(names, decoded, cropped),
        "tensor": StageInput(names, cropped, tensors),
    }
    return [WayFound(way.name, list(_examine_way(way, inputs, recipe))) for way in ways]


def _examine_way(
    way: Way, inputs: Mapping[Stage, StageInput], recipe: Recipe
) -> Iterator[StageFound]:
    steps: dict[Stage, Callable[[Any], Values] | None] = {
        "decode": way.decode,
        "resize": way.resize,
        "tensor": way.tensor,
    }
    for stage, step in steps.items():
        if step is not None:
            known = way.known.get(stage, "")
            yield _examine_stage(stage, step, inputs[stage], known, recipe)


def _examine_stage(
    stage: Stage, step: Callable[[Any], Values], given: StageInput, known: str, recipe: Recipe
) -> StageFound:
    differences = Differences()
    refused: list[Refused] = []
    results: dict[int, Values] = {}
    for index, name in enumerate(given.names):
        try:
            result = step(given.items[index])
        except Exception as error:  # noqa: BLE001  (it is code of others)
            refused.append(Refused(name, failure_text(error)))
            continue
        results[index] = result
        differences.add(name, result, given.right[index])
    explained = Explained()
    if differences.differs:
        explained = explain(stage, results, given, recipe)
    return StageFound(
        stage=stage,
        compared=differences.compared,
        equal=differences.equal,
        values=differences.values,
        differing=differences.percent,
        largest=differences.largest,
        mean=differences.mean,
        differs=differences.differs,
        other_sides=differences.other_sides,
        refused=refused,
        causes=explained.causes,
        known=known if differences.differs and explained.recipe is None else "",
        recipe=explained.recipe,
    )

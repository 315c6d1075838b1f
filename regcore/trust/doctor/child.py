"""What runs in a process of its own: a library that crashes takes only that along.

The task comes as JSON on stdin; the answer goes to the real stdout, which libraries do not see.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import msgspec

from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.failure_text import failure_text
from regcore.trust.doctor.findings import ExaminedPeer


@dataclass(frozen=True)
class Task:
    """What a child is to do.

    module: with a PEER or a RUNTIME. recipe: of the pictures; None for a runtime. asked: devices
    that a runtime is to try besides.
    """

    module: str
    recipe: dict[str, Any] | None = None
    asked: list[str] | None = None


def run(task: Task) -> Any:  # noqa: ANN401
    """The answer. Raises what the library raises at its import."""
    module = import_module(task.module)
    if task.recipe is None:
        return module.RUNTIME.devices(tuple(task.asked or ()))
    from regcore.trust.doctor.builtin_pictures import builtin_pictures
    from regcore.trust.doctor.examination import examine

    recipe = Recipe.from_dict(task.recipe)
    ways = module.PEER.ways(recipe)
    return ExaminedPeer(examine(ways, recipe, builtin_pictures()), list(module.PEER.notes()))


def main() -> None:
    """Reads a task, and writes its answer, or in one line what was raised."""
    answer_to = os.dup(1)
    os.dup2(2, 1)
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    try:
        answer: dict[str, Any] = {"found": run(task)}
    except Exception as error:  # noqa: BLE001  (it is code of others)
        answer = {"failure": f"{type(error).__name__}: {failure_text(error)}"}
    with open(answer_to, "wb") as file:  # noqa: PTH123
        file.write(msgspec.json.encode(answer))
        file.flush()
    # Some libraries crash as they are unloaded; the answer is complete.
    os._exit(0)

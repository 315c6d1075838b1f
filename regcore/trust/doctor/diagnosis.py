"""Everything that is installed here, examined: each library and runtime in its own process."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from regcore.errors import UsageError
from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.builtin_pictures import builtin_pictures
from regcore.trust.doctor.child import Task
from regcore.trust.doctor.children import run_all
from regcore.trust.doctor.findings import (
    DeviceFound,
    ExaminedPeer,
    MachineFound,
    PeerFound,
    RuntimeFound,
)
from regcore.trust.doctor.machine.report import look_at_machine
from regcore.trust.doctor.peers import PEERS
from regcore.trust.doctor.requirements import MACHINE
from regcore.trust.doctor.runtimes import RUNTIMES

#: What takes seconds to import is begun first.
_SLOW = ("huggingface", "tensorflow", "torchvision")
#: Names for --only and --skip.
PARTS = (*PEERS, *RUNTIMES, MACHINE)


@dataclass(frozen=True)
class Diagnosis:
    """What was found. machine: None where it was left out."""

    pictures: int
    recipe: Recipe
    peers: tuple[PeerFound, ...]
    runtimes: tuple[RuntimeFound, ...]
    machine: MachineFound | None

    @property
    def own_failure(self) -> str:
        """Why regcore itself has not Pillow's pixels; empty where it has, or was left out."""
        for peer in self.peers:
            if peer.name == "regcore":
                if peer.failure:
                    return peer.failure
                found = [
                    f"{way.name} {stage.stage}"
                    for way in peer.ways
                    for stage in way.stages
                    if stage.differs or stage.refused or not stage.compared
                ]
                return f"differs from Pillow: {', '.join(found)}" if found else ""
        return ""


def choose_parts(only: Sequence[str], skip: Sequence[str]) -> tuple[str, ...]:
    """The parts to examine. Raises UsageError for a name that is none."""
    for name in (*only, *skip):
        if name not in PARTS:
            raise UsageError(f"there is no {name!r} to examine; there are {', '.join(PARTS)}")
    return tuple(name for name in PARTS if (not only or name in only) and name not in skip)


def diagnose(
    parts: Collection[str],
    recipe: Recipe,
    folder: Path,
    *,
    devices: Sequence[str] = (),
    modules: dict[str, str] | None = None,
) -> Diagnosis:
    """Examines the parts of these names.

    folder: whose disk is measured. devices: for runtimes to try besides. modules: of further
    libraries, each with a PEER, by their names.
    """
    libraries = {name: module for name, module in PEERS.items() if name in parts} | (modules or {})
    runtimes = {name: module for name, module in RUNTIMES.items() if name in parts}
    known: dict[str, Any] = {name: import_module(module).PEER for name, module in libraries.items()}
    engines: dict[str, Any] = {
        name: import_module(module).RUNTIME for name, module in runtimes.items()
    }
    versions = {name: each.version() for name, each in (known | engines).items()}
    fields = recipe.to_dict()
    tasks: dict[str, tuple[Task, Any]] = {
        name: (Task(module, fields), ExaminedPeer)
        for name, module in libraries.items()
        if versions[name] is not None
    }
    tasks |= {
        name: (Task(module, asked=list(devices)), list[DeviceFound])
        for name, module in runtimes.items()
        if versions[name] is not None
    }
    # The disk first: libraries that are being imported would be measured with it.
    machine = look_at_machine(folder) if MACHINE in parts else None
    slow_first = sorted(tasks.items(), key=lambda task: task[0] not in _SLOW)
    answers = run_all(dict(slow_first))
    return Diagnosis(
        len(builtin_pictures()),
        recipe,
        tuple(_peers(libraries, versions, answers)),
        tuple(_runtimes(runtimes, versions, answers)),
        machine,
    )


def _peers(
    names: Collection[str], versions: dict[str, str | None], answers: dict[str, Any]
) -> Iterator[PeerFound]:
    for name in names:
        answer = answers.get(name)
        if isinstance(answer, ExaminedPeer):
            yield PeerFound(name, versions[name], answer.notes, answer.ways, "")
        else:
            yield PeerFound(name, versions[name], [], [], answer or "")


def _runtimes(
    names: Collection[str], versions: dict[str, str | None], answers: dict[str, Any]
) -> Iterator[RuntimeFound]:
    for name in names:
        answer = answers.get(name)
        if isinstance(answer, list):
            yield RuntimeFound(name, versions[name], answer, "")
        else:
            yield RuntimeFound(name, versions[name], [], answer or "")

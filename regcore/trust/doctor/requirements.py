"""What a CI job demands of the machine: `--require parity,opencv:flavour,cuda`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from regcore.counted import counted
from regcore.errors import BackendError, MismatchError, UsageError
from regcore.schemas.fields import described
from regcore.trust.doctor.findings import MachineFound, PeerFound, RuntimeFound, WayFound
from regcore.trust.doctor.peers import PEERS
from regcore.trust.doctor.runtimes import RUNTIMES

PARITY, MACHINE = "parity", "machine"
#: Devices that any runtime may have.
DEVICES = ("cuda", "cann", "gpu", "npu")
_DEMANDS = ("equal", "flavour")
_MET, _ENVIRONMENT, _MISMATCH = 0, BackendError.exit_code, MismatchError.exit_code


@dataclass(frozen=True)
class Requirement:
    """Something demanded, in the user's words; part: what it is about, as --only names it."""

    text: str
    part: str
    demand: str

    @property
    def device(self) -> str | None:
        """The one that runtimes are to try."""
        if self.part in RUNTIMES:
            return self.demand or None
        return self.part if self.part in DEVICES else None


@dataclass(frozen=True)
class Required:
    """A requirement, and whether it is met."""

    requirement: Annotated[str, described("As it was given.")]
    met: Annotated[bool, described("Never where nothing was compared or tried.")]
    detail: Annotated[str, described("Why not; empty where it is met.")]
    exit_code: Annotated[int, described("0, 4 (missing or failed) or 5 (values differ).")]


def parse_requirements(text: str | None) -> tuple[Requirement, ...]:
    """Those in a list with commas. Raises UsageError for what is no requirement."""
    return tuple(_parse(each.strip()) for each in (text or "").split(",") if each.strip())


def _parse(text: str) -> Requirement:
    part, colon, demand = text.partition(":")
    peer = peer_of(part)
    if part == PARITY and not colon:
        return Requirement(text, "regcore", "equal")
    if peer is not None and (not colon or demand in _DEMANDS):
        return Requirement(text, part, demand)
    if (part in RUNTIMES and bool(demand) == bool(colon)) or (
        part in (MACHINE, *DEVICES) and not colon
    ):
        return Requirement(text, part, demand)
    raise UsageError(
        f"--require {text!r}: expected {PARITY}, {MACHINE}, one of {', '.join(DEVICES)}, a runtime "
        f"({', '.join(RUNTIMES)}) or one of its devices (onnxruntime:cuda), or a library "
        f"({', '.join(PEERS)}), alone or with :{' or :'.join(_DEMANDS)}"
    )


def peer_of(name: str) -> str | None:
    """The library that a name is of: its own, or that of a way, as in torchvision-pil."""
    ways = {"hf": "huggingface"}
    first = name.partition("-")[0]
    first = ways.get(first, first)
    return first if first in PEERS else None


def judge(
    requirement: Requirement,
    peers: Sequence[PeerFound],
    runtimes: Sequence[RuntimeFound],
    machine: MachineFound | None,
) -> Required:
    """Whether it is met by what was found."""
    if requirement.part == MACHINE:
        problems = ["was not looked at"] if machine is None else machine.problems
        return _judged(requirement, "; ".join(problems), _ENVIRONMENT)
    peer = peer_of(requirement.part)
    if peer is not None:
        found = next((each for each in peers if each.name == peer), None)
        return _judge_peer(requirement, found)
    return _judge_device(requirement, runtimes)


def _judge_peer(requirement: Requirement, found: PeerFound | None) -> Required:
    if found is None or found.version is None:
        return _judged(requirement, "is not installed", _ENVIRONMENT)
    if found.failure:
        return _judged(requirement, found.failure, _ENVIRONMENT)
    ways = [each for each in found.ways if requirement.part in (found.name, each.name)]
    stages = [(way, stage) for way in ways for stage in way.stages]
    if not stages:
        return _judged(requirement, "nothing of that name was compared", _ENVIRONMENT)
    for way, stage in stages:
        if not stage.compared:
            detail = stage.refused[0].detail if stage.refused else "there are no pictures"
            return _judged(requirement, f"{way.name} {stage.stage}: {detail}", _ENVIRONMENT)
    demands: dict[str, Callable[[WayFound], str]] = {"equal": _unequal, "flavour": _unknown}
    if requirement.demand in demands:
        details = filter(None, map(demands[requirement.demand], ways))
        return _judged(requirement, "; ".join(details), _MISMATCH)
    return _judged(requirement, "", _MET)


def _unequal(way: WayFound) -> str:
    """In which stages a way differs from the reference, or takes fewer pictures."""
    found = [each for each in way.stages if each.differs or each.refused]
    stages = ", ".join(
        f"{each.stage} ({counted(len(each.differs), 'picture differs', 'pictures differ')}"
        + (f", {counted(len(each.refused), 'is', 'are')} refused)" if each.refused else ")")
        for each in found
    )
    return f"{way.name}: {stages}" if found else ""


def _unknown(way: WayFound) -> str:
    """In which stages after the decode a way differs from the reference and from every recipe."""
    found = [
        each.stage
        for each in way.stages
        if each.stage != "decode" and each.differs and each.recipe is None
    ]
    return f"{way.name}: no recipe of regcore has its {' and '.join(found)}" if found else ""


def _judge_device(requirement: Requirement, runtimes: Sequence[RuntimeFound]) -> Required:
    name = requirement.part if requirement.part in RUNTIMES else None
    asked = [each for each in runtimes if name in (None, each.name) and each.version is not None]
    if not asked:
        return _judged(requirement, "no runtime for it is installed", _ENVIRONMENT)
    wanted = requirement.device
    details = []
    for runtime in asked:
        if runtime.failure:
            details.append(f"{runtime.name}: {runtime.failure}")
        for device in runtime.devices:
            if (
                wanted is None
                or device.name.partition(".")[0].partition(":")[0] == wanted.partition(":")[0]
            ):
                if device.works:
                    return _judged(requirement, "", _MET)
                details.append(f"{runtime.name} {device.name}: {device.detail}")
    return _judged(requirement, "; ".join(details) or "no such device is found", _ENVIRONMENT)


def _judged(requirement: Requirement, detail: str, exit_code: int) -> Required:
    return Required(requirement.text, not detail, detail, exit_code if detail else _MET)

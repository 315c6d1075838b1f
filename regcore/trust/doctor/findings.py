"""What was found of a library, a runtime and the machine; each travels from a child as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from regcore.schemas.fields import Amount, Count, Percent, described

#: In the order in which a picture goes through them.
Stage = Literal["decode", "resize", "tensor"]
STAGES: tuple[Stage, ...] = ("decode", "resize", "tensor")


@dataclass(frozen=True)
class Refused:
    """A picture that a library does not take."""

    picture: Annotated[str, described("Its name.")]
    detail: Annotated[str, described("What the library says.")]


@dataclass(frozen=True)
class Cause:
    """Why values differ; each was tried out in this run."""

    text: Annotated[str, described("In words.")]
    pictures: Annotated[
        list[str], described("Pictures that differ and that this explains to the last bit.")
    ]


@dataclass(frozen=True)
class StageFound:
    """One stage of a pipeline on all pictures, its input being what the reference made."""

    stage: Annotated[Stage, described("`resize` has the crop of the centre, too.")]
    compared: Annotated[Count, described("Pictures that have a result.")]
    equal: Annotated[Count, described("Of them, those without any difference.")]
    values: Annotated[Count, described("Of pictures whose sides are those of the reference.")]
    differing: Annotated[Percent, described("Of these values, those that differ, in percent.")]
    largest: Annotated[Amount, described("The largest difference of a value.")]
    mean: Annotated[Amount, described("The mean difference of all values.")]
    differs: Annotated[list[str], described("Pictures with another result.")]
    other_sides: Annotated[list[str], described("Of these, those whose sides are others.")]
    refused: Annotated[list[Refused], described("Pictures that have no result.")]
    causes: Annotated[list[Cause], described("Why, as far as this run has found it out.")]
    known: Annotated[str, described("What is known of this library, and not tried out; or empty.")]
    recipe: Annotated[
        str | None,
        described("Fields of a recipe by which regcore has all of this stage's values; or null."),
    ]


@dataclass(frozen=True)
class WayFound:
    """A way through a library from a file to a tensor."""

    name: Annotated[str, described("The library and the way, as in `torchvision-tensor`.")]
    stages: Annotated[list[StageFound], described("Those that the library has.")]


@dataclass(frozen=True)
class PeerFound:
    """A library whose pixels were compared, or why not."""

    name: Annotated[str, described("As --only and --require name it.")]
    version: Annotated[str | None, described("Null where it is not installed.")]
    notes: Annotated[list[str], described("What it was built with, and what is odd about it.")]
    ways: Annotated[list[WayFound], described("Empty where it is not installed or failed.")]
    failure: Annotated[str, described("Why it could not be examined; empty where it was.")]


@dataclass(frozen=True)
class DeviceFound:
    """Where a runtime can run a model."""

    name: Annotated[str, described("As in `cpu`, `cuda` or `gpu`.")]
    works: Annotated[bool, described("Whether it did, in this run.")]
    detail: Annotated[str, described("What ran, or what is wrong and what helps.")]


@dataclass(frozen=True)
class RuntimeFound:
    """What runs models, and where."""

    name: Annotated[str, described("As --only and --require name it.")]
    version: Annotated[str | None, described("Null where it is not installed.")]
    devices: Annotated[list[DeviceFound], described("That were tried.")]
    failure: Annotated[str, described("Why it could not be tried; empty where it was.")]


@dataclass(frozen=True)
class MachineFound:
    """The machine, and what of it slows things down or misleads."""

    lines: Annotated[list[str], described("What it is.")]
    problems: Annotated[list[str], described("What is wrong, and what to do about it.")]


@dataclass(frozen=True)
class ExaminedPeer:
    """What a child tells of a library."""

    ways: list[WayFound]
    notes: list[str] = field(default_factory=list)

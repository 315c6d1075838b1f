"""What a report takes from the files of a run's folder, typed; whatever else they hold is passed.

The figures are bounded, so that nothing which stands in a file makes a plot without end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from regcore.evaluation.run_content import Count, Positive

Rate = Annotated[float, Meta(ge=0, le=1e15)]
Points = Annotated[float, Meta(ge=-1e4, le=1e4)]
Outcome = Literal["PASS", "FAIL", "UNDECIDED"]
_Notes = Annotated[list[str], Meta(max_length=100)]
Pair = Annotated[list[float], Meta(min_length=2, max_length=2)]


@dataclass(frozen=True)
class Ceilings:
    """What each stage does alone, in images/s."""

    storage: Rate
    preprocess: Annotated[dict[str, Rate], Meta(max_length=100)]
    device: Rate
    post: Rate
    uint8: Rate | None = None


@dataclass(frozen=True)
class ProfiledBatch:
    """One batch size of a profile, in images/s."""

    batch_size: Positive
    device_images_per_s: Rate
    images_per_s: Rate


@dataclass(frozen=True)
class ProfileContent:
    """profile.json; schema `profile`."""

    model: str
    recipe: str
    sentence: str
    ceilings: Ceilings
    batches: Annotated[list[ProfiledBatch], Meta(min_length=1, max_length=1000)]


@dataclass(frozen=True)
class ComparedRate:
    """One cell of a comparison."""

    batch: Positive
    images_per_s: Rate


@dataclass(frozen=True)
class ComparedColumn:
    """One device of a comparison."""

    name: str
    cells: Annotated[list[ComparedRate], Meta(max_length=1000)]


@dataclass(frozen=True)
class ComparisonContent:
    """comparison.json; schema `comparison`."""

    metric: str
    columns: Annotated[list[ComparedColumn], Meta(max_length=100)]
    table: Annotated[list[list[str]], Meta(min_length=1, max_length=10_000)]
    incomplete: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    run: str | None = None


@dataclass(frozen=True)
class BaselineVerdict:
    """The part of a verdict against a published accuracy, in percent or points."""

    outcome: Outcome
    accuracy: Points
    baseline: Points
    source: str
    drop: Points
    margin: Points
    detectable: Points
    notes: _Notes = field(default_factory=list)


@dataclass(frozen=True)
class RunVerdict:
    """The part of a verdict against another run, in percent or points."""

    outcome: Outcome
    before: Points
    accuracy: Points
    change: Points
    interval: Pair
    margin: Points
    equivalent: bool
    p: float
    lost: list[str]
    won: list[str]
    other: list[str]
    notes: _Notes = field(default_factory=list)


@dataclass(frozen=True)
class ScoresVerdict:
    """The part of a verdict on all scores."""

    images: Count
    same_answers: Count
    largest_difference: float
    most_different: str
    smallest_cosine: float
    not_finite: Count


@dataclass(frozen=True)
class VerdictContent:
    """verdict.json; schema `verdict`."""

    outcome: Outcome
    max_drop: str
    baseline: BaselineVerdict | None = None
    against: RunVerdict | None = None
    scores: ScoresVerdict | None = None
    run: str | None = None

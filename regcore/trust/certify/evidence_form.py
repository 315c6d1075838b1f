"""What the lines of an evidence file hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from regcore.evaluation.verdict import Outcome
from regcore.performance.perf_file import Environment
from regcore.schemas import Format
from regcore.schemas.fields import Count, Positive, Sha256, described
from regcore.trust.certify.canary import CanaryResult

#: A class; -2 where all scores are NaN, which is never the right one.
Choice = Annotated[int, Meta(ge=-2)]
Probability = Annotated[float, Meta(ge=0, le=1)]


@dataclass(frozen=True)
class Subject:
    """A model, or the run that it made before."""

    model: Annotated[str, described("The model, as it was given, or as its run names it.")]
    identity: Annotated[
        str,
        described(
            "Checksum of the model's file, or what stands for a model that is no file; of a run "
            "`sha256:` and that of its predictions.csv."
        ),
    ]
    backend: Annotated[str, described("The runtime and its version; empty where nobody says it.")]
    provider: Annotated[str, described("What really ran in it.")]
    recipe: Annotated[str, described("Name and identity of the preprocessing.")]
    output: Annotated[str, described("The output with the scores; empty for a run.")]


@dataclass(frozen=True)
class EvidenceForm:
    """The first line of an evidence file: what is asked, and of what. All of it is fixed at once.

    Where only date and environment are others, the test goes on.
    """

    format: Format
    date: Annotated[str, described("Of the beginning, in UTC.")]
    images: Annotated[Positive, described("Of the whole set; the drop is that over all of them.")]
    order: Annotated[
        Sha256,
        described("Of the images' names, in the order of drawing, with a zero byte between them."),
    ]
    seed: Annotated[
        Count,
        described("The order is that of the SHA-256 of the seed, a zero byte, and the name."),
    ]
    margin: Annotated[str, described("The drop that passes, as it was asked for.")]
    margin_points: Annotated[float, Meta(ge=0), described("The same in percentage points.")]
    alpha: Annotated[Probability, described("The error rate that is accepted.")]
    test: Annotated[Positive, described("The version of the sequential test.")]
    port: Annotated[Subject, described("What is judged.")]
    reference: Annotated[Subject, described("What counts as right.")]
    environment: Annotated[Environment, described("The machine at the beginning.")]
    chain: Annotated[
        Sha256 | UnsetType,
        described(
            "The SHA-256 of the line before's, a line feed, and this line without its own; the "
            "first line has none before."
        ),
    ] = UNSET


@dataclass(frozen=True)
class Decision:
    """A line for each image, in the order of drawing."""

    image: Annotated[str, described("Its name.")]
    label: Annotated[Count, described("The true class, by the model's own numbers.")]
    reference: Annotated[
        Choice | None,
        described("The reference's first choice; null where it did not evaluate the image."),
    ]
    port: Annotated[Choice | None, described("The port's.")]
    chain: Annotated[Sha256 | UnsetType, described("As in the first line.")] = UNSET


@dataclass(frozen=True)
class Finding:
    """What the test says of the images that were drawn."""

    outcome: Annotated[Outcome, described("UNDECIDED until it is certain enough, then for good.")]
    decided_at: Annotated[
        Count | None, described("By how many images; null where it is not decided.")
    ]
    drawn: Annotated[Count, described("Images with a decision, in the evidence.")]
    lost: Annotated[Count, described("Right by the reference, wrong by the port.")]
    won: Annotated[Count, described("The reverse.")]
    low: Annotated[float, described("The lower end of the drop of the whole set, in pt.")]
    high: Annotated[float, described("The upper end; each holds with 1 - alpha, at any time.")]
    p_pass: Annotated[
        Probability,
        described("The always-valid p value against a drop beyond the margin; PASS at alpha."),
    ]
    p_fail: Annotated[
        Probability,
        described("That against a drop within the margin; FAIL at alpha."),
    ]


@dataclass(frozen=True)
class CanaryLine:
    """The canaries, where the reference has scores: the second line."""

    canary: CanaryResult
    chain: Annotated[Sha256 | UnsetType, described("As in the first line.")] = UNSET


@dataclass(frozen=True)
class FindingLine:
    """The last line of a test that has ended."""

    verdict: Finding
    chain: Annotated[Sha256 | UnsetType, described("As in the first line.")] = UNSET

"""A verdict as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from regcore.evaluation.baseline_verdict import AgainstBaseline
from regcore.evaluation.intervals import CONFIDENCE
from regcore.evaluation.paired_verdict import AgainstRun
from regcore.evaluation.score_differences import ScoreDifferences
from regcore.evaluation.verdict import Margin, Outcome, overall
from regcore.schemas import Format, json_form
from regcore.schemas.fields import Digest, as_dict, described, one_of


@dataclass(frozen=True)
class VerdictForm:
    """Whether a port is as accurate as it should be.

    Accuracies are in percent, differences in percentage points.
    """

    format: Format
    outcome: Annotated[Outcome, described("FAIL if any part fails, PASS if all pass.")]
    complete: Annotated[bool, described("Whether the run is; else the outcome is UNDECIDED.")]
    max_drop: Annotated[
        str,
        Meta(pattern="^[0-9.e-]+(pt|%)$"),
        described("The drop that is allowed: percentage points, or a part of the baseline."),
    ]
    confidence: Annotated[
        float, one_of([CONFIDENCE]), described("The confidence of the intervals.")
    ]
    baseline: Annotated[
        AgainstBaseline | None,
        described("Against a published accuracy; null where none was given."),
    ]
    against: Annotated[
        AgainstRun | None,
        described("Against another run on the same images; null where none was given."),
    ]
    scores: Annotated[
        ScoreDifferences | UnsetType,
        described("How far all scores differ; only with --scores."),
    ] = UNSET
    run: Annotated[
        Digest | UnsetType,
        described("The identity of the run that was judged, as in run.json."),
    ] = UNSET


def to_dict(
    margin: Margin,
    baseline: AgainstBaseline | None,
    against: AgainstRun | None,
    scores: ScoreDifferences | None = None,
    *,
    complete: bool,
    run: str | None = None,
) -> dict[str, Any]:
    """The verdict for machines, and for verdict.json. run: the identity of what was judged."""
    parts = [part.outcome for part in (baseline, against) if part is not None]
    form = VerdictForm(
        format=json_form("verdict"),
        outcome=overall(parts),
        complete=complete,
        max_drop=str(margin),
        confidence=CONFIDENCE,
        baseline=baseline,
        against=against,
        scores=UNSET if scores is None else scores,
        run=UNSET if run is None else run,
    )
    return as_dict(form)

"""A verdict as JSON and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from regcore.evaluation.baseline_verdict import AgainstBaseline
from regcore.evaluation.intervals import CONFIDENCE
from regcore.evaluation.paired_verdict import AgainstRun
from regcore.evaluation.score_differences import ScoreDifferences
from regcore.evaluation.verdict import Margin, Outcome, overall
from regcore.reports.printable import printable
from regcore.schemas import Format, json_form
from regcore.schemas.fields import Digest, as_dict, described, one_of

if TYPE_CHECKING:
    from rich.table import Table

_NAMED = 10


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


def to_table(found: dict[str, Any]) -> Table:
    """A verdict in its form for machines, as a rich table of two columns."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(show_header=False, box=box.SIMPLE)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    if part := found["baseline"]:
        low, high = part["interval"]
        of = "" if found["complete"] else f" of {part['images']} images only"
        table.add_row(
            f"Top1{of}", f"{part['accuracy']:.3f} %, 95 % interval {low:.3f} to {high:.3f}"
        )
        table.add_row("baseline", f"{part['baseline']:.3f} % ({part['source']})")
        table.add_row("drop", f"{part['drop']:.3f} pt, allowed {part['margin']:.3f} pt")
        table.add_row(
            "can be told", f"a drop of {part['detectable']:.3f} pt, by {part['images']} images"
        )
        for note in part["notes"]:
            table.add_row("note", escape(note))
    if part := found["against"]:
        low, high = part["interval"]
        table.add_section()
        table.add_row("Top1", f"{part['before']:.3f} % before, {part['accuracy']:.3f} % now")
        table.add_row(
            "change", f"{part['change']:+.3f} pt, 95 % interval {low:+.3f} to {high:+.3f}"
        )
        table.add_row("allowed", f"{-part['margin']:+.3f} pt")
        table.add_row("equivalent", "yes, either way" if part["equivalent"] else "not shown")
        table.add_row("McNemar", f"p = {part['p']:.4g}")
        for note in part["notes"]:
            table.add_row("note", escape(note))
        for name, what in (
            ("lost", "right before, wrong now"),
            ("won", "wrong before, right now"),
            ("other", "wrong both times, but otherwise"),
        ):
            images = part[name]
            named = [str(len(images)), *(escape(printable(image)) for image in images[:_NAMED])]
            table.add_row(what, "\n".join([*named, "..."] if len(images) > _NAMED else named))
    if part := found.get("scores"):
        table.add_section()
        table.add_row("same answer", f"{part['same_answers']} of {part['images']} images")
        if part["not_finite"]:
            table.add_row(
                "NaN or infinite", f"{part['not_finite']} images, left out of what follows"
            )
        if part["most_different"]:
            largest, smallest = part["largest_difference"], part["smallest_cosine"]
            table.add_row("largest difference", f"{largest:.6g} ({part['most_different']})")
            table.add_row("smallest cosine", f"{smallest:.9f} ({part['least_parallel']})")
    return table

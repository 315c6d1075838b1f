"""A verdict as JSON and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regcore.evaluation.baseline_verdict import AgainstBaseline
from regcore.evaluation.paired_verdict import AgainstRun
from regcore.evaluation.verdict import Margin, overall
from regcore.reports.printable import printable
from regcore.schemas import json_form

if TYPE_CHECKING:
    from rich.table import Table

_NAMED = 10


def to_dict(
    margin: Margin,
    baseline: AgainstBaseline | None,
    run: AgainstRun | None,
    *,
    complete: bool,
) -> dict[str, Any]:
    """The verdict for machines, and for verdict.json."""
    parts = [part for part in (baseline, run) if part is not None]
    return {
        "format": json_form("verdict"),
        "outcome": overall([part.outcome for part in parts]).value,
        "complete": complete,
        "max_drop": str(margin),
        "confidence": 0.95,
        "baseline": _plain(baseline),
        "against": _plain(run),
    }


def _plain(part: AgainstBaseline | AgainstRun | None) -> dict[str, Any] | None:
    if part is None:
        return None
    fields = dict(vars(part))
    fields["outcome"] = part.outcome.value
    fields["interval"] = [part.interval.low, part.interval.high]
    fields["notes"] = list(part.notes)
    return fields


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

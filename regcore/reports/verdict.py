"""A verdict as JSON."""

from __future__ import annotations

from typing import Any

from regcore.evaluation.baseline_verdict import AgainstBaseline
from regcore.evaluation.paired_verdict import AgainstRun
from regcore.evaluation.verdict import Margin, overall
from regcore.schemas import json_form


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

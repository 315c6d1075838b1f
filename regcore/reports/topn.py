"""Accuracies and what there is to know about them, for JSON and for tables."""

from __future__ import annotations

from typing import Any

from regcore.counted import counted
from regcore.evaluation.intervals import wilson
from regcore.formats.guide_result import percent
from regcore.scores.topn import NAN_RULE, TopN


def accuracies(topn: TopN) -> dict[str, str]:
    """`{"Top1": "77.85%", ...}`, rounded as in result.json."""
    return {f"Top{rank}": percent(topn.accuracy(rank)) for rank in range(1, len(topn.hits) + 1)}


def accuracy_percent(topn: TopN) -> dict[str, float | None]:
    """`{"Top1": 77.85, ...}`, not rounded; None where no image was counted."""
    return {
        f"Top{rank}": 100 * float(topn.hits[rank - 1]) / topn.count if topn.count else None
        for rank in range(1, len(topn.hits) + 1)
    }


def intervals(topn: TopN) -> dict[str, tuple[float, float]]:
    """Wilson's 95 % interval of each accuracy, in percent."""
    found = {f"Top{k}": wilson(int(hits), topn.count) for k, hits in enumerate(topn.hits, 1)}
    return {name: (100 * interval.low, 100 * interval.high) for name, interval in found.items()}


def doubtful_images(topn: TopN) -> dict[str, Any]:
    """The rule for equal scores, how many images it decides on, and how many hold NaN."""
    return {"ties": topn.ties, "tied_images": topn.tied, "nan_images": topn.nan}


def accuracy_rows(topn: TopN) -> dict[str, str]:
    """`{"Top1 accuracy": "77.85%, 95 % interval 77.48 to 78.21", ...}`."""
    between = {
        name: f", 95 % interval {low:.2f} to {high:.2f}" if topn.count else ""
        for name, (low, high) in intervals(topn).items()
    }
    return {
        f"{name} accuracy": f"{value}{between[name]}" for name, value in accuracies(topn).items()
    }


def doubt_rows(topn: TopN) -> dict[str, str]:
    """What a reader of the accuracies should know, where there is something."""
    rows: dict[str, str] = {}
    if topn.tied:
        rows["equal scores"] = (
            f"{counted(topn.tied, 'image')}, the {topn.ties} class counts as the first"
        )
    if topn.nan:
        rows["NaN"] = f"{counted(topn.nan, 'image')}, {NAN_RULE}"
    return rows

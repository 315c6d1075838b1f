"""Runs of a model in lower precision beside the one that counts as right, image by image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from regcore.errors import UsageError
from regcore.evaluation.paired_verdict import AgainstRun, against_run
from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.run_folder import Run
from regcore.evaluation.verdict import Margin, Outcome
from regcore.schemas.fields import Amount, Count, Positive, described

_WORST = 3


@dataclass(frozen=True)
class ClassFlips:
    """A class of which more images were lost than won."""

    label: Annotated[Count, described("As in the labels.")]
    lost: Annotated[Count, described("Of its images, right there and wrong here.")]
    won: Annotated[Count, described("The reverse.")]


@dataclass(frozen=True)
class Port:
    """A run, and what became of its images against the one that counts as right."""

    column: Annotated[str, described("Its name.")]
    bytes: Annotated[Positive | None, described("Of the model's files; null: not known.")]
    outcome: Annotated[Outcome | None, described("By the interval; null of the one itself.")]
    images: Annotated[Count, described("Evaluated in both.")]
    change: Annotated[float, described("Of Top1, in percentage points.")]
    interval: Annotated[tuple[float, float], described("Of the change, by Agresti and Min.")]
    margin: Annotated[Amount, described("The drop that is allowed, in percentage points.")]
    equivalent: Annotated[bool, described("Whether all of the interval is within the margin.")]
    p: Annotated[float, described("McNemar's, exact.")]
    lost: Annotated[Count, described("Images that are right there and wrong here.")]
    won: Annotated[Count, described("The reverse.")]
    other: Annotated[Count, described("Wrong in both, but not by the same class.")]
    worst_classes: Annotated[list[ClassFlips], described("Up to three that lost most.")]


def ports(runs: Mapping[str, Run], against: str, margin: Margin) -> tuple[Port, ...]:
    """All runs beside that of the column `against`, which is among them.

    Raises UsageError where it is not, and MismatchError where the images are not the same.
    """
    if against not in runs:
        known = ", ".join(runs) or "none"
        raise UsageError(
            f"--against {against}: no column of that name is the folder of a run; there are {known}"
        )
    before = runs[against]
    theirs = before.predictions()
    found = []
    for name, run in runs.items():
        ours = theirs if name == against else run.predictions()
        complete = run.complete and before.complete
        judged = against_run(ours, theirs, margin, complete=complete)
        found.append(_port(name, run, judged, ours, own=name == against))
    return tuple(found)


def _port(name: str, run: Run, judged: AgainstRun, ours: TopPredictions, *, own: bool) -> Port:
    return Port(
        column=name,
        bytes=run.content.model_bytes or None,
        outcome=None if own else judged.outcome,
        images=judged.images,
        change=judged.change,
        interval=(judged.interval.low, judged.interval.high),
        margin=judged.margin,
        equivalent=judged.equivalent,
        p=judged.p,
        lost=len(judged.lost),
        won=len(judged.won),
        other=len(judged.other),
        worst_classes=_worst(judged, ours),
    )


def _worst(judged: AgainstRun, ours: TopPredictions) -> list[ClassFlips]:
    label_of = dict(zip(ours.images, ours.labels.tolist(), strict=True))
    lost = Counter(label_of[image] for image in judged.lost)
    won = Counter(label_of[image] for image in judged.won)
    net = {label: count - won[label] for label, count in lost.items() if count > won[label]}
    order = sorted(net, key=lambda label: (-net[label], label))
    return [ClassFlips(label, lost[label], won[label]) for label in order[:_WORST]]


def port_rows(found: Sequence[Port], columns: Sequence[str]) -> list[list[str]]:
    """Rows of texts, a cell for each column; of one that is no run it is empty."""
    by_name = {port.column: port for port in found}
    cells = [_texts(by_name[name]) if name in by_name else {} for name in columns]
    heads = list(dict.fromkeys(head for texts in cells for head in texts))
    rows = [[head, *(texts.get(head, "") for texts in cells)] for head in heads]
    return [row for row in rows if any(row[1:])]


def _texts(port: Port) -> dict[str, str]:
    size = {"size (MB)": "" if port.bytes is None else f"{port.bytes / 1e6:.1f}"}
    if port.outcome is None:
        return size
    low, high = port.interval
    return {
        **size,
        "lost, won": f"{port.lost}, {port.won}",
        "wrong otherwise": f"{port.other}",
        "change (pt)": f"{port.change:+.2f}",
        "change interval (pt)": f"{low:+.2f} to {high:+.2f}",
        "McNemar p": f"{port.p:.2g}",
        f"within {port.margin:.2f} pt": "equivalent" if port.equivalent else "not shown",
        "verdict": str(port.outcome.value),
        "worst classes": ", ".join(
            f"{one.label}: {one.lost} lost" + (f", {one.won} won" if one.won else "")
            for one in port.worst_classes
        ),
    }

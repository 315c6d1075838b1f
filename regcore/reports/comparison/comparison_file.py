"""A comparison for machines, and for comparison.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from regcore.evaluation.intervals import Interval
from regcore.formats.rate import MeasuredRate, RateKind
from regcore.reports.comparison.accuracy import Accuracy
from regcore.reports.comparison.ports import Port
from regcore.reports.comparison.rendering import rows_of_texts, sources
from regcore.reports.comparison.table import Column, Comparison
from regcore.schemas import Format, json_form
from regcore.schemas.fields import (
    Amount,
    Count,
    Digest,
    Percent,
    PercentPair,
    Positive,
    as_dict,
    described,
    one_of,
)

_RowName = Annotated[str, Meta(pattern="^(bs[1-9][0-9]*|best)$")]


@dataclass(frozen=True)
class Cell:
    """A measured rate."""

    batch: Annotated[Positive, described("Batch size.")]
    images_per_s: Annotated[Amount, described("What the rules make of what was measured.")]
    measured: Annotated[Amount, described("As in the file.")]
    unit: Annotated[
        str, one_of(["images/s", "queries/s", "batches/s"]), described("Of `measured`.")
    ]
    rules: Annotated[list[str], described("What was done to it, in words: `x 4 chips`.")]
    devices: Annotated[Positive, described("Of how many devices it is the sum.")]
    file: Annotated[str, described("Where it is from.")]
    line: Annotated[
        Positive | None,
        described("Of the file, from 1; null where it has no lines that mean anything."),
    ]


@dataclass(frozen=True)
class AccuracyCell:
    """An accuracy that was measured or published."""

    top: Annotated[Positive, described("1 for Top1.")]
    batch: Annotated[
        Positive | None,
        described("The size at which it was found, where the file's name tells."),
    ]
    complete: Annotated[bool, described("Whether every image was counted that should have been.")]
    accuracy: Annotated[
        Percent | None,
        described("In percent, as in the file; null where the evaluation is not complete."),
    ]
    unit: Annotated[Literal["%"], described("Of all accuracies here.")]
    interval: Annotated[
        PercentPair | None,
        described(
            "Wilson's 95 % interval; null where the number of images is not known, or not all "
            "were counted."
        ),
    ]
    possible: Annotated[
        PercentPair | None,
        described("Of what is not complete: if all that was not counted is missed, or hit."),
    ]
    images: Annotated[
        Count | None, described("How many were counted; null where the file does not tell.")
    ]
    expected_images: Annotated[Count | None, described("How many should have been.")]
    rules: Annotated[list[str], described("How the figures came about, in words.")]
    file: Annotated[str, described("Where it is from.")]
    line: Annotated[Positive | None, described("Of the file, from 1.")]
    key: Annotated[str, described("Which value of the file.")]


@dataclass(frozen=True)
class DeviceColumn:
    """A column."""

    name: Annotated[str, described("The device.")]
    chips: Annotated[Positive, described("Of its card, by which the rate of one was multiplied.")]
    cells: Annotated[list[Cell], described("Rates, by batch size.")]
    best: Annotated[Cell | None, described("The highest rate; null where there is none.")]
    accuracies: Annotated[list[AccuracyCell], described("Top1 and Top5.")]


@dataclass(frozen=True)
class RatioColumn:
    """A column divided by another."""

    name: Annotated[str, described("`310P/310`.")]
    rows: Annotated[
        dict[_RowName, str],
        described(
            "By row; as text with the decimals that were asked for, empty where a cell is missing."
        ),
    ]


@dataclass(frozen=True)
class ComparisonForm:
    """Rates and accuracies side by side, each with its source."""

    format: Format
    metric: Annotated[
        RateKind,
        described(
            "Of the rates: inside the model's execution only, from files to results, or of a "
            "stage of the benchmark tool."
        ),
    ]
    columns: Annotated[
        list[DeviceColumn], Meta(min_length=1), described("In the order of the table.")
    ]
    ratios: Annotated[list[RatioColumn], described("One column divided by another.")]
    incomplete: Annotated[
        list[str], described("A sentence on each evaluation that is not complete.")
    ]
    doubts: Annotated[list[str], described("What keeps figures from being comparable.")]
    table: Annotated[
        list[list[str]],
        Meta(min_length=1),
        described("The table as texts, the header first; a missing cell is empty."),
    ]
    sources: Annotated[
        list[str], described("Where each cell is from, and what was done to it, in words.")
    ]
    against: Annotated[
        str | UnsetType, described("The column that counts as right, where one does.")
    ] = UNSET
    ports: Annotated[
        list[Port] | UnsetType, described("The columns that are runs, beside that one.")
    ] = UNSET
    run: Annotated[
        Digest | UnsetType, described("The identity of the run in whose folder it lies.")
    ] = UNSET


def to_dict(comparison: Comparison, run: str | None = None) -> dict[str, Any]:
    """For machines; rates are numbers in images/s, accuracies in percent, ratios text.

    run: the identity of the run in whose folder it will lie.
    """
    form = ComparisonForm(
        format=json_form("comparison"),
        metric=comparison.metric,
        columns=[_column(comparison, column) for column in comparison.columns],
        ratios=[
            RatioColumn(
                ratio.name,
                {name: comparison.ratio(ratio, batch) for name, batch in comparison.rows},
            )
            for ratio in comparison.ratios
        ],
        incomplete=list(comparison.incomplete),
        doubts=list(comparison.doubts),
        table=rows_of_texts(comparison),
        sources=sources(comparison),
        against=UNSET if comparison.against is None else comparison.against,
        ports=UNSET if comparison.against is None else list(comparison.ports),
        run=UNSET if run is None else run,
    )
    return as_dict(form)


def _column(comparison: Comparison, column: Column) -> DeviceColumn:
    return DeviceColumn(
        name=column.name,
        chips=column.chips,
        cells=[_cell(cell) for _, cell in sorted(column.cells.items())],
        best=_cell(cell) if (cell := column.at(None)) else None,
        accuracies=[
            _accuracy(column.accuracies[place])
            for _, place in comparison.accuracy_rows
            if place in column.accuracies
        ],
    )


def _accuracy(accuracy: Accuracy) -> AccuracyCell:
    return AccuracyCell(
        top=accuracy.rank,
        batch=accuracy.batch,
        complete=accuracy.complete,
        accuracy=float(accuracy.percent) if accuracy.complete else None,
        unit="%",
        interval=_ends(accuracy.sampling),
        possible=_ends(accuracy.possible),
        images=accuracy.images,
        expected_images=accuracy.expected_images,
        rules=list(accuracy.rules),
        file=accuracy.file,
        line=accuracy.line,
        key=accuracy.key,
    )


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _cell(cell: MeasuredRate) -> Cell:
    return Cell(
        batch=cell.batch,
        images_per_s=float(cell.images_per_s),
        measured=float(cell.measured),
        unit=cell.unit,
        rules=list(cell.rules),
        devices=cell.devices,
        file=cell.file,
        line=cell.line,
    )

"""Cells as the guide's table of section 7.4: batches down, devices and their ratios across."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regcore.comparison.cell import Cell, Metric, best, plain, rounded
from regcore.comparison.readers import read_cells
from regcore.errors import MismatchError, UsageError

if TYPE_CHECKING:
    from rich.table import Table

_BEST = "best"
FORMAT = {"name": "regcore comparison", "version": 1}


@dataclass(frozen=True)
class Column:
    """A device. chips: of its card, by which the rate of one was multiplied."""

    name: str
    cells: Mapping[int, Cell]
    chips: int = 1

    def at(self, batch: int | None) -> Cell | None:
        """The cell of a batch size; of None, the best."""
        return best(list(self.cells.values())) if batch is None else self.cells.get(batch)


@dataclass(frozen=True)
class Ratio:
    """One column divided by another, to so many decimals."""

    above: str
    below: str
    decimals: int = 8

    @property
    def name(self) -> str:
        """`310P/310`."""
        return f"{self.above}/{self.below}"


@dataclass(frozen=True)
class Comparison:
    """metric: what the cells are; columns and ratios in the order of the table."""

    metric: Metric
    columns: tuple[Column, ...]
    ratios: tuple[Ratio, ...]

    @property
    def rows(self) -> tuple[tuple[str, int | None], ...]:
        """Names and batch sizes, the best last."""
        batches = sorted({batch for column in self.columns for batch in column.cells})
        return (*((f"bs{batch}", batch) for batch in batches), (_BEST, None))

    def ratio(self, ratio: Ratio, batch: int | None) -> str:
        """As text; empty where one of the cells is missing."""
        by_name = {column.name: column for column in self.columns}
        above, below = by_name[ratio.above].at(batch), by_name[ratio.below].at(batch)
        if above is None or below is None or not below.images_per_s:
            return ""
        return rounded(above.images_per_s / below.images_per_s, ratio.decimals)


def read_column(name: str, paths: Sequence[Path], metric: Metric, chips: int = 1) -> Column:
    """A device's results. Raises MismatchError where two files have the same batch size."""
    cells: dict[int, Cell] = {}
    for cell in (cell for path in paths for cell in read_cells(path, metric)):
        if cell.batch in cells:
            raise MismatchError(
                f"{name} at batch {cell.batch} has two results: {cells[cell.batch].source} and "
                f"{cell.source}; give one of them"
            )
        cells[cell.batch] = cell.times(chips, f"x {chips} chips") if chips > 1 else cell
    return Column(name, cells, chips)


def compare(metric: Metric, columns: Sequence[Column], ratios: Sequence[Ratio]) -> Comparison:
    """The table. Raises UsageError for a ratio of columns that are not there."""
    names = {column.name for column in columns}
    for ratio in ratios:
        for name in (ratio.above, ratio.below):
            if name not in names:
                raise UsageError(f"--ratio {ratio.name}: no column {name}")
    return Comparison(metric, tuple(columns), tuple(ratios))


def rows_of_texts(comparison: Comparison) -> list[list[str]]:
    """Header and rows; a missing cell is empty."""
    columns, ratios = comparison.columns, comparison.ratios
    rows = [["", *(column.name for column in columns), *(ratio.name for ratio in ratios)]]
    for name, batch in comparison.rows:
        cells = [column.at(batch) for column in columns]
        texts = [plain(cell.images_per_s) if cell else "" for cell in cells]
        rows.append([name, *texts, *(comparison.ratio(ratio, batch) for ratio in ratios)])
    return rows


def to_markdown(comparison: Comparison) -> str:
    """A table for a guide."""
    header, *rows = rows_of_texts(comparison)
    lines = [header, ["---", *["--:" for _ in header[1:]]], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def to_csv(comparison: Comparison) -> str:
    """Comma-separated, with a header."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows_of_texts(comparison))
    return out.getvalue().rstrip("\n")


def to_table(comparison: Comparison) -> Table:
    """For people, as a rich table."""
    from rich import box
    from rich.table import Table

    header, *rows = rows_of_texts(comparison)
    title = f"images/s, {comparison.metric}"
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    for name in header:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*row)
    return table


def sources(comparison: Comparison) -> list[str]:
    """Where each cell is from, and what was done to it, one a line."""
    lines = []
    for column in comparison.columns:
        for batch, cell in sorted(column.cells.items()):
            made = " ".join((plain(cell.measured), cell.unit, *cell.rules))
            lines.append(f"{column.name} bs{batch}: {made}, {cell.source}")
    return lines


def to_dict(comparison: Comparison) -> dict[str, Any]:
    """For machines; rates are numbers in images/s, ratios text as in the table."""
    return {
        "format": FORMAT,
        "metric": comparison.metric,
        "columns": [
            {
                "name": column.name,
                "chips": column.chips,
                "cells": [_cell_dict(cell) for _, cell in sorted(column.cells.items())],
                "best": _cell_dict(cell) if (cell := column.at(None)) else None,
            }
            for column in comparison.columns
        ],
        "ratios": [
            {
                "name": ratio.name,
                "rows": {name: comparison.ratio(ratio, batch) for name, batch in comparison.rows},
            }
            for ratio in comparison.ratios
        ],
    }


def _cell_dict(cell: Cell) -> dict[str, Any]:
    return {
        "batch": cell.batch,
        "images_per_s": float(cell.images_per_s),
        "measured": float(cell.measured),
        "unit": cell.unit,
        "rules": list(cell.rules),
        "file": cell.file,
        "line": cell.line,
    }

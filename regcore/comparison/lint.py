"""A guide's table of rates against the logs in its own text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from regcore.comparison.cell import Cell, plain
from regcore.comparison.guide import Evidence, GuideTable, find_evidence, find_table, read_lines
from regcore.errors import DatasetError


@dataclass(frozen=True)
class Mismatch:
    """A figure of a guide that is not what its source gives.

    what: `310 bs1`, a row and a column of the table. written: the figure, in line `line`; found:
    what is right, with the rules that were applied to it; source: the FILE:LINE that it is from.
    """

    what: str
    written: str
    line: int
    found: str
    source: str


@dataclass(frozen=True)
class Lint:
    """checked: how many figures there were to compare.

    corrected: the guide's table as it should be, in texts, the header first: cells that its logs
    tell, and from these the ratios, to as many decimals as were written, and the best.
    """

    mismatches: tuple[Mismatch, ...]
    checked: int
    corrected: tuple[tuple[str, ...], ...]


def lint(path: Path) -> Lint:
    """Recomputes the table of rates in a guide from the logs and statements in its text.

    Where a guide multiplies (an Ascend 310 card by its 4 chips, queries by the images in them), so
    is done here. Ratios and the best row are recomputed from the table's own cells.
    Raises DatasetError for a text without such a table.
    """
    lines = read_lines(path)
    table = find_table(lines)
    if table is None:
        raise DatasetError(f"{path}: no table with a row for each batch size (bs1, bs4, ...)")
    evidence = list(find_evidence(path.name, lines, table.devices))
    cells = _by_place(evidence)
    found: list[Mismatch] = []
    checked = 0
    for check in (
        *_products(evidence),
        *_cells(table, cells, path.name),
        *_derived(table, path.name),
    ):
        checked += 1
        if check is not None:
            found.append(check)
    return Lint(tuple(found), checked, _corrected(table, cells))


def _products(evidence: list[Evidence]) -> Iterator[Mismatch | None]:
    """The guide's own multiplications."""
    for one in evidence:
        if one.product is None:
            continue
        right = one.cell.measured * one.factor
        if _same(one.product, right):
            yield None
        else:
            yield Mismatch(
                f"{one.device} bs{one.cell.batch}, multiplied",
                plain(one.product),
                one.cell.line or 0,
                f"{plain(one.cell.measured)} x {one.factor} = {plain(right)}",
                one.cell.source,
            )


def _by_place(evidence: list[Evidence]) -> dict[tuple[str, int], Cell]:
    """The cell that each device has at each batch size, by the logs and the guide's own rule."""
    factors = {
        (one.device, one.cell.measured): one.factor for one in evidence if one.product is not None
    }
    cells: dict[tuple[str, int], Cell] = {}
    for one in evidence:
        factor = factors.get((one.device, one.cell.measured), 1)
        cell = one.cell.times(factor, f"x {factor}") if factor > 1 else one.cell
        # What comes first is the log; what follows repeats it.
        cells.setdefault((one.device, cell.batch), cell)
    return cells


def _cells(
    table: GuideTable, cells: dict[tuple[str, int], Cell], file: str
) -> Iterator[Mismatch | None]:
    for line, batch, texts in table.rows:
        for name, text in zip(table.header, texts, strict=False):
            cell = cells.get((name, batch)) if batch is not None else None
            value = _decimal(text)
            if cell is None or value is None:
                continue
            if _same(value, cell.images_per_s):
                yield None
                continue
            made = " ".join((plain(cell.measured), *cell.rules))
            right = plain(cell.images_per_s)
            shown = f"{made} = {right}" if cell.rules else right
            yield Mismatch(f"{name} bs{batch}", text, line, shown, f"{file}:{cell.line}")


def _derived(table: GuideTable, file: str) -> Iterator[Mismatch | None]:
    """Ratios of two cells of a row, and the best of a column."""
    for line, batch, texts in table.rows:
        row = dict(zip(table.header, map(_decimal, texts), strict=False))
        of = "best" if batch is None else f"bs{batch}"
        for name, text in zip(table.header, texts, strict=False):
            value = row[name]
            above, _, below = name.partition("/")
            if value is None:
                continue
            if below:
                top, bottom = row.get(above), row.get(below)
                right = top / bottom if top is not None and bottom else None
                source = f"{file}:{line}"
            elif batch is None:
                column = table.header.index(name)
                column_values = [
                    (found, at)
                    for at, size, cells in table.rows
                    if size is not None and (found := _decimal(cells[column])) is not None
                ]
                right, at = max(column_values, default=(None, 0))
                source = f"{file}:{at}"
            else:
                continue
            if right is None:
                continue
            same = _same(value, right)
            digits = plain(round(right, 8))
            yield None if same else Mismatch(f"{name} {of}", text, line, digits, source)


def _corrected(
    table: GuideTable, cells: dict[tuple[str, int], Cell]
) -> tuple[tuple[str, ...], ...]:
    columns: dict[str, dict[int, Decimal]] = {name: {} for name in table.devices}
    for _, batch, texts in table.rows:
        for name, text in zip(table.header, texts, strict=False):
            if name in columns and batch is not None:
                cell, written = cells.get((name, batch)), _decimal(text)
                value = cell.images_per_s if cell is not None else written
                if value is not None:
                    columns[name][batch] = value
    rows = [("", *table.header)]
    for _, batch, texts in table.rows:
        values = {
            name: max(column.values(), default=None) if batch is None else column.get(batch)
            for name, column in columns.items()
        }
        shown = (_shown(n, t, values) for n, t in zip(table.header, texts, strict=False))
        rows.append(("best" if batch is None else f"bs{batch}", *shown))
    return tuple(rows)


def _shown(name: str, written: str, values: Mapping[str, Decimal | None]) -> str:
    """A cell or a ratio; as it was written where there is nothing to make it of."""
    if name in values:
        value = values[name]
        return written if value is None else plain(value)
    above, _, below = name.partition("/")
    top, bottom = values.get(above), values.get(below)
    if top is None or not bottom:
        return written
    return plain(round(top / bottom, len(written.partition(".")[2]) or 8))


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _same(written: Decimal, right: Decimal) -> bool:
    """Whether `written` is `right`, rounded to as many decimals as were written."""
    exponent = written.as_tuple().exponent
    unit = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
    return 2 * abs(written - right) <= unit

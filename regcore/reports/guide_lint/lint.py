"""A guide's tables of rates against the logs in its own text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from regcore.errors import DatasetError
from regcore.formats.rate import plain, rounded
from regcore.reports.guide_lint.evidence import Evidence, find_evidence
from regcore.reports.guide_lint.rates import Place, Rate, rounds_to, same, settle
from regcore.reports.guide_lint.tables import GuideTable, TableRow, find_tables
from regcore.reports.guide_lint.text import Note, read_lines
from regcore.schemas.fields import Count, Positive, described

_DECIMALS = 8


@dataclass(frozen=True)
class Mismatch:
    """A figure of a guide that is not what its source gives."""

    what: Annotated[str, described("`310 bs1`: a column and a row of the table.")]
    written: Annotated[str, described("The figure.")]
    line: Annotated[Positive, described("Its line.")]
    found: Annotated[str, described("What is right, with the rules that were applied.")]
    source: Annotated[str, described("The FILE:LINE that it is from.")]


@dataclass(frozen=True)
class Lint:
    """Figures of a guide that are not what its own logs give.

    The corrected table has the cells that the logs tell, and from these the ratios, to as many
    decimals as were written, and the best.
    """

    mismatches: Annotated[tuple[Mismatch, ...], described("Those that differ.")]
    checked: Annotated[Count, described("How many figures there were to compare.")]
    corrected: Annotated[
        tuple[tuple[str, ...], ...],
        described(
            "The guide's first table as it should be, the header first; empty where there is none."
        ),
    ]
    notes: Annotated[tuple[Note, ...], described("What was not compared, and why.")] = ()


def lint(path: Path) -> Lint:
    """Recomputes the tables of rates in a guide from the logs and statements in its text.

    Where a guide multiplies (an Ascend 310 card by its 4 chips, queries by the images in them), so
    is done here. Ratios and the best row are recomputed from the table's own cells.
    Raises DatasetError for a text in which there is neither such a table nor a multiplication.
    """
    lines = read_lines(path)
    notes: list[Note] = []
    tables = find_tables(lines, notes)
    devices = list(dict.fromkeys(name for table in tables for name in table.devices.values()))
    evidence = list(find_evidence(lines, devices, notes))
    checks = list(_products(evidence, path.name))
    if not tables:
        if not checks:
            raise DatasetError(
                f"{path}: no table with a row for each batch size (bs1, bs4, ...)"
                + "".join(f"; line {note.line}: {note.text}" for note in notes[:1])
            )
        notes.append(Note(1, "no table with a row for each batch size (bs1, bs4, ...)"))
    rates = settle(evidence, notes)
    _leave_ambiguous(tables, rates, notes)
    for table in tables:
        checks += _cells(table, rates, path.name)
        checks += _derived(table, rates, path.name)
    corrected = _corrected(tables[0], rates) if tables else ()
    notes.sort(key=lambda note: note.line)
    return Lint(tuple(filter(None, checks)), len(checks), corrected, tuple(notes))


def _products(evidence: Sequence[Evidence], file: str) -> Iterator[Mismatch | None]:
    """The guide's own multiplications."""
    for one in evidence:
        if one.kind != "product" or one.written is None:
            continue
        right = one.measured * one.factor
        if rounds_to(right, one.written):
            yield None
            continue
        known = one.device is not None and one.batch is not None
        what = f"{one.device} bs{one.batch}" if known else f"line {one.line}"
        made = f"{plain(one.measured)} x {one.factor} = " if one.factor > 1 else ""
        shown = f"{made}{rounded(right, _DECIMALS)}"
        source = f"{file}:{one.line}"
        yield Mismatch(f"{what}, multiplied", plain(one.written), one.line, shown, source)


def _leave_ambiguous(
    tables: Sequence[GuideTable], rates: dict[Place, Rate], notes: list[Note]
) -> None:
    """What two tables, or two rows, have differently is told apart by nothing in the text."""
    seen: dict[Place, tuple[int, Decimal]] = {}
    for table in tables:
        for row, place, value, _ in _figures(table):
            line, first = seen.setdefault(place, (row.line, value))
            if not same(first, value) and rates.pop(place, None) is not None:
                notes.append(
                    Note(
                        row.line,
                        f"{place[0]} at batch {place[1]} is there twice, also in line {line}: not "
                        "compared with the text",
                    )
                )


def _figures(table: GuideTable) -> Iterator[tuple[TableRow, Place, Decimal, str]]:
    for row in table.rows:
        for at, device in table.devices.items():
            value = row.figures[at].value
            if row.batch is not None and value is not None:
                yield row, (device, row.batch), value, row.figures[at].text


def _cells(table: GuideTable, rates: dict[Place, Rate], file: str) -> Iterator[Mismatch | None]:
    for row, place, value, text in _figures(table):
        rate = rates.get(place)
        if rate is None:
            continue
        if any(same(value, candidate.value) for candidate in rate.candidates):
            yield None
            continue
        right = rate.candidates[0]
        made = f"{right.made} = " if right.made else ""
        shown = f"{made}{rounded(right.value, _DECIMALS)}"
        yield Mismatch(f"{place[0]} bs{place[1]}", text, row.line, shown, f"{file}:{rate.line}")


def _derived(table: GuideTable, rates: dict[Place, Rate], file: str) -> Iterator[Mismatch | None]:
    """Ratios of two cells of a row, and the best of a column.

    They are right if they are of the cells as they are written, or as they should be.
    """
    right = _right(table, rates)
    own = [{at: row.figures[at].value for at in table.devices} for row in table.rows]
    for index, row in enumerate(table.rows):
        of = "best" if row.batch is None else f"bs{row.batch}"
        for at, name in enumerate(table.header):
            figure = row.figures[at]
            if figure.value is None:
                continue
            if at in table.ratios:
                above, below = table.ratios[at]
                ends = own[index], right[index]
                choices = [_quotient(cells[above], cells[below]) for cells in ends]
                source = f"{file}:{row.line}"
            elif at in table.devices and row.batch is None:
                column = [
                    (found, other.line)
                    for other, cells in zip(table.rows, own, strict=True)
                    if other.batch is not None and (found := cells[at]) is not None
                ]
                best, line = max(column, default=(None, 0))
                # Alone in its column it would be compared with itself.
                alone = best is None and right[index][at] == figure.value
                choices = [] if alone else [best, right[index][at]]
                source = f"{file}:{line}"
            else:
                continue
            known = [choice for choice in choices if choice is not None]
            if not known:
                continue
            if any(rounds_to(choice, figure.value) for choice in known):
                yield None
            else:
                digits = rounded(known[-1], _DECIMALS)
                yield Mismatch(f"{name} {of}", figure.text, row.line, digits, source)


def _right(table: GuideTable, rates: dict[Place, Rate]) -> list[dict[int, Decimal | None]]:
    """The rates of each row as they should be; as they are where the text tells none."""
    found: list[dict[int, Decimal | None]] = []
    for row in table.rows:
        cells: dict[int, Decimal | None] = {}
        for at, device in table.devices.items():
            rate = None if row.batch is None else rates.get((device, row.batch))
            written = row.figures[at].value
            if rate is None:
                cells[at] = written
                continue
            values = [candidate.value for candidate in rate.candidates]
            fitting = [value for value in values if written is not None and same(written, value)]
            cells[at] = fitting[0] if fitting else values[0]
        found.append(cells)
    for row, cells in zip(table.rows, found, strict=True):
        if row.batch is None:
            for at in table.devices:
                column = [
                    value
                    for other, others in zip(table.rows, found, strict=True)
                    if other.batch is not None and (value := others[at]) is not None
                ]
                cells[at] = max(column, default=cells[at])
    return found


def _quotient(above: Decimal | None, below: Decimal | None) -> Decimal | None:
    return None if above is None or not below else above / below


def _corrected(table: GuideTable, rates: dict[Place, Rate]) -> tuple[tuple[str, ...], ...]:
    rows = [("", *table.header)]
    for row, right in zip(table.rows, _right(table, rates), strict=True):
        shown = [_shown(table, at, row, right) for at in range(len(table.header))]
        rows.append(("best" if row.batch is None else f"bs{row.batch}", *shown))
    return tuple(rows)


def _shown(table: GuideTable, at: int, row: TableRow, right: dict[int, Decimal | None]) -> str:
    """A cell or a ratio; as it was written where there is nothing to make it of."""
    written = row.figures[at]
    if at in right:
        value = right[at]
        return written.text if value is None else plain(value)
    quotient = _quotient(*(right[end] for end in table.ratios[at])) if at in table.ratios else None
    if quotient is None:
        return written.text
    decimals = len(written.text.partition(".")[2]) if written.value is not None else 0
    return rounded(quotient, decimals or _DECIMALS)

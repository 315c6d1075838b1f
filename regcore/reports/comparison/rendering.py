"""A comparison as texts in rows, as Markdown and CSV, with the source of each cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from regcore.files.number_input import parse_decimal
from regcore.formats.rate import plain
from regcore.notebook import html_table
from regcore.reports.comparison.accuracy import Accuracy
from regcore.reports.comparison.ports import port_rows
from regcore.reports.comparison.table import Comparison
from regcore.reports.printable import printable

if TYPE_CHECKING:
    from rich.table import Table


def rows_of_texts(comparison: Comparison) -> list[list[str]]:
    """Header and rows; a missing cell is empty."""
    columns, ratios = comparison.columns, comparison.ratios
    header = ["", *(column.name for column in columns), *(ratio.name for ratio in ratios)]
    empty = [""] * len(ratios)
    judged = port_rows(comparison.ports, [column.name for column in columns])
    return [
        header,
        *_rate_rows(comparison),
        *_accuracy_rows(comparison),
        *([*row, *empty] for row in judged),
    ]


def _rate_rows(comparison: Comparison) -> list[list[str]]:
    # Beside accuracies a rate has to say what it is.
    unit = " (images/s)" if comparison.accuracy_rows else ""
    rows = []
    for name, batch in comparison.rows:
        cells = [column.at(batch) for column in comparison.columns]
        texts = [plain(cell.images_per_s) if cell else "" for cell in cells]
        ratios = [comparison.ratio(ratio, batch) for ratio in comparison.ratios]
        rows.append([f"{name}{unit}", *texts, *ratios])
    return rows


def _accuracy_rows(comparison: Comparison) -> list[list[str]]:
    """The value of each accuracy, and its 95 % interval; the last ones say of how many images."""
    texts: dict[str, list[str]] = {}
    for name, place in comparison.accuracy_rows:
        cells = [column.accuracies.get(place) for column in comparison.columns]
        texts[f"{name} (%)"] = [_percent(cell) if cell else "" for cell in cells]
        texts[f"{name} interval (%)"] = [_sampling(cell) if cell else "" for cell in cells]
    for name, place in comparison.accuracy_rows:
        cells = [column.accuracies.get(place) for column in comparison.columns]
        batch = name.partition(" ")[2]
        texts[f"images {batch}".strip()] = [cell.counted if cell else "" for cell in cells]
    empty = [""] * len(comparison.ratios)
    return [[name, *row, *empty] for name, row in texts.items() if any(row)]


def _percent(accuracy: Accuracy) -> str:
    possible = accuracy.possible
    if possible is None:
        return f"{accuracy.percent:f}"
    return f"INCOMPLETE: {possible.low:.2f} to {possible.high:.2f}"


def _sampling(accuracy: Accuracy) -> str:
    found = accuracy.sampling
    return f"{found.low:.2f} to {found.high:.2f}" if found else ""


def to_markdown(texts: Sequence[Sequence[str]]) -> str:
    """A table for a guide; texts: the header, and rows."""
    header, *rows = ([" ".join(text.splitlines()) for text in line] for line in texts)
    lines = [header, ["---", *["--:" for _ in header[1:]]], *rows]
    escaped = ([text.replace("|", "\\|") for text in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def to_csv(texts: Sequence[Sequence[str]]) -> str:
    """Comma-separated; texts: the header, and rows. No cell is a formula to a spreadsheet."""
    out = io.StringIO()
    rows = [[_no_formula(text) for text in line] for line in texts]
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().rstrip("\n")


def _no_formula(text: str) -> str:
    if not text.startswith(("=", "+", "-", "@", "\t", "\r")):
        return text
    try:
        parse_decimal(text, negative=True)
    except ValueError:
        return f"'{text}"
    return text


def to_text(texts: Sequence[Sequence[str]], form: str) -> str:
    """Lines of texts as "markdown" or "csv", without what no terminal should get."""
    shown = [[printable(text) for text in line] for line in texts]
    return to_markdown(shown) if form == "markdown" else to_csv(shown)


def to_html(comparison: Comparison) -> str:
    """As an HTML table, for a notebook."""
    texts = [[printable(text) for text in row] for row in rows_of_texts(comparison)]
    return html_table(texts[1:], header=texts[0], caption=_title(comparison))


def to_table(comparison: Comparison) -> Table:
    """For people, as a rich table."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    header, *rows = [[escape(text) for text in row] for row in rows_of_texts(comparison)]
    table = Table(title=_title(comparison), title_justify="left", box=box.SIMPLE)
    table.add_column(header[0], no_wrap=True)
    for name in header[1:]:
        # A number that is cut off is another number.
        table.add_column(name, justify="right", overflow="fold")
    for number, row in enumerate(rows, 1):
        table.add_row(*row, end_section=number == len(comparison.rows))
    return table


def _title(comparison: Comparison) -> str:
    told = [f"images/s, {comparison.metric}"] if comparison.rows else []
    told += ["accuracies with their 95 % intervals"] if comparison.accuracy_rows else []
    told += [f"against {comparison.against}"] if comparison.against else []
    return "; ".join(told)


def sources(comparison: Comparison) -> list[str]:
    """Where each cell is from, and what was done to it, one a line."""
    lines = []
    for column in comparison.columns:
        for batch, cell in sorted(column.cells.items()):
            made = " ".join((plain(cell.measured), cell.unit, *cell.rules))
            lines.append(f"{column.name} bs{batch}: {made}, {cell.source}")
        for name, place in comparison.accuracy_rows:
            accuracy = column.accuracies.get(place)
            if accuracy is not None:
                of = ", ".join(("", *accuracy.rules))
                shown = f"{accuracy.percent:f} %" if accuracy.complete else _percent(accuracy)
                lines.append(f"{column.name} {name}: {shown}{of}, {accuracy.source}")
    return lines

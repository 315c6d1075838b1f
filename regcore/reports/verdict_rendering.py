"""A verdict for people: as a table, as Markdown for the summary of a CI job, and as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regcore.counted import counted
from regcore.notebook import html_table
from regcore.reports.printable import printable

if TYPE_CHECKING:
    from rich.table import Table

_NAMED = 10
#: What Markdown, its tables, or GitHub (mentions, formulas) could take for more than text.
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$@#])")

#: What a value is, and the value, with a line feed between its lines.
Row = tuple[str, str]


def headline(found: Mapping[str, Any]) -> str:
    """`PASS`, or why nothing is decided. found: a verdict in its form for machines."""
    whole = "" if found["complete"] else ", for a run is INCOMPLETE"
    return f"{found['outcome']}{whole}"


def sections(found: Mapping[str, Any]) -> list[list[Row]]:
    """The parts of a verdict, each as rows of texts that may stand on a terminal."""
    parts: list[list[Row]] = []
    if part := found["baseline"]:
        parts.append(baseline_rows(part, complete=found["complete"]))
    if part := found["against"]:
        parts.append(against_rows(part))
    if part := found.get("scores"):
        parts.append(_score_rows(part))
    return parts


def baseline_rows(part: Mapping[str, Any], *, complete: bool) -> list[Row]:
    """A run against a published accuracy."""
    low, high = part["interval"]
    images = counted(part["images"], "image")
    of = "" if complete else f" of {images} only"
    return [
        (f"Top1{of}", f"{part['accuracy']:.3f} %, 95 % interval {low:.3f} to {high:.3f}"),
        ("baseline", f"{part['baseline']:.3f} % ({printable(part['source'])})"),
        ("drop", f"{part['drop']:.3f} pt, allowed {part['margin']:.3f} pt"),
        ("can be told", f"a drop of {part['detectable']:.3f} pt, by {images}"),
        *(("note", printable(note)) for note in part["notes"]),
    ]


def against_rows(part: Mapping[str, Any]) -> list[Row]:
    """A run against another one on the same images."""
    low, high = part["interval"]
    rows = [
        ("Top1", f"{part['before']:.3f} % before, {part['accuracy']:.3f} % now"),
        ("change", f"{part['change']:+.3f} pt, 95 % interval {low:+.3f} to {high:+.3f}"),
        ("allowed", f"{-part['margin']:+.3f} pt"),
        ("equivalent", "yes, either way" if part["equivalent"] else "not shown"),
        ("McNemar", f"p = {part['p']:.4g}"),
        *(("note", printable(note)) for note in part["notes"]),
    ]
    for name, what in (
        ("lost", "right before, wrong now"),
        ("won", "wrong before, right now"),
        ("other", "wrong both times, but otherwise"),
    ):
        images = part[name]
        named = [str(len(images)), *map(printable, images[:_NAMED])]
        rows.append((what, "\n".join([*named, "..."] if len(images) > _NAMED else named)))
    return rows


def _score_rows(part: Mapping[str, Any]) -> list[Row]:
    rows = [("same answer", f"{part['same_answers']} of {counted(part['images'], 'image')}")]
    if part["not_finite"]:
        lost = counted(part["not_finite"], "image")
        rows.append(("NaN or infinite", f"{lost}, left out of what follows"))
    if part["most_different"]:
        most, least = printable(part["most_different"]), printable(part["least_parallel"])
        rows.append(("largest difference", f"{part['largest_difference']:.6g} ({most})"))
        rows.append(("smallest cosine", f"{part['smallest_cosine']:.9f} ({least})"))
    return rows


def to_table(found: Mapping[str, Any]) -> Table:
    """As a rich table of two columns."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(show_header=False, box=box.SIMPLE)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for rows in sections(found):
        table.add_section()
        for what, value in rows:
            table.add_row(what, escape(value))
    return table


def to_markdown(found: Mapping[str, Any]) -> str:
    """As Markdown with a heading and a table, which GitHub's and GitLab's summaries show."""
    lines = [f"### Verdict: {headline(found)}", "", "| | |", "| :-- | :-- |"]
    lines += [
        f"| {_escaped(what)} | {'<br>'.join(map(_escaped, value.split(chr(10))))} |"
        for rows in sections(found)
        for what, value in rows
    ]
    return "\n".join(lines)


def to_html(found: Mapping[str, Any]) -> str:
    """As an HTML table, for a notebook."""
    rows = [row for part in sections(found) for row in part]
    return html_table(rows, caption=f"Verdict: {headline(found)}")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)

"""How results show themselves in a notebook: as the HTML of their `_repr_html_`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(
    rows: Iterable[Sequence[str]], *, header: Sequence[str] = (), caption: str = ""
) -> str:
    """An HTML table of texts; the first of each row is what the row is of.

    Texts are escaped, and a line feed in one is a line break. They should be printable otherwise.
    """
    parts = ["<table>"]
    if caption:
        parts.append(f"<caption>{_text(caption)}</caption>")
    if header:
        names = "".join(f'<th scope="col">{_text(name)}</th>' for name in header)
        parts.append(f"<thead><tr>{names}</tr></thead>")
    parts.append("<tbody>")
    for first, *others in rows:
        cells = "".join(f'<td style="text-align: left">{_text(text)}</td>' for text in others)
        parts.append(f'<tr><th scope="row">{_text(first)}</th>{cells}</tr>')
    parts.append("</tbody></table>")
    return "\n".join(parts)


def _text(text: str) -> str:
    return escape(text).replace("\n", "<br>")

"""How narrow a table can be without breaking its numbers, or losing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Column

_FOLDED = 16  # columns of the terminal that a name or a sentence keeps, however long its words
_BETWEEN = 3  # at most, between two columns of a table
_EDGES = 2


def least_width(part: RenderableType) -> int:
    """The columns of a terminal that `part` takes at least: 0 for a text, which can be folded.

    Rich itself folds numbers between their digits where a table is wider than the terminal, and
    leaves out whole columns of it. A longer line is folded by the terminal, and nothing is lost.
    """
    from rich.table import Table

    if not isinstance(part, Table):
        return 0
    return _EDGES + sum(_least(column) + _BETWEEN for column in part.columns)


def _least(column: Column) -> int:
    from rich.cells import cell_len

    texts = [str(cell) for cell in (column.header, *column.cells)]
    pieces = [piece for text in texts for piece in _pieces(text, whole=column.no_wrap)]
    longest = max(map(cell_len, pieces), default=0)
    numbers = column.justify == "right" or column.no_wrap
    return longest if numbers else min(longest, _FOLDED)


def _pieces(text: str, *, whole: bool) -> list[str]:
    return text.splitlines() if whole else text.split()

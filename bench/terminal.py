"""Where a benchmark prints its tables."""

from __future__ import annotations

from rich.console import Console


def wide_console(width: int) -> Console:
    """As wide as the terminal; elsewhere `width` columns, so that no table is cut."""
    own = None if Console().is_terminal else width
    return Console(highlight=False, markup=False, width=own)

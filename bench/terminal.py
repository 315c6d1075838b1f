"""Where a benchmark prints its tables, and what stands above them."""

from __future__ import annotations

from typing import Any

from rich.console import Console


def wide_console(width: int) -> Console:
    """As wide as the terminal; elsewhere `width` columns, so that no table is cut."""
    own = None if Console().is_terminal else width
    return Console(highlight=False, markup=False, width=own)


def cpu_heading(document: dict[str, Any]) -> str:
    """The machine and the versions of a run whose times are of the CPU, on one thread."""
    found = document["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    return (
        f"{found['cpu']}, {found['cores']} cores, {document['simd']}; {document['images']} photos, "
        f"one thread, CPU time, load average {found['load_average'][0]:.2f}\n{versions}"
    )

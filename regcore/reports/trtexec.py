"""The rates of trtexec as JSON and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from regcore.formats import trtexec
from regcore.formats.trtexec.result import COMPUTE, D2H, H2D, LATENCY, TrtexecResult
from regcore.reports.printable import printable
from regcore.schemas import json_form

if TYPE_CHECKING:
    from rich.table import Table


def to_dict(results: Sequence[TrtexecResult], failures: Sequence[str]) -> dict[str, Any]:
    """The rates for machines, and a sentence on each batch size that failed."""
    return {
        "format": json_form("trtexec"),
        "results": [trtexec.to_dict(result) for result in results],
        "failures": list(failures),
    }


def to_table(results: Sequence[TrtexecResult]) -> Table:
    """The rates for people, as a rich table with a row for each batch size."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    first = results[0]
    told = [found.value for found in (first.device, first.version) if found]
    title = escape(printable(", TensorRT ".join(told)))
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    columns = ("images/s", "queries/s", "latency, ms", "99 %", "H2D", "compute", "D2H")
    for name in ("batch", *columns):
        table.add_column(name, justify="right")
    for result in results:
        latency = result.rows[LATENCY]
        late = latency.percentiles.get(99.0)
        means = [result.rows[name].mean for name in (H2D, COMPUTE, D2H) if name in result.rows]
        cells = [latency.mean, late, *means]
        table.add_row(
            str(result.batch.value) if result.batch else "",
            f"{result.images_per_s or 0:.1f}",
            f"{result.qps.value:.1f}",
            *(f"{found.value:.3f}" if found else "" for found in cells),
        )
    return table


def doubts(results: Sequence[TrtexecResult]) -> Iterator[str]:
    """Sentences on results that do not compare, and the warnings of trtexec itself."""
    for result in results:
        reasons = trtexec.incomparable(results[0], result)
        if reasons:
            yield f"{results[0].log} and {result.log} do not compare: {'; '.join(reasons)}"
        for warning in result.warnings:
            yield f"{result.log}:{warning.line}: {warning.value}"

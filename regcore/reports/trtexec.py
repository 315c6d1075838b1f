"""The rates of trtexec as JSON and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from msgspec import Meta

from regcore.formats import trtexec
from regcore.formats.trtexec.result import COMPUTE, D2H, H2D, LATENCY, Found, TrtexecResult
from regcore.reports.printable import printable
from regcore.schemas import Format, json_form
from regcore.schemas.fields import Amount, Positive, as_dict, described, published

if TYPE_CHECKING:
    from rich.table import Table


_T = TypeVar("_T")

_Line = Positive | None
_Number = tuple[Amount, _Line]
_Whole = tuple[Positive, _Line]
_Text = tuple[str, _Line]
_Times = Annotated[
    dict[Annotated[str, Meta(pattern="^(min|max|mean|median|p[0-9.]+)$")], _Number | None],
    published(required=["min", "max", "mean", "median"]),
]


@dataclass(frozen=True)
class TrtexecSummary:
    """What a log says of one batch size."""

    log: Annotated[str, described("The file.")]
    images_per_s: Annotated[
        Amount | None,
        described("queries/s times images a query; null where that is not known."),
    ]
    qps: Annotated[_Number, described("Queries/s, which are batches/s.")]
    batch: Annotated[_Whole | None, described("Images to a batch.")]
    images_per_query: Annotated[Positive | None, described("What a query is worth.")]
    version: Annotated[_Text | None, described("Of TensorRT.")]
    device: Annotated[_Text | None, described("The GPU.")]
    ms: Annotated[
        dict[Annotated[str, Meta(pattern="^[A-Z].*$")], _Times],
        described(
            "Rows of the summary by their names, in ms: of p99, 99 % are smaller. The mean is "
            "null where a version prints none."
        ),
    ]
    walltime_s: Annotated[_Number | None, described("Of the whole run.")]
    gpu_compute_s: Annotated[_Number | None, described("Of it, in the model.")]
    settings: Annotated[
        dict[str, _Text], described("By their names in the log; TF32 as the command has it.")
    ]
    warnings: Annotated[list[_Text], described("Of trtexec, on what limits or blurs the figures.")]


@dataclass(frozen=True)
class TrtexecForm:
    """What trtexec measured.

    Each value is a pair with the line of the log that says it, null where the caller told it.
    """

    format: Format
    results: Annotated[list[TrtexecSummary], described("One for each batch size that ran.")]
    failures: Annotated[list[str], described("A sentence on each that did not.")]


def to_dict(results: Sequence[TrtexecResult], failures: Sequence[str]) -> dict[str, Any]:
    """The rates for machines, and a sentence on each batch size that failed."""
    summaries = [_summary(result) for result in results]
    return as_dict(TrtexecForm(json_form("trtexec"), summaries, list(failures)))


def _summary(result: TrtexecResult) -> TrtexecSummary:
    return TrtexecSummary(
        log=result.log,
        images_per_s=result.images_per_s,
        qps=_told(result.qps),
        batch=_pair(result.batch),
        images_per_query=result.images_per_query,
        version=_pair(result.version),
        device=_pair(result.device),
        ms={
            row.name: {
                "min": _pair(row.min),
                "max": _pair(row.max),
                "mean": _pair(row.mean),
                "median": _pair(row.median),
                **{f"p{rank:g}": _pair(found) for rank, found in row.percentiles.items()},
            }
            for row in result.rows.values()
        },
        walltime_s=_pair(result.walltime),
        gpu_compute_s=_pair(result.compute_time),
        settings={name: _told(found) for name, found in result.settings.items()},
        warnings=[_told(found) for found in result.warnings],
    )


def _pair(found: Found[_T] | None) -> tuple[_T, int | None] | None:
    return None if found is None else _told(found)


def _told(found: Found[_T]) -> tuple[_T, int | None]:
    return (found.value, found.line)


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

"""regcore trtexec: what the device alone does, batch by batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from regcore.cli.console import ENVIRONMENT, answer, show, tell
from regcore.cli.options import batch_sizes
from regcore.reports.printable import printable

if TYPE_CHECKING:
    from rich.table import Table

    from regcore.formats.trtexec import TrtexecResult


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--batch",
    "batches",
    type=batch_sizes,
    metavar="N,N,...",
    default="1,4,8,16,32,64",
    show_default=True,
    help="Batch sizes to measure, one run of trtexec each.",
)
@click.option("--fp16", is_flag=True, help="Compute in float16 where that is faster.")
@click.option(
    "--logs",
    type=click.Path(file_okay=False, path_type=Path),
    default="trtexec_logs",
    show_default=True,
    help="The folder in which trtexec's logs are kept.",
)
@click.option("--force", is_flag=True, help="Replace files that trtexec has not written.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def trtexec(
    *,
    model: Path,
    options: tuple[str, ...],
    batches: tuple[int, ...],
    fp16: bool,
    logs: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Measure an ONNX file with NVIDIA's trtexec at several batch sizes, as in the guide.

    This is the rate of the device alone, on made-up images: images/s are trtexec's queries/s times
    the batch. OPTIONS after a -- go to trtexec as they are. It is told where two results do not
    compare. The exit code is 4 where trtexec fails at one of the batch sizes.

    \b
    Examples:
      regcore trtexec regnety_016.onnx --batch 1,16,64 --fp16
      regcore trtexec regnety_016.onnx -- --useCudaGraph --useSpinWait
    """  # noqa: D301
    from regcore.errors import LogError
    from regcore.formats.trtexec import to_dict
    from regcore.models.onnx_file import read_onnx
    from regcore.performance.trtexec_rates import RateMeasurement
    from regcore.schemas import json_form

    measurement = RateMeasurement(read_onnx(model), logs, fp16=fp16, options=options)
    sizes = measurement.batches(batches)
    measurement.check_outputs(sizes, force=force)
    results: list[TrtexecResult] = []
    failures: list[str] = []
    for batch in sizes:
        tell(f"batch {batch}: the log goes to {measurement.log_path(batch)}")
        try:
            results.append(measurement.measure(batch, lambda line: click.echo(line, err=True)))
        except LogError as error:
            failures.append(f"batch {batch}: {error}")
    if as_json:
        found = [to_dict(result) for result in results]
        answer({"format": json_form("trtexec"), "results": found, "failures": failures})
    elif results:
        show(_table(results))
    _tell_doubts(results)
    for failure in failures:
        tell(failure)
    if failures:
        raise click.exceptions.Exit(ENVIRONMENT)


def _table(results: list[TrtexecResult]) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from regcore.formats.trtexec.result import COMPUTE, D2H, H2D, LATENCY

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


def _tell_doubts(results: list[TrtexecResult]) -> None:
    from regcore.formats.trtexec import incomparable

    for result in results:
        reasons = incomparable(results[0], result)
        if reasons:
            tell(f"{results[0].log} and {result.log} do not compare: {'; '.join(reasons)}")
        for warning in result.warnings:
            tell(f"{result.log}:{warning.line}: {warning.value}")

"""regcore trtexec: what the device alone does, batch by batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from regcore.api.messages import log_all
from regcore.cli.console import ENVIRONMENT, echo_line, log, print_json, print_text
from regcore.cli.options import batch_sizes


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
def trtexec(*, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Measure an ONNX file with NVIDIA's trtexec at several batch sizes, as in the guide.

    This is the rate of the device alone, on made-up images: images/s are trtexec's queries/s times
    the batch. OPTIONS after a -- go to trtexec as they are. It is told where two results do not
    compare. The exit code is 4 where trtexec fails at one of the batch sizes.

    \b
    Examples:
      regcore trtexec regnety_016.onnx --batch 1,16,64 --fp16
      regcore trtexec regnety_016.onnx -- --useCudaGraph --useSpinWait
    """  # noqa: D301
    from regcore.api.trtexec import measure_trtexec
    from regcore.reports.trtexec import doubts, to_table

    rates = measure_trtexec(**options, log=log, show_line=echo_line)
    if as_json:
        print_json(rates.to_dict())
    elif rates.results:
        print_text(to_table(rates.results))
    log_all(log, doubts(rates.results))
    log_all(log, rates.failures)
    if rates.failures:
        raise click.exceptions.Exit(ENVIRONMENT)

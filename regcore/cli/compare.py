"""regcore compare: rates and accuracies of several devices side by side."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from regcore.api.messages import log_all
from regcore.cli.console import INCOMPLETE, log, print_json, print_text
from regcore.cli.lint import lint_guide
from regcore.cli.options import FileLike
from regcore.errors import UsageError

_DEFAULT_DECIMALS = 8


@click.command()
@click.argument("results", metavar="[NAME=]RESULT...", nargs=-1, type=FileLike())
@click.option(
    "--chips",
    "chips",
    metavar="NAME=N",
    multiple=True,
    help="A card of so many devices, by which the rate of one is multiplied: 310=4.",
)
@click.option(
    "--ratio",
    "ratios",
    metavar="A/B[:DECIMALS]",
    multiple=True,
    help=f"A column with A divided by B, to {_DEFAULT_DECIMALS} decimals.",
)
@click.option(
    "--metric",
    type=click.Choice(["interface", "end-to-end", "read", "preprocess", "infer", "post"]),
    default="interface",
    show_default=True,
    help="The rate of one device inside the model's execution only, from files to results, or of a "
    "stage of the benchmark tool, whose [post] counts batches.",
)
@click.option(
    "--against",
    metavar="NAME",
    help="The column that counts as right: compare the other runs to it image by image.",
)
@click.option(
    "--max-drop",
    metavar="1.0pt|1.0%",
    help="With --against: the drop that is allowed, as for 'regcore verdict'.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "csv"]),
    default="table",
    show_default=True,
    help="How the table is printed.",
)
@click.option(
    "--lint",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="GUIDE.md",
    help="Check the table of rates in a guide against the logs in its text.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="RUN_DIR",
    help="Folder for comparison.json, which 'regcore report' shows.",
)
@click.option("--force", is_flag=True, help="Replace a comparison.json that is none of regcore's.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def compare(
    *,
    results: tuple[str, ...],
    chips: tuple[str, ...],
    form: str,
    lint: Path | None,
    as_json: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Put measured rates and accuracies side by side: batch sizes down, devices across.

    RESULT is a file of one of these, or a folder with them: regcore's perf.json, the benchmark
    tool's perf_vision_batchsize_N_device_M.txt and PureInfer files, an ais_bench summary, a trtexec
    log; and for accuracies a result.json of 'regcore run', 'regcore score' or the guide's script.
    FILE.csv:MODEL is a row of timm's results, timm:MODEL one of those that are built in.

    NAME is the column; the same NAME may be given several times. Devices that shared a run have a
    file each, which are added up. Where each cell is from, and what was done to it, goes to stderr,
    and into the JSON. Accuracies are in % of the images, with the 95 % interval that so many of
    them give. One that is not complete is only bounded, and the exit code is 3.

    With --against the folders of runs on the same images are put beside that of a column: the size
    of the model, the images that were lost and won, the change of Top1 with its interval, McNemar's
    p, whether they are equivalent within --max-drop, and the classes that lost most. So float32,
    float16 and int8 stand in one table; 'regcore verdict' decides.

    With --lint a guide's own table is recomputed from its own logs; the exit code is 5 where a
    figure is another. With --format markdown it is printed as it should be.

    \b
    Examples:
      regcore compare 310=r310 310P=r310p T4=trtexec_logs --chips 310=4 --ratio 310P/310
      regcore compare om=result timm:regnety_016.pycls_in1k --format markdown
      regcore compare float32=a fp16=b int8=c --against float32 --max-drop 1pt --out c
      regcore compare --lint README.md
    """  # noqa: D301
    if lint is not None:
        if results or chips or options["ratios"] or options["out"] or options["against"]:
            raise UsageError("--lint takes a guide, and no results or their options beside it")
        lint_guide(lint, form, as_json=as_json)
        return
    from regcore.api.compare import compare_rates
    from regcore.reports.comparison import rendering

    compared = compare_rates(results, chips=dict(_counts(chips)), **options, log=log)
    comparison = compared.comparison
    if as_json:
        print_json(compared.to_dict())
    elif form == "table":
        print_text(rendering.to_table(comparison))
    else:
        click.echo(rendering.to_text(rendering.rows_of_texts(comparison), form))
    if not as_json:
        log_all(log, rendering.sources(comparison))
    log_all(log, (*comparison.incomplete, *comparison.doubts))
    if comparison.incomplete:
        raise click.exceptions.Exit(INCOMPLETE)


def _counts(chips: Iterable[str]) -> Iterable[tuple[str, int]]:
    from regcore.files.number_input import parse_count

    for text in chips:
        name, _, count = text.partition("=")
        try:
            yield name, parse_count(count, least=1)
        except ValueError:
            raise UsageError(
                f"--chips {text}: expected NAME=N, with the NAME of a column"
            ) from None

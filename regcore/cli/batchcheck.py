"""regcore batchcheck: whether an image has the same scores wherever it stands in a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from regcore.cli.console import INCOMPLETE, MISMATCH, log, print_json, print_text
from regcore.cli.device_options import device_options
from regcore.cli.options import FileLike, FiniteFloat, Photos, photos_help, preprocess_options
from regcore.cli.report_option import put_into_report, report_option


@click.command()
@click.argument("model", type=FileLike())
@click.argument("images", type=Photos(), required=False)
@click.option(
    "--max-difference",
    type=FiniteFloat(min=0),
    default=0.001,
    show_default=True,
    metavar="PART",
    help="Of the largest score: how far scores may be apart. 0: equal to the last bit.",
)
@report_option
@device_options
@preprocess_options
@photos_help
def batchcheck(*, report_in: Path | None, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Run a batch of IMAGES on MODEL in many ways that should make no difference.

    The same batch again, batches in a queue, each image in every slot, beside other images and
    beside copies of itself, in a batch that is padded with zeros, large values or NaN, and in
    batches of other sizes. Compared are the scores of each image: the largest difference, how many
    first choices flip, and where. No reference is needed. MODEL is as for 'regcore run'; without
    IMAGES it gets noise.

    \b
    PASS (exit code 0): no first choice flips, no score is NaN, none is further off than
    --max-difference. FAIL (5). UNDECIDED (3): a batch of 1 leaves nothing to compare.

    \b
    Examples:
      regcore batchcheck model.onnx imagenet/val --batch-size 16
      regcore batchcheck model.engine --max-difference 0.01
    """  # noqa: D301
    from rich.markup import escape

    from regcore.api.batchcheck import check_batches
    from regcore.reports.batchcheck import places, to_table

    found = check_batches(**options, log=log)
    if as_json:
        print_json(found.to_dict())
    else:
        about = found.about
        head = f"{found.outcome}: {about['model']} on {about['backend']} ({about['provider']})"
        print_text(
            escape(f"{head}, batches of {found.batch_size}"),
            to_table(found.checks, found.max_difference),
            *map(escape, places(found.checks)),
        )
    put_into_report(report_in, found)
    if found.outcome == "FAIL":
        raise click.exceptions.Exit(MISMATCH)
    if found.outcome == "UNDECIDED":
        log(
            "a batch of 1 leaves nothing to compare; --batch-size 16 does, where the model takes it"
        )
        raise click.exceptions.Exit(INCOMPLETE)

"""regcore profile: host against device, and what holds the whole up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from regcore.cli.console import log, print_json, print_text
from regcore.cli.device_options import device_options
from regcore.cli.options import (
    FileLike,
    FiniteFloat,
    Photos,
    batch_sizes,
    photos_help,
    preprocess_options,
)
from regcore.cli.progress import status_line


@click.command()
@click.argument("model", type=FileLike())
@click.argument("images", type=Photos())
@click.option(
    "--batch",
    "batch_sizes",
    type=batch_sizes,
    metavar="N,N,...",
    help="Batch sizes to measure; the first is judged.  [default: --batch-size]",
)
@click.option(
    "--seconds",
    type=FiniteFloat(min=0, min_open=True),
    default=2.0,
    show_default=True,
    help="Time of each measurement.",
)
@click.option("--verify", is_flag=True, help="Try what the verdict advises.")
@click.option(
    "--chips",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Devices on the card (an Ascend 310 has 4): also show the rate of one times this.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for profile.json, which 'regcore report' shows.",
)
@click.option("--force", is_flag=True, help="Replace also a profile.json of something else.")
@device_options
@preprocess_options
@photos_help
def profile(*, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Measure MODEL's device against the host that prepares IMAGES, and say what is too slow.

    Each stage is measured alone, for --seconds: the device with a batch at hand, reading files that
    the system was asked to drop from memory, preprocessing files in memory, and counting the
    scores. Preprocessing is measured with every number of workers up to 8, then with 12, 16, 24, 32
    and so on up to --workers, for a quarter of the time each. The whole is measured as 'regcore
    run' does it, over files that are in memory where they fit.

    --verify runs the whole again with what the sentence advises. Where that is uint8 input, and the
    model takes none, the host prepares uint8 and the model computes one batch of its own over and
    over; 'regcore export --fuse-preprocess' makes a model that takes it.

    \b
    Examples:
      regcore profile regnety_016.onnx imagenet/val --batch 1,4,8,16,32
      regcore profile regnety_016.om imagenet/val --batch-size 16 --workers 8 --chips 4 --verify
    """  # noqa: D301
    from rich.markup import escape

    from regcore.api.profile import profile_model
    from regcore.reports.profile import batch_table, sentences, stage_table

    measured = profile_model(**options, log=log, status=status_line)
    result = measured.profile
    if as_json:
        print_json(measured.to_dict())
    else:
        tables = (stage_table(result), batch_table(result, measured.chips))
        print_text(*tables, *map(escape, sentences(result)))
    if measured.path is not None:
        log(f"wrote {measured.path}")

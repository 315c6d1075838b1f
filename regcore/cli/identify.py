"""regcore identify: which recipe made a tensor of these photos."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import click

from regcore._native.choices import MAX_WORKERS
from regcore.cli.console import MISMATCH, log, print_json, print_text
from regcore.cli.options import FileLike, Photos
from regcore.cli.progress import progress_bar
from regcore.cli.report_option import put_into_report, report_option


def rows_and_columns(text: str) -> tuple[int, int]:
    """The type of options such as 224x160."""
    given = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text.strip())
    if given is None:
        raise click.BadParameter(f"{text!r} is not rows and columns such as 224x160")
    return int(given[1]), int(given[2])


@click.command()
@click.argument("tensor", type=click.Path(exists=True, path_type=Path))
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=Photos())
@click.option(
    "--expect",
    metavar="RECIPE",
    type=FileLike(),
    help="What you take it for: a RECIPE, or a model or store that has one. Says in what it "
    "differs, with exit code 5.",
)
@click.option(
    "--size",
    type=rows_and_columns,
    metavar="ROWSxCOLUMNS",
    help="Of plain values that are not square: 224x160.",
)
@click.option(
    "--adopt",
    is_flag=True,
    help="Make the folder TENSOR a store by the recipe found, once every file is compared.",
)
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the recipe to this file, for --recipe.",
)
@click.option("--force", is_flag=True, help="Replace a file that is none of regcore's.")
@click.option(
    "--workers", type=click.IntRange(1, MAX_WORKERS), help="Threads that --adopt compares with."
)
@report_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def identify(*, report_in: Path | None, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Find the recipe that made TENSOR of the photos IMAGE..., bit by bit.

    TENSOR is a .npy, an ONNX TensorProto (.pb), a file of plain values (.bin), or a folder of one
    .bin for each photo. IMAGE... are its photos in their order, or their folder. Every library,
    filter, size, crop, mean, std, order of roundings, layout, order of channels and dtype that a
    recipe can say is looked for. What these photos do not tell is named, with the photo that would.

    Exit code 0: a recipe gives every bit; 5: none does, and the nearest is named, or it is not the
    expected one.

    \b
    Examples:
      regcore identify input.npy photo1.jpg photo2.jpg
      regcore identify input.bin photo.jpg --expect timm:resnet50.a1_in1k
      regcore identify prep_dataset imagenet/val --adopt -o recipe.json
    """  # noqa: D301
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from regcore.api.identify import identify_tensor
    from regcore.reports.identify import headline, to_rows

    made = identify_tensor(**options, log=log, progress=partial(progress_bar, "comparing"))
    if as_json:
        print_json(made.to_dict())
    else:
        table = Table(show_header=False, box=box.SIMPLE)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for what, value in to_rows(made.form):
            table.add_row(escape(what), escape(value))
        print_text(headline(made.form), table)
    put_into_report(report_in, made)
    if made.recipe is None or (options["expect"] is not None and not made.as_expected):
        raise click.exceptions.Exit(MISMATCH)

"""regcore inspect: what a model file is."""

from __future__ import annotations

from pathlib import Path

import click

from regcore.cli.console import print_json, print_text
from regcore.reports.printable import printable


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def inspect(*, model: Path, as_json: bool) -> None:
    """Show what MODEL takes and gives, its batch size, opset and recipe, without running it.

    MODEL is an .onnx file, OpenVINO's .xml, or an .om or .engine that regcore convert has built.
    Where there is an Ascend, or a GPU with TensorRT, it is asked what an .om or .engine takes and
    gives, and any of them will do.

    \b
    Example:
      regcore inspect regnety_016.onnx
    """  # noqa: D301
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from regcore.convert.inspect import inspect_model, to_rows
    from regcore.convert.inspect_form import to_dict

    facts = inspect_model(model)
    if as_json:
        print_json(to_dict(facts))
        return
    table = Table(show_header=False, box=box.SIMPLE)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for what, value in to_rows(facts):
        table.add_row(what, escape(printable(value)))
    print_text(table)

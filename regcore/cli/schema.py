"""regcore schema: what the JSON of the commands holds."""

from __future__ import annotations

import click

from regcore.cli.console import print_json, print_text


@click.command()
@click.argument("name", required=False)
def schema(*, name: str | None) -> None:
    """Print the JSON Schema NAME (draft 2020-12) of a file or of what --json prints.

    Without NAME: which ones there are. Each says what every value means, in which unit. The JSON
    itself names its form and version under "format"; result.json does not, for the guide gives its
    form. A schema needs no other file; check one with 'check-jsonschema', say.

    \b
    Examples:
      regcore schema
      regcore schema comparison > comparison.schema.json
    """  # noqa: D301
    from rich import box
    from rich.table import Table

    from regcore.schemas import load_schema, schema_names

    if name is not None:
        print_json(load_schema(name))
        return
    table = Table(box=box.SIMPLE)
    table.add_column("name", no_wrap=True)
    table.add_column("version", justify="right")
    table.add_column("of", overflow="fold")
    for known in schema_names():
        found = load_schema(known)
        table.add_row(known, found["$id"].rpartition(":")[2], found["title"])
    print_text(table)

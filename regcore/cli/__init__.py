"""The `regcore` command: one file for each of its commands."""

from __future__ import annotations

import click

from regcore.cli.command_group import Commands
from regcore.cli.sections import SECTIONS
from regcore.errors import UsageError


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001
    if not wanted or ctx.resilient_parsing:
        return
    from regcore.host import version_line

    try:
        line = version_line()
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    click.echo(line)
    ctx.exit()


@click.group("regcore", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the versions of regcore and its core, and the SIMD level in use.",
)
def cli(*, debug: bool) -> None:
    """Preprocess images exactly as Pillow does, run a classifier on them, and count TopN.

    \b
    Try it, with photos and a model that come with pip install 'regcore[demo]':
      regcore demo

    \b
    Exit codes: 0 done, 1 verdict not met, 2 usage, 3 incomplete data,
    4 environment or device, 5 verification mismatch, 130 interrupted (Ctrl-C),
    143 ended by SIGTERM.
    """  # noqa: D301


cli.list_in(SECTIONS)

"""regcore help: the same as --help, for those who ask first."""

from __future__ import annotations

import click


def _names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """For shells: the commands of what has been typed so far."""
    group = ctx.find_root().command
    for word in ctx.params.get(param.name or "") or ():
        group = group.commands.get(word, group) if isinstance(group, click.Group) else group
    names = group.commands if isinstance(group, click.Group) else ()
    return [name for name in names if name.startswith(incomplete)]


@click.command()
@click.argument("words", metavar="[COMMAND]...", nargs=-1, shell_complete=_names)
@click.pass_context
def help(ctx: click.Context, /, *, words: tuple[str, ...]) -> None:  # noqa: A001
    """Show the help of a command, or of all.

    \b
    Examples:
      regcore help
      regcore help run
      regcore help recipe show
    """  # noqa: D301
    asked = ctx.find_root()
    for word in words:
        group = asked.command
        if not isinstance(group, click.Group):
            raise click.UsageError(f"{asked.command_path} has no commands of its own", asked)
        _, command, _ = group.resolve_command(asked, [word])
        if command is not None:
            asked = click.Context(command, info_name=word, parent=asked)
    click.echo(asked.get_help())

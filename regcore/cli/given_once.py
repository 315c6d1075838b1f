"""Options that can be given once, and are given twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click


def refuse_repeated(command: click.Command, words: Sequence[str], parent: click.Context) -> None:
    """Raises UsageError for an option that is given again: only the last one would count.

    words: what follows the command. Switches may be given again. Nothing is said where --help is
    asked for, nor of words that make no sense: the command itself complains of these.
    """
    ctx = click.Context(
        command,
        parent,
        info_name=command.name,
        resilient_parsing=True,
        **command.context_settings,
    )
    _, rest, given = command.make_parser(ctx).parse_args(list(words))
    counts = Counter(option for option in given if isinstance(option, click.Option))
    if any(option.is_eager for option in counts):
        return
    for option, count in counts.items():
        if count > 1 and not (option.multiple or option.is_flag or option.count):
            times = "twice" if count == 2 else f"{count} times"  # noqa: PLR2004
            name = max(option.opts, key=len)
            raise click.UsageError(f"{name} is given {times}, and can be given only once", ctx)
    if isinstance(command, click.Group) and rest and rest[0] in command.commands:
        refuse_repeated(command.commands[rest[0]], rest[1:], ctx)

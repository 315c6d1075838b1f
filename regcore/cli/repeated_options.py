"""Options that count once, and are given twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from regcore.cli.console import log


def tell_repeated(command: click.Command, words: Sequence[str], parent: click.Context) -> None:
    """Says of each option of one value that is given again that its last value counts.

    Scripts append options to override earlier ones, so that this is no error. words: what follows
    the command. Switches may be given again. Nothing is said where --help is asked for, nor of
    words that make no sense: the command itself complains of these.
    """
    ctx = click.Context(command, parent, info_name=command.name, **command.context_settings)
    try:
        _, rest, given = command.make_parser(ctx).parse_args(list(words))
    except click.UsageError:
        return
    counts = Counter(option for option in given if isinstance(option, click.Option))
    if any(option.is_eager for option in counts):
        return
    for option, count in counts.items():
        if count > 1 and not (option.multiple or option.is_flag or option.count):
            times = "twice" if count == 2 else f"{count} times"  # noqa: PLR2004
            log(f"{max(option.opts, key=len)} is given {times}; only the last one counts")
    if isinstance(command, click.Group) and rest and rest[0] in command.commands:
        tell_repeated(command.commands[rest[0]], rest[1:], ctx)

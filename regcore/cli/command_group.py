"""The group of all commands: imported when called, listed by task, failing in one voice."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any

import click

from regcore.api.messages import LoggedInterrupt
from regcore.cli.console import report_failure, report_usage
from regcore.cli.docstrings import complete_help
from regcore.cli.repeated_options import tell_repeated
from regcore.cli.sections import Section
from regcore.cli.termination import interrupted_code

_LINE = "regcore.command_line"


def command_line() -> list[str] | None:
    """The words of the command that runs, None where none does."""
    ctx = click.get_current_context(silent=True)
    found: list[str] | None = None if ctx is None else ctx.meta.get(_LINE)
    return found


class _Modules(MutableMapping[str, click.Command]):
    """Commands by their names; the command NAME is imported from regcore.cli.NAME."""

    def __init__(self, purposes: Mapping[str, str]) -> None:
        self._purposes = purposes
        self._loaded: dict[str, click.Command | None] = dict.fromkeys(purposes)

    def __getitem__(self, name: str) -> click.Command:
        found = self._loaded[name]
        if found is None:
            module = import_module(f"regcore.cli.{name}")
            found = self._loaded[name] = getattr(module, name)
            found.short_help = self._purposes[name]
            complete_help(found)
        return found

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


class Commands(click.Group):
    """A group in which every failure is one line on stderr and a documented exit code."""

    #: The commands by task.
    sections: Sequence[Section] = ()

    def list_in(self, sections: Sequence[Section]) -> None:
        """Makes these commands known, in the order in which --help shows them."""
        self.sections = sections
        complete_help(self)
        self.commands = _Modules(dict(one for _, listed in sections for one in listed))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the sections."""
        del ctx
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands by task."""
        del ctx
        width = max(len(name) for name in self.commands)
        for task, listed in self.sections:
            with formatter.section(task):
                formatter.write_dl([(name.ljust(width), what) for name, what in listed])

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:  # noqa: ANN401
        """Runs the command line; see click.Group. What click complains of is one line, too."""
        begin: Callable[..., Any] = super().main
        if not standalone_mode:
            return begin(*args, standalone_mode=False, **extra)
        try:
            code = begin(*args, standalone_mode=False, **extra)
        except click.ClickException as error:
            sys.exit(report_usage(error))
        except click.Abort:
            sys.exit(report_failure(KeyboardInterrupt()))
        sys.exit(code if isinstance(code, int) else 0)

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> Any:  # noqa: ANN401
        """See click.Group; the context knows the whole command line."""
        if not extra.get("resilient_parsing"):  # as where a shell completes a line
            _refuse_empty(args)
        line = [info_name or "regcore", *args]
        make: Callable[..., click.Context] = super().make_context
        try:
            ctx = make(info_name, args, *more, **extra)
        except BrokenPipeError as error:  # click's own exit code says that a verdict is not met
            raise click.exceptions.Exit(report_failure(error)) from None
        ctx.meta[_LINE] = line
        return ctx

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See click.Group; an option that is given twice is told."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and not ctx.resilient_parsing:
            tell_repeated(command, rest, ctx)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; see click.Group."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except LoggedInterrupt:
            ctx.exit(interrupted_code())
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
            if ctx.params.get("debug"):
                traceback.print_exc()
            ctx.exit(report_failure(error))


def _refuse_empty(words: Sequence[str]) -> None:
    """Raises UsageError for an empty word, which else would be the current folder or a default."""
    own = words[: words.index("--")] if "--" in words else words
    joined = [word.partition("=")[0] for word in own if re.fullmatch("--[^=]+=", word)]
    parted = [before for before, word in pairwise(("", *words)) if not word]
    for before in (*joined, *parted):
        which = f"what follows {before}" if before.startswith("-") else "an argument"
        raise click.UsageError(f"{which} is empty, as of a variable that is not set")

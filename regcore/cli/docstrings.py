"""What commands say of themselves, which stands in their docstrings."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

import click

_INSTEAD = "What this does is not told under 'python -OO'; run --help without -OO."


def docstring_of(function: Callable[..., Any]) -> str:
    """As it is written; under 'python -OO', which drops docstrings, it is read from the source."""
    written = function.__doc__
    if written is None:
        try:
            tree = ast.parse(inspect.getsource(inspect.unwrap(function)))
        except (OSError, SyntaxError):  # without its source, as in a folder of .pyc files
            return _INSTEAD
        written = next(
            (ast.get_docstring(found) for found in tree.body if isinstance(found, ast.FunctionDef)),
            None,
        )
    return inspect.cleandoc(written or _INSTEAD)


def complete_help(command: click.Command) -> None:
    """Gives a command, and those below it, the help that they have not got under 'python -OO'."""
    if command.help is None and command.callback is not None:
        command.help = docstring_of(command.callback)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            complete_help(below)

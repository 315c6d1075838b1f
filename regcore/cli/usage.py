"""What click finds wrong with the arguments, in one line that says what to do."""

from __future__ import annotations

import re

import click

#: click's sentences on a value, and the same in plain words.
_PLAIN = (
    (r"(.+) is not in the range x>=(\S+)", r"must be at least \2, not \1"),
    (r"(.+) is not in the range x>(\S+)", r"must be more than \2, not \1"),
    (r"(.+) is not in the range (\S+)<=x<=(\S+)", r"must be from \2 to \3, not \1"),
    (r"(.+) is not in the range (\S+)<x<=(\S+)", r"must be more than \2 and at most \3, not \1"),
    (r"(.+) is not in the range (\S+)<x<(\S+)", r"must be between \2 and \3, not \1"),
    (r"(.+) is not a valid integer( range)?", r"must be a whole number, not \1"),
    (r"(.+) is not a valid float( range)?", r"must be a number, not \1"),
    (r"(?:Path|File|Directory) '(.*)' does not exist", r"there is no file or folder '\1'"),
    (r"File '(.*)' is a directory", r"'\1' is a folder, and must be a file"),
    (r"Directory '(.*)' is a file", r"'\1' is a file, and must be a folder"),
    (r"(?:Path|File|Directory) '(.*)' is not readable", r"'\1' may not be read"),
)
#: The word is quoted as Python does it.
_NO_COMMAND = re.compile(r"No such command (?P<quote>['\"])(?P<word>.*?)(?P=quote)", re.DOTALL)


def usage_sentence(error: click.UsageError) -> str:
    """What is wrong, of which command, and what to do about it."""
    where = "regcore" if error.ctx is None else error.ctx.command_path
    said = error.format_message().strip().rstrip(".")
    help_of = f"'{where} --help' shows"
    if isinstance(error, click.NoSuchOption):
        told = _unknown(f"{where} has no option {error.option_name}", error)
    elif found := _NO_COMMAND.match(said):
        told = _unknown(f"{where} has no command {found['word']}", error)
    elif isinstance(error, click.MissingParameter):
        told = f"{_name(error) or said} is missing: {_usage(error)}; {help_of} what it is"
    elif isinstance(error, click.BadParameter):
        told = f"{_name(error)}: {_plain(error.message.rstrip('.'))}"
        told = told if "there is no" in told else f"{told}; {help_of} what it takes"
    elif isinstance(error, click.BadOptionUsage) and said.endswith("requires an argument"):
        told = f"{error.option_name} needs a value after it"
    elif said.startswith("Got unexpected extra argument"):
        extra = said.partition("(")[2].rstrip(")")
        told = f"too many arguments, {extra!r} is one too many: {_usage(error)}"
    else:
        told = f"{said[:1].lower()}{said[1:]}; {help_of} more"
    return told


def _unknown(lacks: str, error: click.UsageError) -> str:
    near = getattr(error, "possibilities", None)  # of newer versions of click
    where = "regcore" if error.ctx is None else error.ctx.command_path
    return f"{lacks}; did you mean {near[0]}?" if near else f"{lacks}; see '{where} --help'"


def _name(error: click.BadParameter) -> str:
    """What the user calls the argument or option."""
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    if error.param is not None:
        name = error.param.metavar or error.param.human_readable_name
        return str(error.param.name).upper() if name.startswith("{") else name.strip("[]").upper()
    return str(error.param_hint or "").strip("'")


def _usage(error: click.UsageError) -> str:
    usage = "" if error.ctx is None else error.ctx.get_usage()
    return " ".join(usage.removeprefix("Usage: ").split())


def _plain(message: str) -> str:
    for pattern, plain in _PLAIN:
        if found := re.fullmatch(pattern, message):
            return found.expand(plain)
    return message

"""What the commands share: failures as exit codes, answers on stdout, the rest on stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

import click

from regcore.cli.termination import interrupted_code
from regcore.cli.usage import usage_sentence
from regcore.errors import OutputError, RegcoreError
from regcore.reports.printable import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

NOT_MET = 1
INCOMPLETE = 3
ENVIRONMENT = 4
MISMATCH = 5
PIPE_CLOSED = 141


def report_failure(error: BaseException) -> int:
    """Says on stderr, in one line, what ended a command; returns the exit code."""
    if isinstance(error, BrokenPipeError):
        silence(sys.stdout)
        return PIPE_CLOSED
    if _was_interrupted(error):
        error = KeyboardInterrupt()
    if isinstance(error, OSError) and _was_printing(error):
        error = _unwritten_answer(error)
    code, message = _explain(error)
    _flush_or_silence(sys.stdout)
    if isinstance(error, KeyboardInterrupt) and sys.stderr.isatty():
        click.echo(err=True)  # the terminal has written ^C behind whatever stood there
    log(message)
    return code


def show_warnings_in_a_line() -> None:
    """Python's warnings on stderr, without the place in the code."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        log(str(message))

    warnings.showwarning = show


def report_usage(error: click.ClickException) -> int:
    """The same for what click finds wrong with the arguments."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
    elif isinstance(error, click.UsageError):
        log(usage_sentence(error))
    else:
        log(error.format_message())
    return error.exit_code


def _flush_or_silence(stream: TextIO) -> None:
    """What cannot be flushed now would be tried again as Python ends, whose exit code is 120."""
    try:
        stream.flush()
    except OSError:
        silence(stream)


def _was_interrupted(error: BaseException) -> bool:
    """Whether Ctrl-C is what broke a lock: Python's own waiting loses one that it does not hold."""
    return isinstance(error, RuntimeError) and isinstance(error.__context__, KeyboardInterrupt)


def _was_printing(error: OSError) -> bool:
    """Whether it is an answer, or a --help, that could not be written."""
    return any(
        frame.f_code is click.echo.__code__ for frame, _ in traceback.walk_tb(error.__traceback__)
    )


def _explain(error: BaseException) -> tuple[int, str]:
    if isinstance(error, RegcoreError):
        return error.exit_code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return interrupted_code(), "interrupted"
    if isinstance(error, OSError):
        return ENVIRONMENT, f"{error.filename}: {error.strerror}" if error.filename else str(error)
    if isinstance(error, MemoryError):
        return ENVIRONMENT, f"out of memory: {error}" if str(error) else "out of memory"
    what = f"{type(error).__name__}: {error}"
    return ENVIRONMENT, f"internal error, {what} ('regcore --debug ...' shows where)"


def log(message: str) -> None:
    """One line on stderr; what is not printable, as in a hostile file name, is written out.

    Where stderr cannot be written, the line is lost; the exit code still says how it ended.
    """
    try:
        click.echo(f"regcore: {printable(message)}", err=True)
    except OSError:
        silence(sys.stderr)


def echo_line(line: str) -> None:
    """A line of another program's log, on stderr as it is."""
    click.echo(line, err=True)


def silence(stream: TextIO) -> None:
    """Sends the rest of a stream that cannot be written to nowhere.

    Python's last flush would complain of it again, and change the exit code.
    """
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_json(result: dict[str, Any]) -> None:
    """A result as JSON on stdout."""
    _print(json.dumps(result, indent=2))


def print_document(text: str) -> None:
    """A text for another program on stdout, as it is."""
    _print(text)


def print_text(*parts: RenderableType) -> None:
    """Text or tables on stdout, with colours on a terminal."""
    from rich.console import Console

    from regcore.cli.least_width import least_width

    console = Console(highlight=False)
    console.width = max([console.width, *map(least_width, parts)])
    # Not printed by rich itself, which ends the program in its own way on a closed pipe.
    with _answering(), console.capture() as capture:
        for part in parts:
            console.print(part)
    _print("\n".join(line.rstrip() for line in capture.get().rstrip().split("\n")))


def _print(text: str) -> None:
    with _answering():
        click.echo(text)


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    """Says which stream it is that cannot be written."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(sys.stdout)
        raise _unwritten_answer(error) from error


def _unwritten_answer(error: OSError) -> OutputError:
    return OutputError(f"stdout: cannot write the answer: {error.strerror}")

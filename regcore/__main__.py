"""The entry point of the `regcore` command, and of `python -m regcore`."""

from __future__ import annotations

import io
import os
import signal
import sys

_STDOUT, _STDERR = 1, 2


def main() -> None:
    """Runs the command line; however it ends, the process has a documented exit code.

    What fails before a command runs (Ctrl-C while modules load, --help onto a full disk) ends in
    one line, too.
    """
    from regcore.cli.termination import end_on_sigterm

    try:
        end_on_sigterm()
        _prepare_streams()
        from regcore.cli import cli
        from regcore.cli.console import show_warnings_in_a_line

        show_warnings_in_a_line()
        cli(prog_name="regcore")
    except (OSError, KeyboardInterrupt) as error:
        from regcore.cli.console import report_failure

        sys.exit(report_failure(error))
    finally:
        # The command has ended: Ctrl-C while Python ends changes nothing, and not the exit code.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _prepare_streams() -> None:
    for number in range(3):
        if not _is_open(number):
            # A file that is opened later must not get the number of a stream that was closed.
            # To write an answer to nowhere is an error (O_RDONLY), to say something there is none.
            os.open(os.devnull, os.O_WRONLY if number == _STDERR else os.O_RDONLY)
    sys.stdout = sys.stdout or open(_STDOUT, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(_STDERR, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # File names need not be text, and terminals need not know every character.
            stream.reconfigure(errors="backslashreplace")


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()

"""A vendor's compiler as a child process, whose output is shown while it comes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from regcore.errors import BackendError


def run_shown(
    command: list[str], folder: Path, say: Callable[[str], None], environment: Mapping[str, str]
) -> tuple[int, str]:
    """Runs the command in `folder` until it ends; its exit code and all that it printed.

    say: gets every line. The process does not outlive an interrupt. Raises BackendError where it
    cannot be started.
    """
    lines = []
    try:
        child = subprocess.Popen(  # noqa: S603
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise BackendError(f"{command[0]}: {error.strerror}") from error
    with _ended(child):
        for line in child.stdout or ():
            lines.append(line)
            say(line.rstrip())
        return child.wait(), "".join(lines)


@contextmanager
def _ended(child: subprocess.Popen[str]) -> Iterator[None]:
    with child:
        try:
            yield
        finally:
            child.kill()


def last_line(text: str) -> str:
    """The last line that is not empty, or `nothing`."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "nothing")

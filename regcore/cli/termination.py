"""SIGTERM, which Slurm and Kubernetes send before they kill: the command ends as after Ctrl-C."""

from __future__ import annotations

import signal
from types import FrameType

INTERRUPTED = 130
TERMINATED = 143

_came = False


def end_on_sigterm() -> None:
    """Makes a KeyboardInterrupt of SIGTERM, unless somebody has a use for it already."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _interrupt)


def interrupted_code() -> int:
    """The exit code of a command that was interrupted: by SIGTERM, or by Ctrl-C."""
    return TERMINATED if _came else INTERRUPTED


def _interrupt(_: int, __: FrameType | None) -> None:
    global _came  # noqa: PLW0603  (a signal comes to the process)
    _came = True
    raise KeyboardInterrupt

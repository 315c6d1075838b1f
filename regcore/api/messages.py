"""What a job says while it works: messages, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from regcore.counted import counted

if TYPE_CHECKING:
    from regcore.errors import DecodeError
    from regcore.images.listing import Listing
    from regcore.sources.protocol import ImageSource

#: Called with a sentence on what the result does not say: a doubt, a default, a failed image.
Log = Callable[[str], None]
#: Called with the number of images done so far and, of these, failed.
Advance = Callable[[int, int], object]
#: Called with the number of images when work on them begins; the block ends with the work.
ProgressBar = Callable[[int], AbstractContextManager[Advance]]
#: Called when measuring begins; the block takes the name of each measurement, and ends with them.
Status = Callable[[], AbstractContextManager[Callable[[str], object]]]


class LoggedInterrupt(KeyboardInterrupt):
    """Ctrl-C; the log has what was done until then."""


def no_log(_: str) -> None:
    """Says nothing."""


@contextmanager
def no_progress(_: int) -> Iterator[Advance]:
    """Shows nothing."""
    yield lambda *_: None


@contextmanager
def no_status() -> Iterator[Callable[[str], object]]:
    """Shows nothing."""
    yield lambda _: None


def log_all(log: Log, messages: Iterable[str], at_most: int | None = None) -> None:
    """Each message, but no more than `at_most`, and how many more there are."""
    listed = list(messages)
    for message in listed[:at_most]:
        log(message)
    if at_most is not None and len(listed) > at_most:
        log(f"... and {len(listed) - at_most} more")


def log_failures(log: Log, errors: Sequence[DecodeError]) -> None:
    """Each image that failed, with the reason."""
    log_all(log, map(str, errors))


def log_listing(log: Log, listed: Listing | ImageSource) -> None:
    """Says once what is left out of a listing, and names what cannot be reached.

    Where `listed.broken` is not empty, the result is not complete.
    """
    if left_out := listed.left_out():
        log(f"{listed.root}: left out beside the {counted(len(listed.names), 'image')}: {left_out}")
    log_failures(log, listed.broken)


def log_background(classes: int, log: Log, *, background: bool) -> None:
    """Says that labels are counted from class 1, which nobody may have asked for."""
    if background:
        log(
            f"{classes} classes: class 0 is the background, and label 0 is class 1; "
            "--no-background takes labels as they are"
        )

"""Ctrl-C in the middle of a list: what the workers have finished is recorded first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from regcore.images.preprocessor import Progress


class StoreInterruptedError(KeyboardInterrupt):
    """Ctrl-C; images `kept` of earlier runs, `written` now and recorded: the next run keeps them.

    failed: images of this run that could not be made.
    """

    def __init__(self, kept: int, written: int, failed: int) -> None:
        super().__init__(kept, written, failed)
        self.kept = kept
        self.written = written
        self.failed = failed


class Interruption:
    """Whether Ctrl-C came; `watching` gives a progress function that then ends the work."""

    def __init__(self) -> None:
        self.error: KeyboardInterrupt | None = None

    def watching(self, progress: Progress) -> Progress:
        """As `progress`, but no further image is begun after Ctrl-C."""

        def watched(done: int, failed: int) -> object:
            if self.error is not None:
                return True
            try:
                return progress(done, failed)
            except KeyboardInterrupt as error:
                self.error = error
                return True

        return watched


@contextmanager
def interrupted_at_end() -> Iterator[Interruption]:
    """Puts the first Ctrl-C off until the end of the block; a second one ends it at once.

    Only the main thread is ever interrupted, and only by a handler of Python's.
    """
    interruption = Interruption()
    before = signal.getsignal(signal.SIGINT)
    watched = threading.current_thread() is threading.main_thread() and callable(before)

    def note(number: int, frame: FrameType | None) -> None:
        if interruption.error is not None and callable(before):
            before(number, frame)
        interruption.error = KeyboardInterrupt()

    if watched:
        signal.signal(signal.SIGINT, note)
    try:
        yield interruption
    finally:
        if watched:
            signal.signal(signal.SIGINT, before)
    if interruption.error is not None:
        raise interruption.error

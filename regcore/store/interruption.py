"""Ctrl-C or SIGTERM in the middle of a list: what the workers have finished is recorded first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from regcore.images.preprocessor import Progress

#: Those that a handler of Python's may turn into a KeyboardInterrupt.
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


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
    """Whether Ctrl-C or SIGTERM came; `watching` makes a progress function that ends the work."""

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
    """Puts the first Ctrl-C or SIGTERM off until the end of the block; a second ends it at once.

    Only the main thread is ever interrupted, and only by a handler of Python's.
    """
    interruption = Interruption()
    handlers: dict[int, Callable[[int, FrameType | None], object]] = {}
    if threading.current_thread() is threading.main_thread():
        found = ((number, signal.getsignal(number)) for number in _INTERRUPTS)
        handlers = {number: handler for number, handler in found if callable(handler)}
    came: list[tuple[int, FrameType | None]] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append((number, frame))
        if interruption.error is not None:
            handlers[number](number, frame)
        interruption.error = KeyboardInterrupt()

    for number in handlers:
        signal.signal(number, note)
    try:
        yield interruption
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for number, frame in came[:1]:
        handlers[number](number, frame)
    if interruption.error is not None:
        raise interruption.error

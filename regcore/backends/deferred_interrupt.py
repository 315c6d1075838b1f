"""Ctrl-C and SIGTERM at a time when nothing is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Those that a handler of Python's may turn into a KeyboardInterrupt.
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def deferred_sigint() -> Iterator[None]:
    """Puts Ctrl-C, and a SIGTERM that a handler of Python's takes, off until the end of the block.

    What a call into the vendor's library has made can then be noted before anything else happens.
    Only the main thread is ever interrupted, and only by a handler of Python's.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    found = ((number, signal.getsignal(number)) for number in _INTERRUPTS)
    handlers = {number: handler for number, handler in found if callable(handler)}
    came: list[tuple[int, FrameType | None]] = []
    for number in handlers:
        signal.signal(number, lambda number, frame: came.append((number, frame)))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for caught, frame in came[:1]:
            handlers[signal.Signals(caught)](caught, frame)

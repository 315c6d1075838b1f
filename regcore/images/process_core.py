"""The core behind a Preprocessor: one in each process, and one list at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from regcore._native import pipeline as native
from regcore.errors import UsageError


class ProcessCore:
    """What belongs to one process: locks, and the threads and memory of the core.

    A forked child has neither its parent's threads, nor whoever holds a lock there, so that it
    makes all of it anew.
    """

    def __init__(self, make: Callable[[], native.Preprocessing]) -> None:
        """make: called once in each process."""
        self._make = make
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._turn = threading.Lock()
        self._user = 0
        self._core = self._make()

    def get(self) -> native.Preprocessing:
        """The core of this process, for a stream or a question."""
        if self._process != os.getpid():
            self._begin()
        return self._core

    @contextmanager
    def turn(self) -> Iterator[native.Preprocessing]:
        """The core, which runs one list at a time."""
        core = self.get()
        if self._user == threading.get_ident():
            raise UsageError(
                "a call of this Preprocessor from within another one of the same thread"
            )
        with self._turn:
            self._user = threading.get_ident()
            try:
                yield core
            finally:
                self._user = 0

"""Streams, each a thread that does its tasks in order, and the events in them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from acl_emulator.engines import Engine
from acl_emulator.errors import AclError
from acl_emulator.ordering import Stamp, Uses


@dataclass
class Record:
    """One recording of an event. at: when the stream came to it, in s of time.perf_counter."""

    stamp: Stamp
    done: threading.Event = field(default_factory=threading.Event)
    at: float = 0.0


#: Who makes an event: create_event, create_event_with_flag or create_event_ex_with_flag.
Maker = Literal["plain", "flagged", "ex"]


@dataclass
class Event:
    """record: the last one, None before the first and after a reset; waited: if a stream does."""

    context: int
    maker: Maker = "plain"
    flags: int = 9
    record: Record | None = None
    waited: bool = False
    uses: Uses = field(default_factory=lambda: Uses("event"))


@dataclass(frozen=True)
class Task:
    """One of: work on an engine, the recording of an event, a wait for one."""

    engine: Engine | None = None
    seconds: float = 0.0
    action: Callable[[], None] | None = None
    records: Record | None = None
    waits: Record | None = None
    submitted: float = field(default_factory=time.perf_counter)
    done: threading.Event = field(default_factory=threading.Event)


class Stream:
    """A thread and its tasks."""

    def __init__(self, context: int, *, go_on: bool) -> None:
        self.context = context
        self._go_on = go_on
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self.last: Task | None = None
        self._now = 0.0
        self.error: AclError | None = None
        self._thread = threading.Thread(target=self._work, name="acl stream", daemon=True)
        self._thread.start()

    def submit(self, task: Task) -> None:
        self.last = task
        self._tasks.put(task)

    def synchronize(self) -> AclError | None:
        """Waits for all tasks; the error of one that failed.

        Where the stream goes on after a failure, it is told once only.
        """
        last = self.last
        if last is not None:
            last.done.wait()
        error = self.error
        if self._go_on:
            self.error = None
        return error

    def stop(self) -> None:
        """Ends the thread, after the tasks that there are."""
        self._tasks.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._do(task)
            # Also after a failure: nobody waits for ever.
            if task.records is not None:
                task.records.at = self._now
                task.records.done.set()
            task.done.set()

    def _do(self, task: Task) -> None:
        ready = max(self._now, task.submitted)
        self._now = ready
        if task.waits is not None:
            task.waits.done.wait()
            self._now = max(ready, task.waits.at)
        elif task.action is not None and task.engine is not None:
            if self.error is not None and not self._go_on:
                return
            try:
                _, self._now = task.engine.run(ready, task.seconds, task.action)
            except AclError as error:
                self.error = self.error or error

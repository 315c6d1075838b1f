"""Threads in which a device works on batches, so that one is copied while another is computed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Task(Generic[T]):
    """Something that a thread does, and what became of it."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work: Callable[[], T] | None = work
        self._done = threading.Event()
        self._value: T
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Does it."""
        try:
            if self._work is not None:
                self._value = self._work()
        except BaseException as error:  # noqa: BLE001
            self._failure = error
        finally:
            self._work = None  # and what it holds, such as a session
            self._done.set()

    def result(self) -> T:
        """Waits for it. Raises what it raised."""
        self._done.wait()
        if self._failure is not None:
            raise self._failure
        return self._value


class DeviceThreads:
    """`count` threads that take tasks in the order in which they come.

    They are daemons: a device that does not answer keeps no process from its end.
    """

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[Task[object] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name="regcore-onnxruntime", daemon=True)
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], T]) -> Task[T]:
        """Has `work` done by the next thread that is free."""
        task = Task(work)
        self._tasks.put(task)  # type: ignore[arg-type]  # nobody here looks at its value
        return task

    def close(self) -> None:
        """Waits for all tasks, and ends the threads; twice is fine."""
        threads, self._threads = self._threads, []
        for _ in threads:
            self._tasks.put(None)
        for thread in threads:
            thread.join()

    def _serve(self) -> None:
        while (task := self._tasks.get()) is not None:
            task.run()
            del task

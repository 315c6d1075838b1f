"""Reading by threads before it is asked for, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def read_ahead(reads: Iterable[Callable[[], T]], ahead: int, threads: int) -> Generator[T]:
    """What each of `reads` returns, in their order, called by that many threads.

    ahead: how many are begun before the first of them is awaited: while a result is in use, all
        but one of these are read. With 1 nothing is.
    """
    coming = iter(reads)
    reading: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="regcore-read") as pool:
        while True:
            for read in islice(coming, ahead - len(reading)):
                reading.append(pool.submit(read))
            if not reading:
                return
            yield reading.popleft().result()

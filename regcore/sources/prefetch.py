"""Images on demand, read by threads before their turn comes, many at once."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

from regcore.errors import DecodeError
from regcore.images.sources import ImageOnDemand

#: The bytes of an image, or why they cannot be had.
Content = bytes | memoryview | Exception
#: Reads a portion: a content for each of its images. What it raises is the error of each of them.
Load = Callable[[], Sequence[Content]]


class Prefetched:
    """Images in portions, each of which is read at once; a few portions are read ahead."""

    def __init__(self, ahead: int, threads: int) -> None:
        """ahead: how many portions are read or held beyond those in use, by so many threads."""
        self._ahead = ahead
        self._loads: list[Load] = []
        self._loaded: OrderedDict[int, Future[Sequence[Content]]] = OrderedDict()
        self._left: dict[int, int] = {}
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="regcore-source")
        # Its threads end with the last of the images.
        weakref.finalize(self, self._pool.shutdown, wait=False, cancel_futures=True)

    def add(self, names: Sequence[str], load: Load) -> list[ImageOnDemand]:
        """The images of one more portion, which comes after the others."""
        portion = len(self._loads)
        self._loads.append(load)
        count = len(names)
        return [_Image(self, portion, row, count, name) for row, name in enumerate(names)]

    def content(self, portion: int, row: int, count: int) -> bytes | memoryview:
        """Waits for an image; raises why it cannot be had."""
        with self._lock:
            for wanted in range(portion, min(portion + 1 + self._ahead, len(self._loads))):
                if wanted not in self._loaded:
                    self._loaded[wanted] = self._pool.submit(self._loads[wanted])
            self._loaded.move_to_end(portion)
            found = self._loaded[portion]
            left = self._left.get(portion, count) - 1
            if left:
                self._left[portion] = left
            else:  # whoever asks once more has it read once more
                self._left.pop(portion, None)
                del self._loaded[portion]
            # Portions of which nobody wanted all images, as after a jump in the list.
            while len(self._loaded) > 2 * (self._ahead + 2):
                old, _ = self._loaded.popitem(last=False)
                self._left.pop(old, None)
        content = found.result()[row]
        if isinstance(content, Exception):
            raise content
        return content


class SequentialParts:
    """Parts that come one after the other, asked for by several threads about in order."""

    def __init__(
        self, begin: Callable[[], Iterator[Sequence[Content]]], wanted: Sequence[int]
    ) -> None:
        """begin: starts at part 0. wanted: the numbers of the parts that will be asked for."""
        self._begin = begin
        self._wanted = set(wanted)
        self._passed: dict[int, Sequence[Content]] = {}
        self._coming: Iterator[Sequence[Content]] = iter(())
        self._next = 0
        self._error: Exception | None = None
        self._lock = Lock()

    def load(self, number: int, rows: Sequence[int]) -> Sequence[Content]:
        """These rows of a part; where one cannot be had, none after it can."""
        with self._lock:
            contents = self._passed.pop(number, None)
            if contents is None:
                contents = self._advance(number)
        return [contents[row] for row in rows]

    def _advance(self, number: int) -> Sequence[Content]:
        if self._error is not None and number >= self._next:
            raise self._error
        if number < self._next or not self._next:
            self._coming, self._next = self._begin(), 0
        while True:
            try:
                contents = next(self._coming)
            except StopIteration:
                self._error = ValueError("its table ends before it")
                raise self._error from None
            except Exception as error:
                self._error = error
                raise
            self._next += 1
            if self._next > number:
                return contents
            if self._next - 1 in self._wanted:  # another thread is about to ask for it
                self._passed[self._next - 1] = contents


class _Image(ImageOnDemand):
    """One of a portion."""

    __slots__ = ("_count", "_name", "_portion", "_row", "_source")

    def __init__(self, source: Prefetched, portion: int, row: int, count: int, name: str) -> None:
        self._source = source
        self._portion, self._row, self._count = portion, row, count
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def read(self) -> bytes | memoryview:
        return self._source.content(self._portion, self._row, self._count)


class FailingImage(ImageOnDemand):
    """One of which it is known beforehand why it cannot be read."""

    __slots__ = ("_detail", "_name")

    def __init__(self, name: str, detail: str) -> None:
        self._name, self._detail = name, detail

    @property
    def name(self) -> str:
        """See ImageOnDemand."""
        return self._name

    def read(self) -> bytes:
        """Raises the reason."""
        raise DecodeError(self._name, self._detail)

"""How far a long command has come: a bar on a terminal, a line every minute elsewhere."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from time import monotonic

from regcore.cli.console import log
from regcore.counted import counted
from regcore.reports.printable import printable

_TOLD_EVERY = 60.0  # s
_MINUTE, _HOUR = 60, 3600


@contextlib.contextmanager
def progress_bar(
    title: str, total: int, *, unit: str = "image"
) -> Iterator[Callable[[int, int], None]]:
    """Yields a function to call with the images done and, of these, failed.

    unit: what is counted, by default images: the word for one.

    On a terminal it shows a bar, the rate, the time left and the failures; elsewhere the same is
    told in a line every minute, also when nothing is done.
    """
    if not sys.stderr.isatty():
        told = _Told(title, total, unit)
        with _every_minute(told.sentence):
            yield told.note
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        Remaining(),
        TextColumn("[red]{task.fields[bad]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total, rate="", bad="")

        def update(done: int, failed: int = 0) -> None:
            speed = progress.tasks[task].speed
            progress.update(
                task,
                completed=done,
                rate=f"{_rate(speed)} {unit}s/s" if speed else "",
                bad=f"{failed} bad" if failed else "",
            )

        yield update


@contextlib.contextmanager
def status_line() -> Iterator[Callable[[str], None]]:
    """Yields a function to call with what is measured next.

    A terminal shows it; elsewhere a line every minute tells it.
    """
    if not sys.stderr.isatty():
        measured: list[str] = []
        with _every_minute(lambda: f"measuring {measured[-1]}" if measured else None):
            yield measured.append
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status("") as shown:
        yield lambda what: shown.update(f"measuring {escape(printable(what))}")


class _Told:
    """What has been done so far, and at which rate since it was last told."""

    def __init__(self, title: str, total: int, unit: str) -> None:
        self._unit = unit
        self._title = title
        self._total = total
        self._done = self._failed = 0
        self._before: tuple[int, float] | None = None

    def note(self, done: int, failed: int = 0) -> None:
        """Takes the images done and, of these, failed."""
        self._done, self._failed = done, failed
        if self._before is None:  # an earlier run may have done many of them, in no time
            self._before = done, monotonic()

    def sentence(self) -> str:
        """`evaluating: 3000 of 50000 images, 50.0 images/s, 15 min 40 s left, 2 bad`."""
        parts = [f"{self._title}: {self._done} of {counted(self._total, self._unit)}"]
        if self._before is not None:
            done, since = self._before
            now = monotonic()
            rate = (self._done - done) / max(now - since, 1e-9)
            self._before = self._done, now
            parts.append(f"{rate:.1f} {self._unit}s/s")
            if rate > 0:
                parts.append(f"{duration((self._total - self._done) / rate)} left")
        if self._failed:
            parts.append(f"{self._failed} bad")
        return ", ".join(parts)


def _rate(speed: float) -> str:
    return f"{speed:.0f}" if speed >= 1 else f"{speed:.2f}"


def duration(seconds: float) -> str:
    """`15 min 40 s`, with the two largest units of h, min and s."""
    whole = round(seconds)
    if whole >= _HOUR:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    if whole >= _MINUTE:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole} s"


@contextlib.contextmanager
def _every_minute(sentence: Callable[[], str | None]) -> Iterator[None]:
    """Tells the sentence every minute until the block ends; None stands for nothing to tell."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(_TOLD_EVERY):
            if (told := sentence()) is not None:
                log(told)

    teller = threading.Thread(target=tell, name="regcore-progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()

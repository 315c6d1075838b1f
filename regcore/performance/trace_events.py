"""A timeline as a trace for Perfetto (ui.perfetto.dev) or chrome://tracing.

Rows: each worker, the batches that wait, the thread that drives the device, the copies and the
computations of each device, and the use of the scores. The format is Google's Trace Event Format.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from regcore.files.atomic import write_text
from regcore.inference.timeline import WORKER_STAGES, BatchTimes, Timeline

_HOST, _DEVICE = 1, 2
_DRIVER_ROW, _POST_ROW = 100_000, 100_001
_DEVICE_ROWS = {"h2d": 0, "compute": 1, "d2h": 2}

Event = dict[str, Any]


def write_trace(path: Path, timeline: Timeline, run: str | None = None) -> None:
    """Writes all that the timeline has; of the workers only where it kept their work.

    run: the run's identity; the format allows keys of one's own.
    """
    events = ",\n".join(json.dumps(event) for event in trace_events(timeline))
    whose = f'\n, "run": {json.dumps(run)}' if run is not None else ""
    write_text(path, f'{{"displayTimeUnit": "ms", "traceEvents": [\n{events}\n]{whose}}}\n')


def trace_events(timeline: Timeline) -> Iterator[Event]:
    """The events, with times in µs from the start."""
    yield _name("process_name", _HOST, 0, "host")
    yield _name("process_name", _DEVICE, 0, "devices")
    yield _name("thread_name", _HOST, _DRIVER_ROW, "device thread")
    yield _name("thread_name", _HOST, _POST_ROW, "post")
    yield from _worker_events(timeline)
    devices = sorted({span.device for batch in timeline.batches for span in batch.spans})
    for device in devices:
        for stage, row in _DEVICE_ROWS.items():
            yield _name("thread_name", _DEVICE, 3 * device + row, f"device {device} {stage}")
    for number, batch in enumerate(timeline.batches):
        yield from _batch_events(number, batch, timeline.start)
    yield from _queue_events(timeline)


def _worker_events(timeline: Timeline) -> Iterator[Event]:
    named: set[int] = set()
    image = 0
    for part in timeline.worked or ():
        for worked in part:
            worker = int(worked["worker"])
            if worker not in named:
                named.add(worker)
                yield _name("thread_name", _HOST, worker, f"worker {worker}")
            for stage, (begin, end) in WORKER_STAGES.items():
                start, stop = int(worked[begin]) / 1e9, int(worked[end]) / 1e9
                if stop > start:
                    row = _row(stage, _HOST, worker, {"image": image})
                    yield {**row, **_times(start, stop, timeline.start)}
            image += 1


def _batch_events(number: int, batch: BatchTimes, start: float) -> Iterator[Event]:
    rows = [
        ("wait for a batch", _DRIVER_ROW, batch.asked, batch.got),
        ("submit", _DRIVER_ROW, batch.got, batch.submitted),
        ("wait for scores", _DRIVER_ROW, batch.awaited, batch.taken),
        ("use", _POST_ROW, batch.begun, batch.used),
    ]
    args = {"batch": number, "images": batch.images}
    for name, row, begin, end in rows:
        if end > begin > 0:
            yield {**_row(name, _HOST, row, args), **_times(begin, end, start)}
    for span in batch.spans:
        row = 3 * span.device + _DEVICE_ROWS[span.stage]
        yield {**_row(span.stage, _DEVICE, row, args), **_times(span.start, span.end, start)}


def _queue_events(timeline: Timeline) -> Iterator[Event]:
    """How many batches wait for the use of their scores."""
    changes = sorted(
        change
        for batch in timeline.batches
        if batch.used
        for change in ((batch.taken or batch.got, 1), (batch.begun, -1))
    )
    waiting = 0
    for time, change in changes:
        waiting += change
        event = {"name": "scores waiting", "ph": "C", "pid": _HOST, "tid": 0}
        yield {
            **event,
            "ts": _nanoseconds(time - timeline.start) / 1000,
            "args": {"batches": waiting},
        }


def _name(what: str, process: int, row: int, name: str) -> Event:
    return {"name": what, "ph": "M", "pid": process, "tid": row, "args": {"name": name}}


def _row(name: str, process: int, row: int, args: dict[str, int]) -> Event:
    return {"name": name, "ph": "X", "pid": process, "tid": row, "args": args}


def _times(begin: float, end: float, start: float) -> Event:
    # What ends where the next begins must do so to the ns: Perfetto drops what overlaps.
    first, last = _nanoseconds(begin - start), _nanoseconds(end - start)
    return {"ts": first / 1000, "dur": (last - first) / 1000}


def _nanoseconds(seconds: float) -> int:
    return round(1e9 * seconds)

"""A trace is what Google's Trace Event Format says, and what Perfetto does not drop."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import jpeg, photo_like

from regcore.backends.protocol import Span
from regcore.backends.simulated.backend import SimulatedBackend
from regcore.images.preprocessor import Preprocessor
from regcore.inference.evaluate import evaluate
from regcore.inference.timeline import BatchLog, BatchTimes, Timeline
from regcore.performance.trace_events import trace_events, write_trace
from regcore.recipes.recipe import Recipe

SCHEMA = json.loads((Path(__file__).parent / "trace_event_schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def rows_in_ns(events: list[dict[str, Any]]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Begin and end of the complete events in each row, sorted, as Perfetto rounds them."""
    rows: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for event in events:
        if event["ph"] == "X":
            begin, length = round(1000 * event["ts"]), round(1000 * event["dur"])
            rows.setdefault((event["pid"], event["tid"]), []).append((begin, begin + length))
    return {row: sorted(spans) for row, spans in rows.items()}


def assert_nothing_overlaps(events: list[dict[str, Any]]) -> None:
    """Perfetto drops a complete event that begins within another one of its row and outlasts it."""
    for row, spans in rows_in_ns(events).items():
        for (_, end), (following, _) in pairwise(spans):
            assert end <= following, row


def test_the_trace_of_a_run(tmp_path: Path) -> None:
    photos = [jpeg(photo_like(40, 30, i)) for i in range(40)]
    evaluation = evaluate(
        Preprocessor(Recipe(resize=16, crop=16), workers=3),
        SimulatedBackend(2000),
        photos,  # type: ignore[arg-type]
        np.zeros(40, np.int64),
        batch_size=4,
        trace=True,
    )
    write_trace(tmp_path / "trace.json", evaluation.timeline)
    trace = json.loads((tmp_path / "trace.json").read_text())
    VALIDATOR.validate(trace)
    events = trace["traceEvents"]
    assert_nothing_overlaps(events)
    total = 1e9 * evaluation.seconds
    for spans in rows_in_ns(events).values():
        assert spans[0][0] >= -1
        assert spans[-1][1] <= total + 1000
    named = {e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert {"device thread", "post", "device 0 compute"} <= named
    decoded = [e["args"]["image"] for e in events if e["name"] == "decode"]
    assert sorted(decoded) == list(range(40))
    assert sum(e["args"]["images"] for e in events if e["name"] == "compute") == 40
    waiting = [e["args"]["batches"] for e in events if e["ph"] == "C"]
    assert min(waiting) >= 0
    assert waiting[-1] == 0


@pytest.mark.slow
@given(st.floats(0, 1e6), st.lists(st.floats(0, 0.01), min_size=10, max_size=60))
def test_times_that_touch_still_do_after_rounding(start: float, steps: list[float]) -> None:
    times = start + np.cumsum([0.0, *steps])
    log = BatchLog(
        BatchTimes(1, *[float(times[i])] * 8, spans=(Span("compute", 0, *map(float, pair)),))
        for i, pair in enumerate(pairwise(times))
    )
    events = list(trace_events(Timeline(start, float(times[-1]), log)))
    VALIDATOR.validate({"traceEvents": events})
    assert_nothing_overlaps(events)


def test_a_run_without_batches(tmp_path: Path) -> None:
    write_trace(tmp_path / "trace.json", Timeline())
    VALIDATOR.validate(json.loads((tmp_path / "trace.json").read_text()))


@pytest.mark.parametrize(
    "break_it",
    [
        lambda e: e.pop("ts"),
        lambda e: e.pop("pid"),
        lambda e: e.update(ph="Q"),
        lambda e: e.update(dur=-1),
        lambda e: e.update(ts="1"),
        lambda e: e.update(name=""),
        lambda e: e.update(tid=1.5),
        lambda e: e.update(duration=3),
        lambda e: e.update(ph="C", args={"batches": "two"}),
        lambda e: e.update(ph="M"),
    ],
)
def test_the_schema_refuses(break_it: Callable[[dict[str, Any]], object]) -> None:
    event = {"name": "use", "ph": "X", "pid": 1, "tid": 2, "ts": 1.5, "dur": 0.25, "args": {}}
    VALIDATOR.validate({"traceEvents": [event]})
    break_it(event)
    assert not VALIDATOR.is_valid({"traceEvents": [event]})

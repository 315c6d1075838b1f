"""The timeline of host and device: what its rows cover, and that it stays small."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regcore.errors import DatasetError
from regcore.files.json_input import as_form
from regcore.reports.html.occupancy import HEIGHT, covered, merged, outline
from regcore.reports.html.perf_content import BatchMoments, TraceContent
from regcore.reports.html.timeline import rows_of_batches, rows_of_trace, views


def busy_trace(workers: int, images: int, batches: int = 4) -> TraceContent:
    """A host that is busy for a second and a half, and a device for half of that."""
    events: list[dict[str, Any]] = []
    for worker in range(workers):
        row = {"pid": 1, "tid": worker}
        events.append({"name": "thread_name", "ph": "M", **row, "args": {"name": f"w{worker}"}})
        each = 1.5e6 * workers / images
        for image in range(images // workers):
            for number, stage in enumerate(("read", "decode", "resample")):
                start = (image + number / 3) * each
                events.append({"name": stage, "ph": "X", **row, "ts": start, "dur": each / 3})
    for batch in range(batches):
        start, lasted = 1.5e6 * batch / batches, 1.5e6 / batches / 2
        row = {"pid": 2, "tid": 1}
        events.append({"name": "compute", "ph": "X", **row, "ts": start, "dur": lasted})
    return as_form({"traceEvents": events}, TraceContent, "trace")


def test_rows_of_a_trace() -> None:
    whole, near = views(rows_of_trace(busy_trace(2, 200)), 1.5, 4)
    assert [(row.group, row.title) for row in whole.rows] == [
        ("host", "read"),
        ("host", "decode"),
        ("host", "resample"),
        ("device", "compute"),
    ]
    assert [row.share for row in whole.rows] == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1 / 2])
    assert whole.rows[-1].borders.count("M") == 3  # between four batches
    assert near is not None
    assert [row.title for row in near.rows][-2:] == ["worker 0", "worker 1"]
    assert near.rows[-1].share == pytest.approx(1.0)


def test_rows_of_two_devices() -> None:
    events = [
        {"name": stage, "ph": "X", "pid": 2, "tid": 3 * device + row, "ts": 1e6 * row, "dur": 1e6}
        for device in (0, 1)
        for row, stage in enumerate(("h2d", "compute", "d2h"))
    ]
    events += [{"name": "wait for a batch", "ph": "X", "pid": 1, "tid": 7, "ts": 0, "dur": 3e5}]
    events += [{"name": "use", "ph": "X", "pid": 1, "tid": 8, "ts": 2e6, "dur": 1e6}]
    trace = as_form({"traceEvents": events}, TraceContent, "trace")
    whole, _ = views(rows_of_trace(trace), 3.0, 2)
    assert {row.title: row.share for row in whole.rows} == pytest.approx(
        {"count scores": 1 / 3, "wait for host": 0.1}
        | dict.fromkeys(("copy in", "compute", "copy out"), 1 / 3)
    )
    assert [row.path for row in whole.rows][-1] == f"M0 {HEIGHT}H240V0H360V{HEIGHT}Z"


@pytest.mark.slow
def test_a_long_trace_is_no_larger() -> None:
    sizes = []
    for images, batches in ((800, 50), (40_000, 2500)):
        whole, near = views(rows_of_trace(busy_trace(16, images, batches)), 1.5, batches)
        assert near is not None
        assert near.end - near.start == pytest.approx(1.5 * 8 / batches)
        assert (len(near.rows), near.hidden) == (4 + 8, 8)
        rows = [*whole.rows, *near.rows]
        assert not any(row.borders for row in whole.rows)
        sizes.append(sum(len(row.path) + len(row.borders) for row in rows))
    assert max(sizes) < 70_000


def test_rows_of_the_times_of_batches() -> None:
    moments = BatchMoments(
        asked_s=[0.0, 1.0],
        got_s=[1.0, 1.0],
        submitted_s=[1.0, 1.5],
        taken_s=[2.0, 3.0],
        begun_s=[2.0, 3.0],
        used_s=[2.5, 4.0],
    )
    whole, near = views(rows_of_batches(moments), 4.0, 2)
    assert near is None
    assert {row.title: row.share for row in whole.rows} == pytest.approx(
        {"count scores": 0.375, "wait for host": 0.25, "at work": 0.5}
    )


def test_what_cannot_be_shown() -> None:
    rows = rows_of_trace(busy_trace(1, 3))
    with pytest.raises(DatasetError, match="no time"):
        views(rows, 0.0, 1)
    events = [{"name": "x", "ph": "X", "tid": number} for number in range(3000)]
    with pytest.raises(DatasetError, match="3000 rows"):
        rows_of_trace(as_form({"traceEvents": events}, TraceContent, "trace"))


SPANS = st.lists(st.tuples(st.floats(-1, 3), st.floats(0, 2)), min_size=1, max_size=20)


@given(SPANS, st.integers(1, 30))
def test_columns_of_a_timeline(spans: list[tuple[float, float]], columns: int) -> None:
    pairs = [(begin, begin + length) for begin, length in spans]
    edges = np.linspace(0, 1, columns + 1)
    slowly = [
        sum(max(0.0, min(end, right) - max(begin, left)) for begin, end in pairs) * columns
        for left, right in pairwise(edges)
    ]
    np.testing.assert_allclose(covered(np.array(pairs), edges), slowly, atol=1e-9)


@given(SPANS)
def test_merged_spans_cover_the_same_once(spans: list[tuple[float, float]]) -> None:
    pairs = np.array([(begin, begin + length) for begin, length in spans])
    found = merged(pairs)
    assert (found[1:, 0] > found[:-1, 1]).all()
    for moment in np.linspace(-1, 5, 97):
        inside = ((pairs[:, 0] <= moment) & (moment <= pairs[:, 1])).any()
        assert inside == ((found[:, 0] <= moment) & (moment <= found[:, 1])).any()


@given(st.lists(st.sampled_from([0.0, 0.001, 0.25, 0.5, 1.0]), min_size=1, max_size=40))
def test_an_outline_has_the_heights_of_its_columns(parts: list[float]) -> None:
    drawn = [0] * len(parts)
    path = outline(np.array(parts))
    for begin, height, end in re.findall(r"H(\d+)V(\d+)(?=H(\d+))", path):
        drawn[int(begin) : int(end)] = [HEIGHT - int(height)] * (int(end) - int(begin))
    wanted = [max(1, round(HEIGHT * part)) if part else 0 for part in parts]
    assert drawn == wanted
    assert bool(path) == any(parts)

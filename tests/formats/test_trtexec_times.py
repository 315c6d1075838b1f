"""The files of trtexec --exportTimes: of every version, and those that are wrong or cut short."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
from command_line import regcore
from hypothesis import given, settings
from hypothesis import strategies as st
from trtexec_output import queries, times_file

from regcore.errors import LogError
from regcore.formats.trtexec import parse_trtexec_log, read_trtexec_log
from regcore.reports.trtexec import to_dict

VERSIONS = [(7, 0, 0), (7, 2, 3), (8, 2, 1), (8, 6, 2), (11, 1, 0)]


def printed(value: float) -> float:
    return float(f"{value:.6g}")


def out_of(version: tuple[int, ...], one: dict[str, float]) -> tuple[float, float]:
    newer = version > (7, 1)
    return one["startH2dMs" if newer else "startInMs"], one["endD2hMs" if newer else "endOutMs"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version(version: tuple[int, ...]) -> None:
    made = queries(version, 1000)
    result = parse_trtexec_log(times_file(made), batch=4)
    if version < (8, 5):  # the warm-up is in the file
        made = [one for one in made if one["startComputeMs"] >= 200]
        (warning,) = result.warnings
        assert warning.value.startswith(f"the first {1000 - len(made)} queries")
    else:
        assert result.warnings == ()
    seconds = (out_of(version, made[-1])[1] - out_of(version, made[0])[0]) / 1000
    assert result.qps.value == pytest.approx(len(made) / seconds, rel=1e-4)
    assert result.images_per_s == result.qps.value * 4
    assert result.walltime
    assert result.walltime.value == pytest.approx(seconds, rel=1e-4)
    compute = sorted(one["computeMs"] for one in made)
    row = result.rows["GPU Compute Time"]
    assert (row.min.value, row.max.value) == (compute[0], compute[-1])
    assert row.mean
    assert row.mean.value == printed(mean(compute))
    assert row.median.value == printed(median(compute))
    for rank, found in row.percentiles.items():
        # As trtexec: so many are left out at the upper end.
        assert found.value == compute[len(compute) - 1 - int((1 - rank / 100) * len(compute))]
    latency = [one["latencyMs"] for one in made]
    assert result.rows["Latency"].max.value == printed(max(latency))
    assert result.compute_time
    assert result.compute_time.value == printed(sum(compute) / 1000)
    assert ("Enqueue Time" in result.rows) is (version > (7, 1))
    assert ("End-to-End Host Latency" in result.rows) is (version < (8, 5))
    assert json.dumps(to_dict([result], []))


def test_without_copies_and_of_one_query() -> None:
    (one,) = queries((11, 1, 0), 1)
    one |= {"startH2dMs": one["startComputeMs"], "endH2dMs": one["startComputeMs"], "h2dMs": 0.0}
    one["latencyMs"] = one["computeMs"] + one["d2hMs"]
    result = parse_trtexec_log(times_file([one]))
    assert result.images_per_s is None
    assert result.rows["H2D Latency"].max.value == 0


def test_late_in_a_long_run_digits_are_few() -> None:
    made = queries((10, 7, 0), 300, begin=987_654.0)
    result = parse_trtexec_log(times_file(made), batch=1)
    assert result.rows["GPU Compute Time"].max.value == max(one["computeMs"] for one in made)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"computeMs": -1.0}, "query 3 has a computeMs of '-1.0', which is no measurement"),
        ({"computeMs": "1.5"}, "query 3 has a computeMs of '1.5', which is no measurement"),
        ({"computeMs": True}, "query 3 has a computeMs of 'True'"),
        ({"computeMs": 1.0}, "query 3 has a computeMs of 1, but took from"),
        ({"computeMs": None}, "query 3 has no computeMs"),
        ({"latencyMs": 9.0}, "has a latencyMs of 9, which is not the sum of its parts"),
        ({"endD2hMs": 1.0}, "has an endD2hMs of 1 before its startD2hMs of"),
        ({"startEnqMs": 999.0}, "before its startEnqMs of 999"),
        ({"endToEndMs": 0.5}, "has a endToEndMs of 0.5, but took from"),
    ],
)
def test_what_cannot_be(changes: dict[str, Any], words: str) -> None:
    made: list[dict[str, Any]] = list(queries((8, 2, 1), 8, begin=300.0))
    made[2].update(changes)
    lines = ",\n".join(json.dumps(one) for one in made)
    with pytest.raises(LogError, match=words) as caught:
        parse_trtexec_log(f"[\n{lines}\n]\n")
    assert caught.value.line == 4


def test_what_is_no_run() -> None:
    made = queries((10, 1, 0), 8)
    with pytest.raises(LogError, match=":4: query 3 began before the one above it"):
        parse_trtexec_log(times_file([*made[:2], *made]))
    with pytest.raises(LogError, match="all 8 queries began in the first 200 ms"):
        parse_trtexec_log(times_file(queries((7, 0, 0), 8)))
    with pytest.raises(LogError, match="damaged, not a JSON text"):
        parse_trtexec_log(times_file(made)[:-20])


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 3000), character=st.sampled_from('0123456789.,:"{}[]eE-+nN \n'))
def test_one_character_changed_never_crashes(place: int, character: str) -> None:
    text = times_file(queries((8, 6, 0), 10))
    place %= len(text)
    try:
        result = parse_trtexec_log(text[:place] + character + text[place + 1 :], batch=1)
    except LogError:
        return
    # Whatever is still read is a rate that this run could have.
    assert result.qps.value > 0


def test_compare_takes_them(tmp_path: Path) -> None:
    made = queries((10, 1, 0), 500)
    path = tmp_path / "times_bs16.json"
    path.write_text(times_file(made))
    expected = read_trtexec_log(path, batch=16).images_per_s
    for source in (path, tmp_path):
        found = regcore("compare", f"T4={source}", "--json")
        assert found.exit_code == 0, found.output
        (column,) = json.loads(found.stdout)["columns"]
        (cell,) = column["cells"]
        assert (cell["batch"], cell["images_per_s"]) == (16, pytest.approx(expected))
    refused = regcore("compare", f"T4={path}", "--metric", "end-to-end")
    assert "measures the device alone" in refused.stderr
    path.rename(tmp_path / "times.json")
    refused = regcore("compare", f"T4={tmp_path / 'times.json'}")
    assert "tells how many images a query has" in refused.stderr

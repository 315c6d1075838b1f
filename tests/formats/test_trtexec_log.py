"""The logs of trtexec: the guide's own, and those of every version, whole, cut short or wrong."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trtexec_output import milliseconds, output, queries_per_s

from regcore.errors import LogError
from regcore.formats.trtexec import (
    ROWS,
    TrtexecResult,
    incomparable,
    parse_trtexec_log,
    read_trtexec_log,
)
from regcore.reports.trtexec import to_dict

T4 = Path(__file__).parent / "trtexec_logs" / "t4_batch1.txt"
VERSIONS = [(7, 1, 3), (7, 2, 3), (8, 2, 1), (8, 6, 2), (10, 1, 0), (11, 1, 0)]
BANNERS = ["7103", "7203", "8201", "8602", "100100", "110100"]


def log_of(version: tuple[int, ...], batch: int = 4, **options: bool) -> str:
    number = BANNERS[VERSIONS.index(version)]
    banner = f"TensorRT.trtexec [TensorRT v{number}] # trtexec --onnx=m.onnx"
    shape = (batch, 3, 224, 224)
    lines = [f"&&&& RUNNING {banner}", *output(version, shape, **options), f"&&&& PASSED {banner}"]
    return "\n".join(lines) + "\n"


def test_the_guides_log() -> None:
    result = read_trtexec_log(T4, batch=1)
    assert result.images_per_s == 231.086
    assert result.qps.line == 2
    shown = {
        row.name: [row.min, row.max, row.mean, row.median, *row.percentiles.values()]
        for row in result.rows.values()
    }
    assert {name: [found and found.value for found in row] for name, row in shown.items()} == {
        "Latency": [3.29541, 9.36523, 4.41086, 4.42065, 5.40323],
        "End-to-End Host Latency": [3.48975, 10.5285, 6.18173, 4.84314, 10.337],
        "Enqueue Time": [3.24353, 9.43591, 4.12215, 4.23169, 4.6792],
        "H2D Latency": [0.101929, 0.130371, 0.1091, 0.106384, 0.123535],
        "GPU Compute Time": [3.18799, 9.24084, 4.29297, 4.3064, 5.28589],
        "D2H Latency": [0.00317383, 0.0352936, 0.00878103, 0.00585938, 0.0248108],
    }
    assert [row.line for row in result.rows.values()] == [3, 4, 5, 6, 7, 8]
    assert all(list(row.percentiles) == [99.0] for row in result.rows.values())
    assert read_trtexec_log(T4).images_per_s is None
    assert result.settings == {}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("batch", [1, 64])
def test_every_version(version: tuple[int, ...], batch: int) -> None:
    text = log_of(version, batch, fp16=True)
    result = parse_trtexec_log(text)
    assert result.version
    assert result.version.value == ".".join(map(str, version))
    assert result.device
    assert result.device.value == "Stand-in T4"
    assert result.batch
    assert result.batch.value == batch
    assert result.images_per_s == queries_per_s(batch) * batch
    assert ("End-to-End Host Latency" in result.rows) is (version < (8, 4))
    for name, row in result.rows.items():
        low, high, mean, median, late = (float(f"{x:g}") for x in milliseconds(name, batch))
        assert [row.min.value, row.max.value, row.median.value] == [low, high, median]
        assert row.mean is None or row.mean.value == mean
        if row.percentiles or version >= (7, 2):
            assert row.percentiles[99.0].value == late
        assert (90.0 in row.percentiles) is (version >= (8, 5))
    found = {name: told.value for name, told in result.settings.items()}
    assert found["Precision"] == "FP32+FP16"
    assert found["CUDA Graph"] == ("Enabled" if version >= (11,) else "Disabled")
    assert found["Streams"] == "1"
    # Each value stands in the line that it names.
    lines = text.splitlines()
    tf32 = result.settings.pop("TF32")
    assert tf32.value == "Enabled"
    assert "trtexec" in lines[(tf32.line or 0) - 1]
    for name, told in result.settings.items():
        assert f"{name}: {told.value}" in lines[(told.line or 0) - 1]
    for row in result.rows.values():
        assert f"{row.median.value:g} ms" in lines[(row.median.line or 0) - 1]
    assert to_dict([result], [])["results"][0]["images_per_s"] == result.images_per_s


def test_an_implicit_batch_is_counted_already() -> None:
    result = parse_trtexec_log(log_of((8, 2, 1), 8, implicit=True))
    assert (result.batch and result.batch.value, result.images_per_query) == (8, 1)
    assert result.images_per_s == result.qps.value


@pytest.mark.parametrize(
    "line",
    [
        "[I] Input binding for image with dimensions 16x3x224x224 is created.",
        "&&&& RUNNING TensorRT.trtexec # trtexec --onnx=m.onnx --shapes=image:16x3x224x224",
    ],
)
def test_where_else_the_batch_is_told(line: str) -> None:
    summary = T4.read_text()
    ended = "&&&& PASSED TensorRT.trtexec # trtexec\n" if "RUNNING" in line else ""
    result = parse_trtexec_log(f"{line}\n{summary}{ended}")
    assert result.batch
    assert (result.batch.value, result.batch.line) == (16, 1)
    with pytest.raises(LogError, match=r"log:1: the batch is 16 here, not 4"):
        parse_trtexec_log(f"{line}\n{summary}{ended}", batch=4)


@pytest.mark.parametrize("prefix", ["", "# ", "    "])
def test_logs_as_people_paste_them(prefix: str) -> None:
    whole = parse_trtexec_log(log_of((8, 6, 2)))
    pasted = "".join(f"{prefix}{line}\n" for line in log_of((8, 6, 2)).splitlines())
    assert to_dict([parse_trtexec_log(pasted)], []) == to_dict([whole], [])
    bare = "\n".join(
        line.partition("[I] ")[2] or line for line in pasted.splitlines() if "[V]" not in line
    )
    assert parse_trtexec_log(bare).images_per_s == whole.images_per_s


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("320 qps", "320 fps", "'Throughput: 320 fps' is cut short"),
        ("= 3.125 ms", "= 3.1Z5 ms", "GPU Compute Time, mean, is '3.1Z5', which is no measurement"),
        ("= 3.125 ms", "= nan ms", "GPU Compute Time, mean, is 'nan', which is no measurement"),
        ("= 3.125 ms", "= -3 ms", "GPU Compute Time, mean, is '-3', which is no measurement"),
        ("= 3.125 ms", "= 3.125 s", "GPU Compute Time: 'mean = 3.125 s' is no value such as"),
        ("min = 2.34375", "min = 9", "has a median or percentile that is not between its min"),
        (", max = 6.25 ms", "", "GPU Compute Time has no max: it is cut short"),
        (
            ", percentile(99%) = 4.6875 ms",
            "",
            "GPU Compute Time has other percentiles than Latency",
        ),
        ("mean = 3.125", "min = 3.125", "GPU Compute Time has min twice"),
        ("GPU Compute Time: min", "Latency: min", "Latency is there twice"),
        ("&&&& PASSED", "&&&& FAILED", "trtexec failed: no reason"),
    ],
)
def test_wrong_values_name_the_line(old: str, new: str, words: str) -> None:
    expect_error(log_of((10, 1, 0)), old, new, words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("mean: 3.125 ms", "mean: 3,125 ms", "GPU Compute Time, mean, is '3,125', which is no"),
        ("mean: 3.125 ms", "mean: 3.125", "'mean: 3.125' is no value such as"),
        ("320 qps", "0 qps", "0 queries/s: this version"),
    ],
)
def test_wrong_values_of_old_versions_name_the_line(old: str, new: str, words: str) -> None:
    expect_error(log_of((7, 1, 3)), old, new, words)


def expect_error(text: str, old: str, new: str, words: str) -> None:
    line = next(i for i, line in enumerate(text.splitlines(), 1) if old in line)
    with pytest.raises(LogError) as caught:
        parse_trtexec_log(text.replace(old, new))
    assert str(caught.value).startswith(f"log:{line}: ")
    assert words in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"log:0: .*without a performance summary"),
        ("hello\nworld", r"log:2: .*without a performance summary"),
        (log_of((10, 1, 0)).replace("Throughput: 320 qps", ""), r"no throughput"),
        (log_of((10, 1, 0)).replace("[I] GPU Compute Time:", "[I] A"), r"has no GPU Compute Time"),
        (log_of((10, 1, 0)) * 2, r"another run begins"),
        (T4.read_text() * 2, r"log:9: another summary begins"),
        (
            "[E] Error[2]: out of memory\n" + log_of((10, 1, 0)).replace("PASSED", "FAILED"),
            r"log:1: trtexec failed: Error\[2\]: out of memory",
        ),
    ],
)
def test_logs_without_a_result(text: str, words: str) -> None:
    with pytest.raises(LogError, match=words):
        parse_trtexec_log(text)


WHOLE = [*(log_of(version) for version in VERSIONS), T4.read_text()]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_a_log_that_is_cut_short_is_refused(whole: str, data: st.DataObject) -> None:
    # The outcome is in the last line, or the last value is.
    end = whole.rindex("&&&& PASSED TensorRT") if "PASSED" in whole else len(whole) - 1
    cut = data.draw(st.integers(0, end - 1))
    with pytest.raises(LogError) as caught:
        parse_trtexec_log(whole[:cut])
    assert 0 <= caught.value.line <= whole.count("\n")


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WHOLE), st.integers(0, 5000), st.characters(max_codepoint=300))
def test_a_damaged_log_is_read_or_refused(whole: str, place: int, character: str) -> None:
    place %= len(whole)
    try:
        result = parse_trtexec_log(whole[:place] + character + whole[place + 1 :])
    except LogError:
        return
    assert isinstance(result, TrtexecResult)
    assert set(result.rows) <= set(ROWS)


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="No such file"):
        read_trtexec_log(tmp_path / "nothing.txt")


def test_what_does_not_compare() -> None:
    results = {version: parse_trtexec_log(log_of(version)) for version in VERSIONS}
    for result in results.values():
        assert incomparable(result, result) == ()
    old, new = results[10, 1, 0], results[11, 1, 0]
    assert incomparable(old, new) == (
        "TensorRT: 10.1.0 against 11.1.0",
        "Data transfers: Enabled against Disabled",
        "Spin-wait: Disabled against Enabled",
        "CUDA Graph: Disabled against Enabled",
    )
    assert all(incomparable(a, b) for a, b in pairwise(results.values()))
    assert "only one of them has End-to-End Host Latency" in incomparable(results[7, 2, 3], old)
    half = parse_trtexec_log(log_of((10, 1, 0), fp16=True))
    assert incomparable(old, half) == ("Precision: FP32 against FP32+FP16",)
    assert "TensorRT: not told against 7.2.3" in incomparable(
        read_trtexec_log(T4), results[7, 2, 3]
    )
    # Other batches are what one compares.
    assert incomparable(old, parse_trtexec_log(log_of((10, 1, 0), 64))) == ()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--batch=4 --shapes=image:4x3x224x224", "--shapes is of queries, but --batch in line 1"),
        ("--loadEngine=m_bs8.engine", "the batch is 8 in the engine's name, not 4, as the name"),
    ],
)
def test_a_command_that_contradicts_the_size(options: str, words: str) -> None:
    run = f"TensorRT.trtexec # trtexec {options}"
    text = f"&&&& RUNNING {run}\n{T4.read_text()}&&&& PASSED {run}\n"
    with pytest.raises(LogError, match=words):
        parse_trtexec_log(text, batch=4, told_by="the name")

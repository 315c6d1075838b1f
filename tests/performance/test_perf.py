"""Timelines as figures, as the benchmark tool's file and as a trace; runs that are interrupted."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from oracles import jpeg, photo_like
from rich.console import Console

from regcore.backends.protocol import Span
from regcore.backends.simulated.backend import SimulatedBackend
from regcore.formats.benchmark_tool import benchmark_cell, benchmark_text
from regcore.formats.rate import RateKind
from regcore.images.preprocessor import Preprocessor
from regcore.inference.evaluate import evaluate
from regcore.inference.timeline import BatchLog, BatchTimes, TaskTimes, Timeline
from regcore.performance.benchmark_rates import (
    benchmark_rates,
    write_benchmark_files,
    write_pure_files,
)
from regcore.performance.cluster import ClusterLoad
from regcore.performance.device_batches import DeviceBatches
from regcore.performance.perf import Distribution, StageLoad, measure
from regcore.performance.perf_file import write_perf
from regcore.performance.profile.bottleneck import Ceilings, judge
from regcore.performance.run_bottleneck import run_bottleneck
from regcore.recipes.recipe import Recipe
from regcore.reports.run import RunReport, to_table
from regcore.reports.topn import accuracy_percent, intervals
from regcore.scores.topn import TopN

RECIPE = Recipe(resize=16, crop=16)


def known_timeline() -> Timeline:
    """Two batches of 4 and 2 images on two devices; it starts at 100 s and takes 2 s."""
    first = BatchTimes(4, 100.0, 100.2, 100.3, 100.4, 100.8, 100.9, 100.9, 101.0)
    first.spans = (
        Span("h2d", 0, 100.3, 100.4),
        Span("compute", 0, 100.4, 100.6),
        Span("d2h", 0, 100.6, 100.7),
    )
    second = BatchTimes(2, 100.9, 101.3, 101.3, 101.3, 101.8, 101.9, 101.9, 102.0)
    second.spans = (Span("compute", 1, 101.3, 101.7),)
    none = BatchTimes(0, 101.0, 101.1, begun=101.9, used=101.9)
    return Timeline(
        100.0,
        102.0,
        BatchLog([first, none, second]),
        {"wait": 0.5, "read": 0.25, "decode": 1.0, "resample": 0.75},
        prepared=7,
        last_read=101.0,
        last_prepared=101.25,
    )


def test_tasks_on_clocks_of_their_own_add_up() -> None:
    tasks = [
        TaskTimes("one", 3, known_timeline()),
        TaskTimes("other", 3, known_timeline()),
    ]
    whole = Timeline(50.0, 58.0, tasks=tasks, first_scores=53.0, use_seconds=2.0)
    perf, alone = (measure(one, batch_size=4, workers=2) for one in (whole, known_timeline()))
    assert perf.cluster == ClusterLoad(nodes=2, tasks=2, slots=2, task_seconds=4.0)
    assert (perf.images, perf.batches, perf.devices) == (12, 4, ())
    assert (perf.seconds, perf.images_per_s, perf.first_batch_s) == (8.0, 1.5, 3.0)
    assert perf.interface_images_per_s == pytest.approx(alone.interface_images_per_s)
    for name in ("compute", "h2d", "d2h", "batch"):
        spread, one = getattr(perf, name), getattr(alone, name)
        assert spread.count == 2 * one.count
        assert (spread.min, spread.mean, spread.max) == pytest.approx((one.min, one.mean, one.max))
    assert {name: seconds / 2 for name, seconds in perf.worker_seconds.items()} == dict(
        alone.worker_seconds
    )
    preprocess, device, post = perf.stages
    for load, one in zip((preprocess, device), alone.stages, strict=False):
        assert load.threads == 2 * one.threads
        assert load.busy_s == pytest.approx(2 * one.busy_s)
        assert load.wait_input_s == pytest.approx(2 * one.wait_input_s)
    assert post == StageLoad("post", 1, 2.0, 6.0, 0.0)
    found = run_bottleneck(perf.stages, perf.seconds, perf.worker_seconds, perf.first_batch_s)
    assert found is not None
    assert found.sentence == (
        "No stage was at its limit: the device worked 5 % of the time, the 4 workers 12 %, and "
        "38 % of it passed before the first scores."
    )


def test_the_file_of_a_cluster_has_no_moments(tmp_path: Path) -> None:
    timeline = Timeline(0.0, 1.0, tasks=[TaskTimes("one", 1, known_timeline())])
    perf = measure(timeline, batch_size=4, workers=2)
    about = dict.fromkeys(("model", "backend", "provider", "recipe"), "x")
    write_perf(tmp_path, perf, timeline, about)
    (file,) = tmp_path.iterdir()
    written = json.loads(file.read_text())
    assert written["cluster"]["tasks"] == 1
    assert not any(written["batch_times"].values())
    assert written["files"] == []
    write_perf(tmp_path, measure(known_timeline(), batch_size=4, workers=2), timeline, about)
    assert "cluster" not in json.loads(file.read_text())


def test_figures_of_a_known_timeline() -> None:
    perf = measure(known_timeline(), batch_size=4, workers=2)
    assert (perf.images, perf.batches, perf.devices) == (6, 2, (0, 1))
    assert perf.seconds == 2.0
    assert perf.images_per_s == 3.0
    assert perf.first_batch_s == pytest.approx(0.8)
    assert perf.interface_images_per_s == pytest.approx(6 / 0.6)
    assert perf.compute is not None
    assert (perf.compute.min, perf.compute.max) == (pytest.approx(200), pytest.approx(400))
    assert perf.h2d is not None
    assert (perf.h2d.count, perf.h2d.mean) == (1, pytest.approx(100))
    assert perf.batch is not None
    assert perf.batch.median == pytest.approx(500)
    preprocess, device, post = perf.stages
    assert (preprocess.busy_s, preprocess.wait_output_s) == (2.0, 0.5)
    assert preprocess.utilisation(perf.seconds) == 0.5
    assert device.busy_s == pytest.approx(0.8)  # copies, too
    assert device.utilisation(perf.seconds) == pytest.approx(0.2)
    assert device.wait_input_s == pytest.approx(0.2 + 0.4 + 0.1)
    assert post.busy_s == pytest.approx(0.2)


def test_percentiles_are_numpys() -> None:
    times = np.random.default_rng(1).gamma(2, 3, 1001)
    found = Distribution.of(np.append(times, np.nan))
    assert found is not None
    assert (found.p90, found.p95, found.p99) == tuple(np.percentile(times, (90, 95, 99)))
    assert Distribution.of(np.array([np.nan])) is None


def test_benchmark_file_is_what_the_guides_parser_reads(tmp_path: Path) -> None:
    timeline = known_timeline()
    rates = benchmark_rates(timeline, DeviceBatches.of(timeline.batches))
    assert benchmark_text(rates) == (
        "[e2e] throughputRate: 3, latency: 2000\n"
        "[data read] throughputRate: 6, moduleLatency: 166.667\n"
        "[preprocess] throughputRate: 4.8, moduleLatency: 208.333\n"
        "[infer] throughputRate: 3.33333, Interface throughputRate: 10, moduleLatency: 133.333\n"
        "[post] throughputRate: 1, moduleLatency: 1000\n"
    )
    paths = write_benchmark_files(tmp_path, timeline, 4)
    assert [path.name for path in paths] == [
        "perf_vision_batchsize_4_device_0.txt",
        "perf_vision_batchsize_4_device_1.txt",
    ]
    text = paths[0].read_text()
    # What is written is read again, each rate from its line.
    kinds: list[tuple[RateKind, float]] = [
        ("end-to-end", 2),
        ("read", 4),
        ("interface", 20),
        ("post", 4),
    ]
    for name, rate in kinds:
        cell = benchmark_cell(paths[0], text, name)
        assert float(cell.images_per_s) == pytest.approx(rate), name
    # As the guide's test/parse.py finds the interface rate.
    assert re.findall(r":(.*?),", text.replace("\n", ",") + ",")[7] == " 20"


@pytest.mark.slow
def test_ctrl_c_leaves_a_partial_result_that_says_so(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(60):
        (photos / f"{i:02}.jpg").write_bytes(jpeg(photo_like(40, 30, i)))
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"{i:02}.jpg {i}\n" for i in range(60)))
    out = tmp_path / "out"
    # The slow device tells by its first batch's progress when to interrupt.
    program = (
        "import signal, threading, time\n"
        "from regcore.backends.simulated import backend as simulated\n"
        "result = simulated.SimulatedBackend.result\n"
        "count = []\n"
        "def interrupting(self):\n"
        "    count.append(1)\n"
        "    if len(count) == 6: signal.raise_signal(signal.SIGINT)\n"
        "    return result(self)\n"
        "simulated.SimulatedBackend.result = interrupting\n"
        "from regcore.__main__ import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", program, "run", "simulated:200", str(photos)]
    command += ["--labels", str(labels), "--out", str(out), "--batch-size", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 130, done.stderr
    assert "of 60 images were evaluated; what follows is of these" in done.stderr
    assert not (out / "result.json").exists()
    partial = json.loads((out / "result.incomplete.json").read_text())["incomplete"]
    assert partial["expected_images"] == 60
    assert partial["not_reached"] == 60 - partial["images"]
    assert 8 <= partial["images"] < 60
    perf = json.loads((out / "perf.json").read_text())
    assert perf["complete"] is False
    assert perf["images"] >= partial["images"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_device_that_takes_no_time_has_no_rate(tmp_path: Path) -> None:
    timeline = known_timeline()
    batches = list(timeline.batches)
    for batch in batches:
        batch.spans = tuple(Span(s.stage, s.device, s.start, s.start) for s in batch.spans)
    timeline.batches = BatchLog(batches)
    perf = measure(timeline, batch_size=4, workers=2)
    assert perf.interface_images_per_s is None
    words = ("model", "backend", "provider", "recipe")
    write_perf(tmp_path, perf, timeline, dict.fromkeys(words, "m"))
    found = json.loads((tmp_path / "perf.json").read_text())
    assert found["interface_images_per_s"] is None
    assert found["files"] == [f"perf_vision_batchsize_4_device_{device}.txt" for device in (0, 1)]
    for name in found["files"]:
        assert "Interface throughputRate: n/a, moduleLatency: 0\n" in (tmp_path / name).read_text()
    write_pure_files(tmp_path, timeline, "m")
    pure = (tmp_path / "PureInfer_perf_of_m_in_device_0.txt").read_text()
    assert pure == "ave_throughputRate: n/a, ave_latency: 0ms\n"


def test_a_host_that_gave_no_image_is_no_division_by_zero() -> None:
    perf = replace(measure(known_timeline(), batch_size=4, workers=2), images=0, images_per_s=0.0)
    perf = replace(perf, stages=(StageLoad("preprocess", 2, 1.0, 0.0, 0.0),))
    ceilings = Ceilings(
        storage=1000.0,
        preprocess={2: 100.0},
        uint8=None,
        device=500.0,
        post=1e6,
        workers=2,
        processors=8,
    )
    verdict = judge(ceilings, perf)
    assert verdict.advice is None
    assert "of the first images none could be read" in verdict.sentence


def test_what_comes_from_a_model_is_no_markup(tmp_path: Path) -> None:
    photos = [jpeg(photo_like(40, 30, i)) for i in range(4)]
    evaluation = evaluate(
        Preprocessor(RECIPE, workers=1),
        SimulatedBackend(2000),
        photos,  # type: ignore[arg-type]
        np.arange(4),
        batch_size=2,
    )
    hostile = "x [/x] \x1b[2J [bold]"
    report = RunReport(
        *(hostile, hostile, hostile, hostile, 2, 1, RECIPE, evaluation, str(tmp_path)),
    )
    console = Console(file=io.StringIO(), width=200)
    console.print(to_table(report))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count(r"x [/x] \x1b[2J [bold]") == 4
    assert "\x1b" not in text


def test_accuracies_are_numbers_with_intervals_too() -> None:
    counts = TopN(2)
    counts.update(np.array([[3, 2, 1]] * 4, np.float32), np.array([0, 0, 0, 2]))
    assert accuracy_percent(counts) == {"Top1": 75.0, "Top2": 75.0}
    low, high = intervals(counts)["Top1"]
    assert (round(low, 2), round(high, 2)) == (30.06, 95.44)  # Wilson's, of 3 of 4
    assert set(accuracy_percent(TopN(2)).values()) <= {None}

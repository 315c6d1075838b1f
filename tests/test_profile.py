"""The bottleneck is named right, with its evidence; regcore profile measures what it says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from oracles import jpeg, photo_like

from regcore.backends.backend import Backend, Result, Span, TensorSpec
from regcore.cli import cli
from regcore.perf import StageLoad, measure
from regcore.pipeline import Timeline, run_pipeline
from regcore.preprocess import WORKED, Batch
from regcore.profile.bottleneck import Ceilings, busiest, judge

BATCHES = 12


class SleepingDevice(Backend):
    """Takes `delay` s for a batch, in the thread that waits for it."""

    name = "sleeping"
    version = "1"
    provider = "sleep"
    inputs = (TensorSpec("image", None, None),)
    outputs = (TensorSpec("scores", (None, 2), "float32"),)
    metadata: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, delay: float) -> None:
        self.delay = delay

    def submit(self, batch: np.ndarray) -> None:
        self.count = len(batch)

    def result(self) -> Result:
        start = time.perf_counter()
        time.sleep(self.delay)
        scores = np.zeros((self.count, 2), np.float32)
        return Result(scores, (Span("compute", 0, start, time.perf_counter()),))

    def close(self) -> None:
        pass


def prepared(delay: float) -> Iterator[Batch]:
    """Batches of one image that a worker prepares ahead, in `delay` s each."""

    def prepare(number: int) -> Batch:
        start = time.perf_counter_ns()
        time.sleep(delay)
        end = time.perf_counter_ns()
        worked = np.array([(0, start, start, start, start, end)], WORKED)
        images = np.zeros((1, 2), np.float32)
        return Batch(images, np.array([number]), (), (), worked)

    with ThreadPoolExecutor(1) as worker:
        coming = [worker.submit(prepare, number) for number in range(2)]
        for number in range(BATCHES):
            batch = coming.pop(0).result()
            if number + 2 < BATCHES:
                coming.append(worker.submit(prepare, number + 2))
            yield batch


def named_bottleneck(delays: dict[str, float]) -> str:
    timeline = Timeline()
    run_pipeline(
        prepared(delays["preprocess"]),
        SleepingDevice(delays["device"]),
        lambda *_: time.sleep(delays["post"]),
        timeline,
    )
    perf = measure(timeline, batch_size=1, workers=1)
    return busiest(perf.stages, perf.seconds)


def test_the_bottleneck_of_random_pipelines() -> None:
    chance = np.random.default_rng(8)
    right = 0
    for _ in range(50):
        slowest = chance.uniform(0.005, 0.008)
        delays = {name: chance.uniform(0, slowest / 1.6) for name in ("preprocess", "device")}
        delays["post"] = chance.uniform(0, slowest / 1.6)
        stage = str(chance.choice(sorted(delays)))
        delays[stage] = slowest
        right += named_bottleneck(delays) == stage
    assert right == 50


def ceilings(**changes: Any) -> Ceilings:
    values: dict[str, Any] = {
        "storage": 10_000.0,
        "preprocess": {1: 800.0, 2: 1600.0},
        "uint8": 1650.0,
        "device": 714.5,
        "post": 200_000.0,
        "workers": 2,
        "processors": 2,
    }
    return Ceilings(**{**values, **changes})


def loads(preprocess: float, device: float, post: float = 0.01) -> list[StageLoad]:
    """Stages that were busy for these parts of a second."""
    return [
        StageLoad("preprocess", 2, 2 * preprocess, 0, 0),
        StageLoad("device", 1, device, 0, 0),
        StageLoad("post", 1, post, 0, 0),
    ]


def test_a_slow_device() -> None:
    verdict = judge(ceilings(), loads(0.45, 0.99), 1.0, 710.0)
    assert verdict.stage == "device"
    assert verdict.sentence == (
        "the device is the bottleneck: 714 images/s, the host could feed 1,600 images/s "
        "(2 workers); adding workers gains nothing"
    )
    assert verdict.advice is None


def test_a_slow_host() -> None:
    fast = {"device": 3900.0, "processors": 8}
    verdict = judge(ceilings(**fast), loads(0.99, 0.4), 1.0, 1580.0)
    assert verdict.stage == "preprocess"
    assert verdict.sentence == (
        "the host is the bottleneck: 1,600 images/s (2 workers), where the device could take "
        "3,900 images/s; 3 more workers would reach the device's rate"
    )
    assert verdict.advice is not None
    assert (verdict.advice.workers, verdict.advice.expected) == (5, 3900.0)


def test_a_slow_host_without_spare_processors() -> None:
    verdict = judge(ceilings(device=2000.0, uint8=2400.0), loads(0.99, 0.8), 1.0, 1580.0)
    assert "uint8 input (2,400 images/s) would reach the device's rate" in verdict.sentence
    assert "1 more worker would be needed, and no processor is spare" in verdict.sentence
    assert verdict.advice is not None
    assert verdict.advice.uint8
    verdict = judge(ceilings(device=2000.0), loads(0.99, 0.8), 1.0, 1580.0)
    assert "uint8" not in verdict.sentence
    assert verdict.advice is None
    verdict = judge(ceilings(device=9000.0, processors=4), loads(0.99, 0.1), 1.0, 1580.0)
    assert "10 more workers would be needed, and 2 processors are spare" in verdict.sentence
    assert verdict.advice is not None
    assert verdict.advice.workers == 4


def test_slow_storage_and_slow_post() -> None:
    verdict = judge(ceilings(storage=1610.0, device=5000.0), loads(0.99, 0.3), 1.0, 1580.0)
    assert verdict.stage == "storage"
    assert "it gives 1,610 images/s" in verdict.sentence
    verdict = judge(ceilings(post=300.0), loads(0.2, 0.4, 0.99), 1.0, 295.0)
    assert verdict.stage == "post"
    assert "300 images/s, where the device gives 714 images/s" in verdict.sentence


def test_stages_that_share_the_processors() -> None:
    verdict = judge(ceilings(), loads(0.5, 0.9), 1.0, 500.0)
    assert verdict.sentence.endswith(
        "they reach 500 images/s, less than each alone, as they share the processors"
    )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(6):
        (folder / f"{i}.jpg").write_bytes(jpeg(photo_like(60, 50, i)))
    return folder


def test_profile_measures_each_stage_and_the_whole(photos: Path, tmp_path: Path) -> None:
    (photos / "bad.jpg").write_bytes(b"no photo")
    arguments = ["profile", "simulated:300", str(photos), "--batch", "4,2", "--chips", "4"]
    arguments += ["--seconds", "0.05", "--workers", "2", "--out", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found == json.loads((tmp_path / "out" / "profile.json").read_text())
    assert found["format"] == {"name": "regcore profile", "version": 1}
    assert [batch["batch_size"] for batch in found["batches"]] == [4, 2]
    for batch in found["batches"]:
        # It sleeps as long as it should, or longer.
        assert 0 < batch["device_images_per_s"] < 400
        assert batch["card_images_per_s"] == 4 * batch["device_images_per_s"]
        assert batch["perf"]["images"] > 0
    assert set(found["ceilings"]["preprocess"]) == {"1", "2"}
    assert found["bottleneck"] in {"device", "preprocess", "storage", "post"}


def test_profile_prints_tables_and_a_sentence(photos: Path) -> None:
    arguments = ["profile", "simulated:200", str(photos), "--seconds", "0.05", "--batch", "1"]
    result = CliRunner().invoke(cli, [*arguments, "--chips", "4"])
    assert result.exit_code == 0, result.output
    assert "is the bottleneck" in result.stdout
    assert "device x 4 chips" in result.stdout
    result = CliRunner().invoke(cli, arguments)
    assert "chips" not in result.stdout
    result = CliRunner().invoke(cli, [*arguments[:-1], "1,x"])
    assert result.exit_code == 2
    assert "is not a list of batch sizes" in result.stderr


def test_profile_of_bad_images_names_one(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    result = CliRunner().invoke(cli, ["profile", "simulated:200", str(tmp_path)])
    assert result.exit_code == 3
    assert "bad.jpg" in result.stderr

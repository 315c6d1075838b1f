"""The bottleneck is named right, with its evidence; regcore profile measures what it says."""

from __future__ import annotations

import json
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from onnx_models import save_model
from oracles import jpeg, photo_like

from regcore.backends.protocol import Backend, Result, Span
from regcore.cli import cli
from regcore.images import preprocessor
from regcore.images.preprocessor import Preprocessor
from regcore.models.tensors import TensorSpec
from regcore.performance.perf import Perf, StageLoad
from regcore.performance.profile import bottleneck, stage_rates
from regcore.performance.profile.bottleneck import Ceilings, judge
from regcore.performance.profile.workload import BatchProfile, Workload, worker_counts
from regcore.recipes.recipe import Recipe
from regcore.scores.accumulator import ScoreAccumulator

RECIPE = Recipe(resize=16, crop=16, dtype="uint8")


class SleepingDevice(Backend):
    """Takes `delay` s for a batch, from its submission or from the end of the one before."""

    name = "sleeping"
    version = "1"
    provider = "sleep"
    inputs = (TensorSpec("image", None, None),)
    outputs = (TensorSpec("scores", (None, 2), "float32"),)
    metadata: dict[str, str] = {}  # noqa: RUF012
    depth = 2

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.free_at = 0.0
        self.submitted: deque[Result] = deque()

    def submit(self, batch: np.ndarray) -> None:
        start = max(self.free_at, time.perf_counter())
        self.free_at = start + self.delay
        scores = np.zeros((len(batch), 2), np.float32)
        self.submitted.append(Result(scores, (Span("compute", 0, start, self.free_at),)))

    def result(self) -> Result:
        result = self.submitted.popleft()
        time.sleep(max(0.0, result.spans[0].end - time.perf_counter()))
        return result

    def close(self) -> None:
        pass


class Synthetic:
    """A workload of real threads and queues, in which all that takes time are known sleeps.

    The stream's own workers sleep in the decoder of pictures that are no JPEG, and whatever counts
    scores sleeps once a batch. On a busy machine sleeps take longer, and in one measurement more
    than in another: `took` has what they took in each, by stage.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.picture = folder / "picture"
        self.picture.write_bytes(b"no JPEG")
        self.delays = {"preprocess": 0.0, "post": 0.0}
        self.took: dict[str, dict[str, list[float]]] = {}
        self.measurement = ""

        def decode(_: object, canvas: Any) -> tuple[int, bool]:
            self.sleep("preprocess")
            canvas.reserve(16, 16, 3)
            canvas.pixels(16, 16)[:] = memoryview(bytes(16 * 16 * 3)).cast("B", (16, 16, 3))
            return 1, False

        monkeypatch.setattr(preprocessor, "decode_rgb", decode)
        monkeypatch.setattr(ScoreAccumulator, "add", lambda *_: self.sleep("post"))

    def sleep(self, stage: str) -> None:
        start = time.perf_counter()
        time.sleep(self.delays[stage])
        took = self.took.setdefault(stage, {}).setdefault(self.measurement, [])
        took.append(time.perf_counter() - start)

    def say(self, measurement: str) -> None:
        self.measurement = measurement

    def workload(
        self, image: float, device: float, post: float, workers: int, seconds: float
    ) -> Workload:
        """Delays in s: of an image, of a batch, of a batch."""
        self.delays = {"preprocess": image, "post": post}
        self.took = {}
        return Workload(
            SleepingDevice(device),
            [self.picture],
            RECIPE,
            lambda recipe, count: Preprocessor(recipe, workers=count),
            workers,
            seconds,
            self.say,
        )

    def batch_seconds(
        self, device: float, workers: int, batch: int
    ) -> dict[str, tuple[float, float]]:
        """What a batch really took in each stage; of all workers together, in the first.

        In the measurement in which it took least, and in that in which it took most.
        """
        means = {
            stage: [float(np.mean(took)) for took in of_stage.values()]
            for stage, of_stage in self.took.items()
        }
        image, post = means["preprocess"], means["post"]
        share = batch / workers
        return {
            "preprocess": (share * min(image), share * max(image)),
            "device": (device, device),
            "post": (min(post), max(post)),
        }


@pytest.fixture
def synthetic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Synthetic:
    return Synthetic(tmp_path, monkeypatch)


_TRIES = 3  # other work of the machine can slow down a stage just while it is measured


@pytest.mark.slow
def test_the_bottleneck_of_random_pipelines(synthetic: Synthetic) -> None:
    """Each is profiled as a whole: the stages alone, the pipeline, and the verdict on it."""
    chance = np.random.default_rng(8)
    stages = ("preprocess", "device", "post")
    named, slowest, wrong = [], [], []
    while len(slowest) < 50:
        workers, batch = int(chance.integers(1, 5)), int(chance.integers(4, 9))
        delays = {name: chance.uniform(0, 0.0025) for name in stages}
        delays[str(chance.choice(stages))] = chance.uniform(0.004, 0.006)
        for _ in range(_TRIES):
            image = delays["preprocess"] * workers / batch
            load = synthetic.workload(image, delays["device"], delays["post"], workers, 0.06)
            found = load.profile([batch])
            took = synthetic.batch_seconds(delays["device"], workers, batch)
            first = max(took, key=took.__getitem__)
            others = max(most for name, (_, most) in took.items() if name != first)
            known = took[first][0] >= 1.3 * others  # else sleeps took longer than they should
            if known and found.verdict.stage == first:
                break
        if known:
            slowest.append(first)
            named.append(found.verdict.stage)
            if named[-1] != first:
                wrong.append((took, workers, batch, found.verdict.sentence, found.batches[0].perf))
    assert named == slowest, wrong
    assert set(slowest) == set(stages)


@pytest.mark.slow
def test_what_the_profile_advises_helps(
    synthetic: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regcore.performance.profile.workload.default_workers", lambda: 16)
    # One worker does 100 images/s at best, the device 250.
    found = synthetic.workload(0.01, 0.008, 0.0, 1, 0.3).profile([2], verify=True)
    assert found.verdict.stage == "preprocess"
    advice = found.verdict.advice
    assert advice is not None
    assert advice.workers is not None
    assert advice.workers >= 3
    assert found.verified is not None
    assert found.verified.what == f"{advice.workers} workers"
    assert found.verified.images_per_s > 1.5 * found.batches[0].perf.images_per_s


def test_workers_are_a_dense_curve_at_first() -> None:
    assert worker_counts(1) == [1]
    assert worker_counts(5) == [1, 2, 3, 4, 5]
    assert worker_counts(8) == list(range(1, 9))
    assert worker_counts(9) == [*range(1, 9), 9]
    assert worker_counts(40) == [*range(1, 9), 12, 16, 24, 32, 40]
    assert worker_counts(64) == [*range(1, 9), 12, 16, 24, 32, 48, 64]


def alone(**changes: Any) -> Ceilings:
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


def run_of(
    rate: float, preprocess: float, device: float, post: float = 0.01, **read: float
) -> Perf:
    """A second of a run with two workers, whose stages were busy for these parts of it."""
    stages = (
        StageLoad("preprocess", 2, 2 * preprocess, 0, 0),
        StageLoad("device", 1, device, 0, 0),
        StageLoad("post", 1, post, 0, 0),
    )
    no_times = [None] * 6
    return Perf(1, 2, (0,), int(rate), int(rate), 1.0, rate, *no_times, stages, read)  # type: ignore[arg-type]


def test_a_slow_device() -> None:
    verdict = judge(alone(), run_of(710.0, 0.45, 0.99))
    assert verdict.stage == "device"
    assert verdict.sentence == (
        "the device is the bottleneck: 714 images/s, the host could feed 1,600 images/s "
        "(2 workers); adding workers gains nothing"
    )
    assert verdict.advice is None


def test_a_slow_host() -> None:
    fast = {"device": 3900.0, "processors": 8}
    verdict = judge(alone(**fast), run_of(1580.0, 0.99, 0.4))
    assert verdict.stage == "preprocess"
    assert verdict.sentence == (
        "the host is the bottleneck: 1,600 images/s (2 workers), where the device could take "
        "3,900 images/s; 3 more workers would reach the device's rate"
    )
    assert verdict.advice is not None
    assert (verdict.advice.workers, verdict.advice.expected) == (5, 3900.0)
    verdict = judge(alone(**fast, uint8=4000.0), run_of(1580.0, 0.99, 0.4))
    assert "; 3 more workers, or uint8 input, would reach the device's rate" in verdict.sentence


def test_a_slow_host_without_spare_processors() -> None:
    verdict = judge(alone(device=2000.0, uint8=2400.0), run_of(1580.0, 0.99, 0.8))
    assert "uint8 input (2,000 images/s) would reach the device's rate" in verdict.sentence
    assert "1 more worker would be needed, and no processor is spare" in verdict.sentence
    assert verdict.advice is not None
    assert verdict.advice.uint8
    verdict = judge(alone(device=2000.0), run_of(1580.0, 0.99, 0.8))
    assert "uint8" not in verdict.sentence
    assert verdict.advice is None
    verdict = judge(alone(device=9000.0, processors=4), run_of(1580.0, 0.99, 0.1))
    assert "10 more workers would be needed, and 2 processors are spare" in verdict.sentence
    assert verdict.advice is not None
    assert verdict.advice.workers == 4
    verdict = judge(alone(device=9000.0, processors=1), run_of(1580.0, 0.99, 0.1))
    assert "and no processor is spare" in verdict.sentence


@pytest.mark.parametrize(("preprocess", "device"), [(0.995, 0.99), (0.99, 0.995)])
def test_what_a_run_reached_decides_between_two_busy_stages(
    preprocess: float, device: float
) -> None:
    verdict = judge(alone(), run_of(705.0, preprocess, device))
    assert (verdict.stage, verdict.advice) == ("device", None)
    verdict = judge(alone(device=3000.0), run_of(1570.0, preprocess, device))
    assert verdict.stage == "preprocess"


def test_a_host_as_fast_as_the_device_needs_nothing() -> None:
    verdict = judge(alone(device=1610.0, processors=8), run_of(1570.0, 0.99, 0.97))
    assert verdict.stage == "preprocess"
    assert verdict.sentence.endswith("could take 1,610 images/s; they are about as fast")
    assert verdict.advice is None


def test_a_host_that_shares_the_processors_with_the_device() -> None:
    verdict = judge(alone(processors=8), run_of(400.0, 0.99, 0.7))
    assert verdict.stage == "preprocess"
    assert verdict.sentence == (
        "the host is the bottleneck: 400 images/s beside the others, 1,600 images/s (2 workers) "
        "alone, where the device could take 714 images/s; 2 more workers would reach the device's "
        "rate; together the stages reach 400 images/s, less than each alone, as they share the "
        "processors"
    )
    assert verdict.advice is not None
    assert (verdict.advice.workers, verdict.advice.expected) == (4, 714.5)
    verdict = judge(alone(), run_of(500.0, 0.5, 0.9))
    assert verdict.stage == "device"
    assert verdict.sentence.endswith("less than each alone, as they share the processors")
    verdict = judge(alone(device=3000.0), run_of(500.0, 0.5, 0.9))
    assert "3,000 images/s alone, the host 1,600 images/s (2 workers);" in verdict.sentence
    assert "gains nothing" not in verdict.sentence


def test_slow_storage_and_slow_post() -> None:
    verdict = judge(alone(device=5000.0), run_of(1580.0, 0.99, 0.3, read=1.5, decode=0.48))
    assert verdict.stage == "storage"
    assert "the workers read for 76% of their time" in verdict.sentence
    verdict = judge(alone(post=300.0), run_of(295.0, 0.2, 0.4, 0.99))
    assert verdict.stage == "post"
    assert "300 images/s, where the device gives 714 images/s" in verdict.sentence


def test_slow_storage_before_a_first_pass() -> None:
    cold = "; files that are not in memory yet come at 500 images/s"
    for run in (run_of(710.0, 0.45, 0.99), run_of(705.0, 0.3, 0.3, 0.99)):
        assert cold in judge(alone(storage=500.0), run).sentence
    assert cold in judge(alone(storage=500.0, device=3e3), run_of(1580.0, 0.99, 0.4)).sentence


def test_no_share_is_more_than_all() -> None:
    assert bottleneck.share(0.714, 1) == "71.4%"
    assert bottleneck.share(1.0) == "100%"
    assert bottleneck.share(1.14) == "100 % (within the noise of the measurement)"
    slow = judge(alone(device=3e3), run_of(1580.0, 0.5, 0.4, read=1.1))
    assert slow.stage == "storage"
    assert "the workers read for 100 % (within the noise" in slow.sentence


def test_rates_of_nothing_are_not_divided_by() -> None:
    nothing = judge(alone(preprocess={1: 0.0, 2: 0.0}), run_of(0.0, 0.9, 0.0))
    assert (nothing.stage, nothing.advice) == ("preprocess", None)
    for idle in (run_of(0.0, 0.0, 0.0), run_of(0.0, 0.0, 0.0, read=1.0)):
        assert judge(alone(preprocess={2: 0.0}, device=0.0, post=0.0), idle).sentence
    assert BatchProfile(1, 0.0, run_of(0.0, 0.0, 0.0)).reached == 0.0


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(6):
        (folder / f"{i}.jpg").write_bytes(jpeg(photo_like(60, 50, i)))
    return folder


@pytest.mark.slow
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


@pytest.mark.slow
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
    assert "is not a list such as 1,4,8,16" in result.stderr


def test_profile_of_bad_images_names_one(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    result = CliRunner().invoke(cli, ["profile", "simulated:200", str(tmp_path)])
    assert result.exit_code == 3
    assert "bad.jpg" in result.stderr


def test_storage_is_read_whole_and_anew(photos: Path) -> None:
    paths = [*photos.iterdir(), photos / "gone.jpg"]
    assert 0 < stage_rates.storage_rate(paths, 3, 0.02) < 1e6


def test_a_short_list_ends_its_measurement() -> None:
    left = iter([None, 3, 0, 2, None])
    assert 0 < stage_rates.rate(lambda: next(left), 3600.0) < 1e9


@pytest.mark.slow
def test_uint8_is_tried_on_a_model_that_takes_none(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def judge(found: Ceilings, perf: Perf) -> bottleneck.Bottleneck:
        return bottleneck.Bottleneck(
            "preprocess", "s", bottleneck.Advice(None, uint8=True, expected=7.0)
        )

    def whole(
        preprocessor: Preprocessor, backend: Backend, *rest: Any, real: Any = stage_rates.whole
    ) -> Any:
        timeline = real(preprocessor, backend, *rest)
        tried.append((preprocessor.recipe.dtype, sum(batch.images for batch in timeline.batches)))
        return timeline

    monkeypatch.setattr("regcore.performance.profile.workload.judge", judge)
    monkeypatch.setattr(stage_rates, "whole", whole)
    model = save_model(tmp_path / "floats.onnx")
    arguments = ["profile", str(model), str(photos), "--seconds", "0.05", "--verify", "--json"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert [dtype for dtype, _ in tried] == ["float32", "uint8"]
    assert min(images for _, images in tried) > 0
    verified = json.loads(result.stdout)["verified"]
    assert verified["what"].startswith("uint8 input, as if the model took it")
    assert verified["expected"] == 7.0
    assert verified["images_per_s"] > 0


def test_ctrl_c_says_what_was_measured(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr(stage_rates, "storage_rate", interrupted)
    out = tmp_path / "out"
    arguments = ["profile", "simulated:1e5", str(photos), "--seconds", "0.01", "--out", str(out)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 130
    assert result.stdout == ""
    assert "interrupted: 2 measurements were done, storage alone was not" in result.stderr
    assert not out.exists()


def test_a_dtype_with_brackets_is_text(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def judged(*_: object) -> bottleneck.Bottleneck:
        return bottleneck.Bottleneck("device", "[/x] is the bottleneck", None)

    monkeypatch.setattr("regcore.performance.profile.workload.judge", judged)
    arguments = ["profile", "simulated:1e5", str(photos), "--seconds", "0.01"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert "[/x] is the bottleneck" in result.stdout

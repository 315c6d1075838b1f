"""Deliberate faults of backends, each found by the check that is for it; sound ones pass."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_model

from regcore import DatasetError, UsageError, check_batches
from regcore.api.batchcheck import CheckedBatches
from regcore.backends.protocol import Backend, Result, Span
from regcore.errors import BackendError, DeviceHungError
from regcore.models.tensors import TensorSpec
from regcore.trust.batchcheck.checks import run_checks
from regcore.trust.batchcheck.findings import CheckFound
from regcore.trust.batchcheck.timed_backend import TimedBackend

SIZE, CLASSES = 6, 10
WEIGHTS = np.random.default_rng(1).standard_normal((3, CLASSES)).astype(np.float32)
IMAGES = np.random.default_rng(0).standard_normal((SIZE, 3, 4, 4)).astype(np.float32)
RECIPE = "resize=8,crop=8,filter=bilinear,mean=0,0,0,std=1,1,1"

Scores = Any


class FakeBackend(Backend):
    """A linear model, whose scores `fault` changes: it gets them, and the batch."""

    name, version, provider = "fake", "1", "cpu"
    inputs = (TensorSpec("image", (None, 3, 4, 4), "float32"),)
    outputs = (TensorSpec("scores", (None, CLASSES), "float32"),)
    metadata: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, fault: Callable[[Scores, Any], None] | None = None, depth: int = 1) -> None:
        self.fault = fault
        self.depth = depth
        self.waiting: deque[Any] = deque()

    def submit(self, batch: Any) -> None:
        self.waiting.append(batch)

    def result(self) -> Result:
        batch = self.waiting.popleft()
        # Row by row, as a product of matrices may round by the number of rows.
        means = batch.mean(axis=(2, 3))
        with np.errstate(invalid="ignore"):
            scores = np.stack([(row[:, None] * WEIGHTS).sum(axis=0) for row in means])
        if self.fault is not None:
            self.fault(scores, batch)
        return Result(scores.astype(np.float32), (Span("compute", 0, 0.0, 1.0),))

    def close(self) -> None:
        pass


def checks_of(backend: Backend, images: Any = IMAGES) -> dict[str, CheckFound]:
    return {check.name: check for check in run_checks(backend, images)}


def failing(found: dict[str, CheckFound], limit: float = 1e-3) -> set[str]:
    return {name for name, check in found.items() if check.passes(limit) is False}


def test_nothing_wrong() -> None:
    found = checks_of(FakeBackend(depth=2))
    assert list(found) == ["repeat", "queue", "slots", "neighbours", "padding", "sizes"]
    for check in found.values():
        assert check.compared == check.equal > 0, check
        assert check.largest == check.relative == check.flips == check.not_finite == 0
        assert check.worst == ""


def test_one_slot_is_perturbed() -> None:
    def fault(scores: Scores, _: Any) -> None:
        if len(scores) == SIZE:
            scores[4] += 0.25

    found = checks_of(FakeBackend(fault))
    assert "slots" in failing(found)
    assert "repeat" not in failing(found)
    assert found["slots"].worst == "slot 4"
    assert found["slots"].largest == pytest.approx(0.25)
    assert found["slots"].equal == SIZE * (SIZE - 1)
    assert found["slots"].flips == 0
    assert "sizes" in failing(found)


def test_a_slot_that_flips_a_choice() -> None:
    def fault(scores: Scores, _: Any) -> None:
        if len(scores) > 2:
            scores[2] = scores[2, ::-1].copy()

    found = checks_of(FakeBackend(fault))["slots"]
    assert found.flips > 0
    assert found.passes(limit=1e9) is False


def test_neighbours_matter() -> None:
    """As where a normalisation takes its statistics from the batch."""

    def fault(scores: Scores, batch: Any) -> None:
        scores += 0.1 * batch.mean()

    found = checks_of(FakeBackend(fault))
    assert {"neighbours", "padding", "sizes"} <= failing(found)
    # The batch is the same one in another order.
    assert {"repeat", "slots"}.isdisjoint(failing(found))
    assert "beside" in found["neighbours"].worst


def test_a_padded_batch_leaks() -> None:
    """Images beside NaN get NaN; what is finite leaves them alone."""

    def fault(scores: Scores, batch: Any) -> None:
        if np.isnan(batch).any():
            scores[0] = np.nan

    found = checks_of(FakeBackend(fault))
    assert failing(found) == {"padding"}
    assert found["padding"].not_finite == 3
    assert found["padding"].worst == "image 0 of 1 padded with NaN has NaN or infinity"


def test_scores_that_are_always_nan_do_not_pass() -> None:
    """Each run gives NaN for the same score, as float16 that overflows does."""

    def fault(scores: Scores, _batch: Any) -> None:
        scores[:, 3] = np.nan

    found = checks_of(FakeBackend(fault, depth=2))
    assert failing(found) == set(found)
    assert all(check.not_finite == check.compared for check in found.values())
    assert found["repeat"].worst == "slot 0, run 2 has NaN or infinity"


def test_scores_that_are_always_infinite_pass() -> None:
    """As the logarithm of a probability of 0 is."""

    def fault(scores: Scores, _batch: Any) -> None:
        scores[:, 3] = -np.inf

    assert not failing(checks_of(FakeBackend(fault, depth=2)))


def test_padding_with_large_values_leaks() -> None:
    def fault(scores: Scores, batch: Any) -> None:
        scores += 1e-3 * np.nan_to_num(np.abs(batch)).max()

    found = checks_of(FakeBackend(fault))
    assert "padding" in failing(found)
    assert "padded with 10000" in found["padding"].worst


def test_sizes_matter() -> None:
    def fault(scores: Scores, batch: Any) -> None:
        if len(batch) == 3:
            scores *= np.float32(1.1)

    found = checks_of(FakeBackend(fault))
    assert failing(found) == {"sizes"}
    assert "in a batch of 3" in found["sizes"].worst


def test_not_twice_the_same() -> None:
    calls: list[int] = []

    def fault(scores: Scores, _: Any) -> None:
        calls.append(1)
        scores += 0.05 * (len(calls) % 2)

    found = checks_of(FakeBackend(fault))
    assert "repeat" in failing(found)
    assert "run" in found["repeat"].worst


def test_one_of_several_devices_has_other_scores() -> None:
    class Several(FakeBackend):
        turn = 0

        def result(self) -> Result:
            device, self.turn = self.turn % self.depth, self.turn + 1
            self.fault = odd if device == 2 else None
            return Result(super().result().scores, (Span("compute", device, 0.0, 1.0),))

    def odd(scores: Scores, _: Any) -> None:
        scores[-1] += 0.1

    found = checks_of(Several(depth=4))["repeat"]
    assert found.passes(1e-3) is False
    assert found.worst == f"slot {SIZE - 1}, run 3 on device 2, beside run 1 on device 0"


def test_a_queue_that_mixes_batches() -> None:
    class Mixing(FakeBackend):
        def submit(self, batch: Any) -> None:
            if self.waiting:
                self.waiting[-1] = batch  # its memory was used anew too early
            super().submit(batch)

    found = checks_of(Mixing(depth=2))
    assert failing(found) == {"queue"}
    assert "in the queue" in found["queue"].worst


def test_small_roundings_pass_unless_none_are_allowed() -> None:
    def fault(scores: Scores, batch: Any) -> None:
        if len(batch) < SIZE:
            scores *= np.float32(1 + 1e-6)

    found = checks_of(FakeBackend(fault))
    assert not failing(found)
    assert 0 < found["sizes"].relative < 1e-5
    assert failing(found, limit=0) == {"sizes"}


def test_uint8_gets_no_nan() -> None:
    images = np.random.default_rng(0).integers(0, 256, (SIZE, 3, 4, 4), dtype=np.uint8)
    found = checks_of(FakeBackend(), images)
    assert not failing(found)
    assert found["padding"].compared > 0


def test_a_batch_of_one_is_not_decided() -> None:
    found = checks_of(FakeBackend(), IMAGES[:1])
    assert {name for name, check in found.items() if check.compared} == {"repeat"}
    assert all(check.why_not for name, check in found.items() if name != "repeat")
    checked = CheckedBatches(tuple(found.values()), {}, 1, "noise", 1e-3)
    assert checked.outcome == "UNDECIDED"


def test_a_device_that_is_silent_or_fails() -> None:
    import threading

    class Silent(FakeBackend):
        def result(self) -> Result:
            threading.Event().wait(5)
            return super().result()

    with pytest.raises(DeviceHungError, match=r"within 0\.05 s"):
        list(run_checks(TimedBackend(Silent(), 0.05), IMAGES))

    def fault(_: Scores, __: Any) -> None:
        raise BackendError("out of memory")

    with pytest.raises(BackendError, match="out of memory"):
        list(run_checks(TimedBackend(FakeBackend(fault), 5), IMAGES))


@pytest.mark.parametrize("batch", [None, 4])
def test_onnxruntime(tmp_path: Path, batch: int | None) -> None:
    model = save_model(tmp_path / "m.onnx", size=8, batch=batch)
    told = regcore("batchcheck", model, "--recipe", RECIPE, "--batch-size", 4)
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("PASS: ")
    assert "in every slot" in told.stdout


def test_simulated_device_and_json() -> None:
    told = regcore("batchcheck", "simulated:100000:7", "--recipe", RECIPE, "--json")
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["format"] == {"name": "regcore batchcheck", "version": 1}
    assert found["outcome"] == "PASS"
    assert {check["name"]: check["compared"] > 0 for check in found["checks"]}["queue"]


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = save_model(tmp_path / "m.onnx", size=8)
    asked = ("batchcheck", model, "--recipe", RECIPE)
    told = regcore(*asked, "--batch-size", 1)
    assert told.exit_code == 3
    assert told.stdout.startswith("UNDECIDED")
    from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend

    taken = OnnxRuntimeBackend.result

    def perturbed(self: Any) -> Result:
        found = taken(self)
        scores = np.array(found.scores)
        scores[len(scores) // 2] += 1
        return Result(scores, found.spans)

    monkeypatch.setattr(OnnxRuntimeBackend, "result", perturbed)
    told = regcore(*asked, "--batch-size", 4)
    assert told.exit_code == 5
    assert told.stdout.startswith("FAIL")
    assert "in every slot: slot 2" in told.stdout


def test_photos(tmp_path: Path) -> None:
    from PIL import Image

    model = save_model(tmp_path / "m.onnx", size=8)
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        Image.new("RGB", (9, 9), (80 * number, 10, 200)).save(photos / f"{number}.png")
    (photos / "3.png").write_bytes(b"none")
    said: list[str] = []
    found = check_batches(model, photos, recipe=RECIPE, batch_size=5, log=said.append)
    assert found.outcome == "PASS"
    assert any("3.png" in line for line in said)
    assert any("3 images fill a batch of 5" in line for line in said)
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "x.png").write_bytes(b"none")
    with pytest.raises(DatasetError, match="no image is good"):
        check_batches(model, empty, recipe=RECIPE)
    with pytest.raises(UsageError, match="max_difference"):
        check_batches(model, max_difference=-1)

"""The calibrator of TensorRT before 11, driven as its builder drives it, on an emulated GPU."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from onnx_models import save_model
from PIL import Image
from tensorrt_emulator import Emulator, Settings

from regcore import BackendError, UsageError, calibrate_model, tensorrt_calibrator

pytest.importorskip("onnx")


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for number in range(6):
        picture = Image.new("RGB", (40, 40), (40 * number, 7, 200))
        picture.save(tmp_path / "photos" / f"{number}.png")
    model = save_model(tmp_path / "m.onnx")
    calibrate_model(model, tmp_path / "photos", tmp_path / "calibration", count=4)
    return tmp_path / "calibration"


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Emulator:
    made = Emulator(Settings())
    package = ModuleType("tensorrt")
    package.__version__ = "10.1.0"  # type: ignore[attr-defined]
    base = type("IInt8EntropyCalibrator2", (), {})
    package.IInt8EntropyCalibrator2 = base  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorrt", package)
    bindings = ModuleType("cuda.bindings")
    bindings.runtime = made.runtime  # type: ignore[attr-defined]
    for name in ("cuda", "cuda.bindings"):
        monkeypatch.setitem(sys.modules, name, bindings)
    return made


def test_the_batches_are_the_images(calibration: Path, emulator: Emulator) -> None:
    calibrator = tensorrt_calibrator(calibration, batch_size=2)
    assert isinstance(calibrator, sys.modules["tensorrt"].IInt8EntropyCalibrator2)
    assert calibrator.get_batch_size() == 2
    images = np.load(calibration / "calibration.npy")
    for at in (0, 2):
        (address,) = calibrator.get_batch(["image"])
        held = emulator.machine.memory.region(address, images[:2].nbytes, "test").bytes()
        assert bytes(held) == images[at : at + 2].tobytes()
    assert calibrator.get_batch(["image"]) is None
    calibrator.close()
    assert not emulator.violations
    assert not emulator.alive()


@pytest.mark.usefixtures("emulator")
def test_a_cache_of_other_images_is_not_used(calibration: Path, tmp_path: Path) -> None:
    cache = tmp_path / "network.cache"
    calibrator = tensorrt_calibrator(calibration, cache=cache)
    assert calibrator.read_calibration_cache() is None
    calibrator.write_calibration_cache(memoryview(b"ranges"))
    assert calibrator.read_calibration_cache() == b"ranges"
    calibrate_model(tmp_path / "m.onnx", tmp_path / "photos", tmp_path / "other", count=4, seed=5)
    other = tensorrt_calibrator(tmp_path / "other", cache=cache)
    assert other.read_calibration_cache() is None
    without = tensorrt_calibrator(calibration)
    without.write_calibration_cache(b"ranges")
    assert without.read_calibration_cache() is None


@pytest.mark.usefixtures("emulator")
def test_what_is_refused(calibration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no whole number of batches"):
        tensorrt_calibrator(calibration, batch_size=3)
    with pytest.raises(UsageError, match="the network has the inputs a, b"):
        tensorrt_calibrator(calibration).get_batch(["a", "b"])
    monkeypatch.delattr(sys.modules["tensorrt"], "IInt8EntropyCalibrator2")
    with pytest.raises(BackendError, match=r"has no calibrators; .* quantize --symmetric"):
        tensorrt_calibrator(calibration)

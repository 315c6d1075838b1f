"""ONNX Runtime's providers for devices, with a session that is made up where there is no device.

The made-up session takes only what the real one does, and computes on the real CPU provider.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import save_model

from regcore.backends.registry import open_backend
from regcore.errors import BackendError

onnxruntime = pytest.importorskip("onnxruntime")
RealSession = onnxruntime.InferenceSession
MEMORY = {
    "CUDAExecutionProvider": "cuda",
    "TensorrtExecutionProvider": "cuda",
    "CANNExecutionProvider": "cann",
}


class OnDevice:
    """An OrtValue in the memory of a device."""

    def __init__(self, values: Any, device: str, number: int) -> None:
        self.values, self.device, self.number = np.array(values), device, number

    @staticmethod
    def ortvalue_from_numpy(values: Any, device: str, number: int) -> OnDevice:
        assert isinstance(values, np.ndarray)
        assert values.flags.c_contiguous
        return OnDevice(values, device, number)

    def numpy(self) -> Any:
        return self.values.copy()


class Binding:
    """An IOBinding, which forgets its output once it was run."""

    def __init__(self) -> None:
        self.input: tuple[str, OnDevice] | None = None
        self.output: tuple[str, str, int] | None = None
        self.results: list[OnDevice] = []

    def bind_ortvalue_input(self, name: str, value: OnDevice) -> None:
        assert isinstance(value, OnDevice)
        self.input = (name, value)

    def bind_output(self, name: str, device: str, number: int) -> None:
        self.output = (name, device, number)

    def get_outputs(self) -> list[OnDevice]:
        return self.results


class Session:
    """An InferenceSession whose providers are there or, as `there` says, are not.

    whole: whether the provider takes all of the model.
    """

    there: tuple[str, ...] = ()
    whole = True
    opened: list[Any] = []  # noqa: RUF012

    def __init__(
        self, path: Path, options: Any, *, providers: list[Any], enable_fallback: int
    ) -> None:
        assert enable_fallback == 0
        Session.opened.append(providers)
        self.options = {name: dict(given) for name, given in providers}
        names = [name for name, _ in providers if name in (*self.there, "CPUExecutionProvider")]
        key = "session.disable_cpu_ep_fallback"
        try:
            refused = options.get_session_config_entry(key) == "1"
        except RuntimeError:  # never set
            refused = False
        if refused and self.there and not self.whole:
            raise RuntimeError(
                "[ONNXRuntimeError] : 1 : FAIL : This session contains graph nodes that are "
                "assigned to the default CPU EP, but fallback to CPU EP has been explicitly "
                "disabled by the user.\nmore"
            )
        self.names = [*names, "CPUExecutionProvider"]
        self.real = RealSession(path, providers=["CPUExecutionProvider"])
        for name in ("get_inputs", "get_outputs", "get_modelmeta", "run"):
            setattr(self, name, getattr(self.real, name))

    def get_providers(self) -> list[str]:
        return self.names

    def get_provider_options(self) -> dict[str, dict[str, str]]:
        return {name: {"device_id": "0", **self.options.get(name, {})} for name in self.names}

    def io_binding(self) -> Binding:
        return Binding()

    def run_with_iobinding(self, binding: Binding) -> None:
        assert binding.input is not None, "no input was bound"
        assert binding.output is not None, "no output was bound"
        name, value = binding.input
        output, device, number = binding.output
        own = (MEMORY[self.names[0]], int(self.get_provider_options()[self.names[0]]["device_id"]))
        assert (value.device, value.number) == own, "the input is on another device"
        assert (device, number) == own, "the output is on another device"
        (found,) = self.real.run([output], {name: value.values})
        binding.results, binding.output = [OnDevice(found, device, number)], None


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> type[Session]:
    """All providers are in the package; none of their devices is there."""
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    monkeypatch.setattr(onnxruntime, "OrtValue", OnDevice)
    providers = [*MEMORY, "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: providers)
    monkeypatch.setattr(Session, "there", ())
    monkeypatch.setattr(Session, "whole", True)
    monkeypatch.setattr(Session, "opened", [])
    return Session


def images(count: int) -> Any:
    return np.random.default_rng(count).random((count, 3, 8, 8)).astype(np.float32)


@pytest.mark.parametrize(
    ("provider", "name", "number"),
    [
        ("cuda", "CUDAExecutionProvider", 0),
        ("cuda:1", "CUDAExecutionProvider", 1),
        ("tensorrt", "TensorrtExecutionProvider", 0),
        ("CANNExecutionProvider:3", "CANNExecutionProvider", 3),
    ],
)
@pytest.mark.parametrize("batch", [None, 4])
def test_batches_are_bound_to_the_device(
    made_up: type[Session],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    provider: str,
    name: str,
    number: int,
    batch: int | None,
) -> None:
    monkeypatch.setattr(made_up, "there", (name, "CUDAExecutionProvider"))
    model = save_model(tmp_path / "m.onnx", size=8, batch=batch)
    with open_backend(model, provider=provider) as backend:
        assert backend.provider == name
        for count in (4, 1, 6):
            given = images(count)
            backend.submit(given)
            result = backend.result()
            np.testing.assert_allclose(result.scores, given.mean(axis=(2, 3)), rtol=1e-5)
            stages = [span.stage for span in result.spans]
            runs = -(-count // batch) if batch else 1
            assert stages == ["h2d", "compute", "d2h"] * runs
            assert {span.device for span in result.spans} == {number}
            marks = [time for span in result.spans for time in (span.start, span.end)]
            assert marks == sorted(marks)
    (opened,) = made_up.opened
    beside = ["CUDAExecutionProvider"] if provider == "tensorrt" else []
    assert [one for one, _ in opened] == [name, *beside]


def test_a_provider_without_its_device(made_up: type[Session], tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx", size=8)
    with pytest.raises(BackendError, match=r"asked for CUDAEx.*fell back to CPUEx.*--allow-fall"):
        open_backend(model, provider="cuda")
    with open_backend(model, provider="cuda", allow_fallback=True) as backend:
        assert backend.provider == "CPUExecutionProvider"
        batch = images(3)
        np.testing.assert_allclose(backend.run(batch), batch.mean(axis=(2, 3)), rtol=1e-5)


def test_a_provider_that_takes_part_of_a_model(
    made_up: type[Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(made_up, "there", ("CUDAExecutionProvider",))
    monkeypatch.setattr(made_up, "whole", False)
    model = save_model(tmp_path / "m.onnx", size=8)
    with pytest.raises(BackendError, match=r"fallback to CPU EP.*--allow-fallback permits"):
        open_backend(model, provider="cuda")
    with open_backend(model, provider="cuda", allow_fallback=True) as backend:
        assert backend.provider == "CUDAExecutionProvider"


@pytest.mark.parametrize("provider", ["cpu:1", "cuda:x", "cuda:-1"])
def test_numbers_of_devices(made_up: type[Session], tmp_path: Path, provider: str) -> None:
    with pytest.raises(BackendError, match="expected a provider such as cuda or cuda:1"):
        open_backend(save_model(tmp_path / "m.onnx"), provider=provider)


def test_the_real_runtime_knows_the_setting(tmp_path: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    model = save_model(tmp_path / "m.onnx")
    with pytest.raises(Exception, match=r"cannot both|fallback"):
        onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

"""timm's models on torch: the CPU for real, the order of a GPU's work with made-up streams."""

from __future__ import annotations

import json
import warnings
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from command_process import run_commands
from exported_models import ExportedModels
from labelled_photos import LabelledPhotos

from regcore.backends.pytorch.devices import set_precision
from regcore.backends.registry import open_backend
from regcore.errors import BackendError, RegcoreError
from regcore.frameworks import import_timm

LITE0 = "tf_efficientnet_lite0"


def test_the_same_topn_as_onnx_runtime(
    exported_models: ExportedModels, labelled_photos: LabelledPhotos, tmp_path: Path
) -> None:
    weights = exported_models.folder / "lite0.pth"
    common = (labelled_photos.folder, "--labels", labelled_photos.labels)
    found = run_commands(
        [
            ("run", model, *common, "--out", tmp_path / name, "--json")
            for name, model in (
                ("onnx", exported_models.path("lite0")),
                ("torch", f"torch:{LITE0}:{weights}"),
            )
        ],
    )
    onnx, torch = (json.loads(outcome.stdout) for outcome in found)
    assert torch["hits"] == onnx["hits"] == labelled_photos.hits
    assert torch["backend"].startswith("torch 2")
    assert torch["provider"] == "cpu"
    assert torch["recipe"] == onnx["recipe"]
    assert "taking --recipe" not in found[1].stderr
    results = [(tmp_path / name / "result.json").read_text() for name in ("onnx", "torch")]
    assert results[0] == results[1]


def test_half_precision_takes_float16_images(exported_models: ExportedModels) -> None:
    weights = exported_models.folder / "lite0.safetensors"
    images = np.random.default_rng(5).normal(size=(3, 3, 224, 224)).astype(np.float32)
    with (
        open_backend(f"torch:{LITE0}:{weights}", threads=1) as full,
        open_backend(f"torch-half:{LITE0}:{weights}") as half,
    ):
        assert full.inputs[0].dtype == "float32"
        assert half.inputs[0].dtype == "float16"
        assert half.outputs[0].shape == (None, 1000)
        expected = full.run(images)
        scores = half.run(images.astype(np.float16))
        assert scores.dtype == np.float32
        assert not np.array_equal(scores, expected)
        np.testing.assert_allclose(scores, expected, atol=0.1 * np.abs(expected).max())
        with pytest.raises(BackendError, match=r"takes image float16 \[N, 3, 224, 224\], not fl"):
            half.submit(images)
        # A store's images are read-only.
        images.flags.writeable = False
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_array_equal(full.run(images), expected)
    with pytest.raises(BackendError, match="was closed"):
        full.submit(images)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "provider", "words"),
    [
        ("torch:", None, "expected torch:MODEL"),
        ("torch:resnet50:w.pth", "cann", "no provider cann here, only cpu, cuda and npu"),
        ("torch:resnet50:w.pth", "cuda", "without CUDA|finds no GPU"),
        ("torch:resnet50:w.pth", "npu", "torch_npu does not load|finds no NPU"),
        ("torch:regnety_16:w.pth", None, "timm has no model 'regnety_16'; near it"),
        ("torch:tf_efficientnet_lite0:nothing.pth", None, "nothing.pth: no such file of weights"),
    ],
)
def test_what_is_refused(model: str, provider: str | None, words: str) -> None:
    try:
        import_timm()
    except BackendError as error:
        pytest.skip(str(error))
    with pytest.raises(RegcoreError, match=words):
        open_backend(model, provider=provider)


def test_weights_that_run_code_are_refused(exported_models: ExportedModels) -> None:
    with pytest.raises(BackendError, match="could run code"):
        open_backend(f"torch:{LITE0}:{exported_models.folder / 'code.pth'}")
    assert not (exported_models.folder / "executed").exists()


class Stream:
    """A made-up stream of torch.cuda that notes what is done in it, and only runs when waited for.

    log: of all streams, in the order in which things were asked for.
    """

    current: Any = None
    log: list[tuple[str, str]] = []  # noqa: RUF012
    names = ("in", "compute", "out")

    def __init__(self, _: object) -> None:
        self.name = Stream.names[len(Stream.made) % 3]
        Stream.made.append(self)

    made: list[Stream] = []  # noqa: RUF012

    def wait_event(self, event: Event) -> None:
        assert event.stream is not None, "an event is waited for that was never recorded"
        Stream.log.append((self.name, f"waits for {event.stream.name}"))

    def __enter__(self) -> None:
        Stream.current = self

    def __exit__(self, *_: object) -> None:
        Stream.current = None


class Event:
    """A made-up event: its time is the number of those recorded before it, in ms.

    Times between two are float32, as CUDA's are.
    """

    count = 0

    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing
        self.stream: Stream | None = None
        self.waited = False

    def record(self, stream: Stream) -> None:
        assert Stream.current in (stream, None)
        self.stream = stream
        Event.count += 1
        self.at = Event.count

    def synchronize(self) -> None:
        self.waited = True

    def elapsed_time(self, other: Event) -> float:
        return float(np.float32(other.at - self.at))


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Any:
    """torch with made-up streams, whose GPU is really the CPU."""
    torch = pytest.importorskip("torch")
    Stream.made, Stream.log, Event.count = [], [], 0
    pinned: set[int] = set()
    real_empty = torch.empty

    def empty(shape: Any, *, dtype: Any, device: str, pin_memory: bool = False) -> Any:
        assert device == "cpu"  # whatever the default device is
        made = real_empty(shape, dtype=dtype)
        pinned.add(made.data_ptr())
        return made

    monkeypatch.setattr(torch, "empty", empty)
    monkeypatch.setattr(torch.Tensor, "is_pinned", lambda self: self.data_ptr() in pinned)
    on_device: list[weakref.ref[Any]] = []

    def to(self: Any, _: object, *, non_blocking: bool) -> Any:
        assert non_blocking
        copy = self.clone()
        on_device.append(weakref.ref(copy))
        return copy

    monkeypatch.setattr(torch.Tensor, "to", to)
    for name, made_up in (
        ("Stream", Stream),
        ("Event", Event),
        ("stream", lambda stream: stream),
        ("synchronize", lambda _: None),
        ("get_device_name", lambda _: "Made Up"),
    ):
        monkeypatch.setattr(torch.cuda, name, made_up)
    torch.on_device = on_device
    yield torch
    del torch.on_device


@pytest.mark.slow
def test_the_order_of_a_gpus_work(cuda: Any) -> None:
    from regcore.backends.pytorch.accelerator import AcceleratorDevice

    module = cuda.nn.Sequential(cuda.nn.AdaptiveAvgPool2d(1), cuda.nn.Flatten()).eval()
    device = AcceleratorDevice(cuda, cuda.cuda, module, cuda.device("cpu"))
    assert device.name == "cpu Made Up"
    ring = device.host_buffers(2, (4, 3, 8, 8), np.dtype(np.float32))
    assert ring is not None
    rng = np.random.default_rng(0)
    for buffer in ring:
        buffer[...] = rng.random(buffer.shape)
    module.register_forward_hook(lambda *call: cuda.on_device.append(weakref.ref(call[2])))
    Event.count += 86_400_000  # a day: since its start times are known to 8 ms
    device.submit(ring[0])
    device.submit(ring[1][:3])
    alive = [[memory() is not None for memory in cuda.on_device]]
    for expected in (ring[0], ring[1][:3]):
        result = device.result()
        np.testing.assert_allclose(result.scores, expected.mean(axis=(2, 3)), rtol=1e-5)
        assert [span.stage for span in result.spans] == ["h2d", "compute", "d2h"]
        ends = [(span.start, span.end) for span in result.spans]
        assert all(start < end for start, end in ends)
        assert ends == sorted(ends)
        alive.append([memory() is not None for memory in cuda.on_device])
    # The model never starts before its images are there, nor do scores leave before they are.
    order = [("compute", "waits for in"), ("out", "waits for compute")]
    assert Stream.log == order * 2
    # Images and scores on the device are kept until every stream is done with them, no longer.
    assert alive == [[True] * 4, [False] * 2 + [True] * 2, [False] * 4]
    # Ordinary and read-only memory goes through page-locked memory.
    plain = rng.random((2, 3, 8, 8)).astype(np.float32)
    plain.flags.writeable = False
    device.submit(plain)
    np.testing.assert_allclose(device.result().scores, plain.mean(axis=(2, 3)), rtol=1e-5)
    device.close()


@pytest.mark.parametrize(("kind", "reduced"), [("cuda", "tf32"), ("npu", "hf32")])
def test_float32_is_computed_as_such_unless_it_is_asked_for(kind: str, reduced: str) -> None:
    # Both libraries' own defaults multiply convolutions in less.
    conv, matmul = SimpleNamespace(allow_hf32=True), SimpleNamespace(allow_hf32=False)
    cudnn = SimpleNamespace(allow_tf32=True)
    backends = SimpleNamespace(cudnn=cudnn, cuda=SimpleNamespace(matmul=matmul))
    matmul.allow_tf32 = False
    torch: Any = SimpleNamespace(npu=SimpleNamespace(conv=conv, matmul=matmul), backends=backends)
    device: Any = SimpleNamespace(type=kind)
    name = f"allow_{reduced}"
    for precision, allowed in ((None, False), (reduced, True)):
        assert set_precision(torch, device, precision) == (precision or "")
        assert getattr(cudnn if kind == "cuda" else conv, name) is allowed
        assert getattr(matmul, name) is allowed
    with pytest.raises(BackendError, match=r"no precision bfloat16 on .*, only"):
        set_precision(torch, device, "bfloat16")


def test_the_cpu_computes_float32_alone() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(BackendError, match="no precision tf32 on cpu, float32 alone"):
        set_precision(torch, torch.device("cpu"), "tf32")

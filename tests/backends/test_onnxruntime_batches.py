"""Sizes of batches that a session on the CPU is fixed to, with the real ONNX Runtime."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import save_graph, save_model

from regcore.backends.onnxruntime.batch_axis import BatchAxis
from regcore.backends.onnxruntime.node_placement import nodes_of
from regcore.backends.registry import open_backend

onnxruntime = pytest.importorskip("onnxruntime")
if not hasattr(onnxruntime.InferenceSession, "get_provider_graph_assignment_info"):
    pytest.skip("ONNX Runtime before 1.24 does not tell its nodes", allow_module_level=True)
RealSession = onnxruntime.InferenceSession


class Watched(RealSession):  # type: ignore[misc, valid-type]
    """A session; `shapes` has the images of each that was opened, `alive` how many there are."""

    shapes: list[Any] = []  # noqa: RUF012
    nodes: list[int] = []  # noqa: RUF012
    alive = most_alive = 0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        Watched.shapes.append(self.get_inputs()[0].shape[0])
        Watched.nodes.append(sum(nodes_of(self).values()))
        Watched.alive += 1
        Watched.most_alive = max(Watched.alive, Watched.most_alive)

    def __del__(self) -> None:
        Watched.alive -= 1


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> type[Watched]:
    monkeypatch.setattr(onnxruntime, "InferenceSession", Watched)
    for name, value in {"shapes": [], "nodes": [], "alive": 0, "most_alive": 0}.items():
        monkeypatch.setattr(Watched, name, value)
    return Watched


def images(count: int, side: int = 8) -> Any:
    return np.random.default_rng(count).standard_normal((count, 3, side, side), np.float32)


def save_padded(path: Path) -> Path:
    """A model whose padding hangs on the size of its images."""
    nodes: list[tuple[Any, ...]] = [
        ("Shape", ["image"], ["shape"], {}),
        ("Gather", ["shape", "rows"], ["height"], {}),
        ("Sub", ["ten", "height"], ["missing"], {}),
        ("Concat", ["zeros", "missing", "missing"], ["pads"], {"axis": 0}),
        ("Pad", ["image", "pads"], ["padded"], {}),
        ("Conv", ["padded", "filters"], ["mixed"], {}),
        ("GlobalAveragePool", ["mixed"], ["pooled"], {}),
        ("Flatten", ["pooled"], ["class"], {}),
    ]
    filters = np.random.default_rng(0).standard_normal((5, 3, 3, 3), np.float32)
    constants = {
        "rows": np.array([2]),
        "ten": np.array([10]),
        "zeros": np.zeros(6, np.int64),
        "filters": filters,
    }
    return save_graph(path, nodes, ("float32", ["N", 5]), constants=constants)


def unfixed_scores(path: Path, batch: Any) -> Any:
    session = RealSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: batch})[0]


@pytest.mark.parametrize(
    ("sizes", "opened"),
    [
        ((8,), ["N"]),
        ((8, 8, 8, 8), ["N", 8]),
        ((8, 8, 8, 3), ["N", 8, "N"]),
        ((1, 8, 3, 2), ["N"]),
        ((4, 4, 2, 2, 2, 4, 4, 4), ["N", 4, "N", 2, "N"]),
    ],
)
def test_a_size_that_lasts_is_fixed_and_no_bit_changes(
    watched: type[Watched], tmp_path: Path, sizes: tuple[int, ...], opened: list[Any]
) -> None:
    model = save_padded(tmp_path / "m.onnx")
    with open_backend(model) as backend:
        for size in sizes:
            np.testing.assert_array_equal(
                backend.run(images(size)), unfixed_scores(model, images(size))
            )
    assert watched.shapes == opened
    assert watched.most_alive == 1
    assert all(
        nodes < watched.nodes[0]
        for nodes, size in zip(watched.nodes, opened, strict=True)
        if size != "N"
    )


def test_other_bits_are_not_taken(
    watched: type[Watched], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(self: Watched, *args: Any) -> Any:
        (scores,) = RealSession.run(self, *args)
        fixed = isinstance(self.get_inputs()[0].shape[0], int)
        return [np.nextafter(scores, np.float32(np.inf)) if fixed else scores]

    monkeypatch.setattr(watched, "run", run)
    model = save_padded(tmp_path / "m.onnx")
    with open_backend(model) as backend:
        for _ in range(4):
            np.testing.assert_array_equal(backend.run(images(8)), unfixed_scores(model, images(8)))
    assert watched.shapes == ["N", 8, "N"]
    assert watched.most_alive == 1


def test_a_model_that_cannot_be_fixed_runs_on(
    watched: type[Watched], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(BatchAxis, "fix", lambda *_: None)
    model = save_padded(tmp_path / "m.onnx")
    with open_backend(model) as backend:
        for _ in range(4):
            np.testing.assert_array_equal(backend.run(images(8)), unfixed_scores(model, images(8)))
    assert watched.shapes == ["N", "N", "N"]


def test_nothing_is_opened_where_nothing_is_gained(watched: type[Watched], tmp_path: Path) -> None:
    with open_backend(save_model(tmp_path / "m.onnx", size=8)) as backend:
        for _ in range(3):
            backend.run(images(8))
    assert watched.shapes == ["N"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"),
    [("tf_efficientnet_lite0", 224), ("vit_tiny_patch16_224", 224), ("regnety_002", 224)],
)
def test_bits_of_real_models(watched: type[Watched], tmp_path: Path, name: str, size: int) -> None:
    torch = pytest.importorskip("torch")
    from regcore.frameworks import import_timm

    torch.manual_seed(0)
    model = import_timm().create_model(name, pretrained=False).eval()
    path = tmp_path / "m.onnx"
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (torch.zeros(2, 3, size, size),),
            path,
            dynamo=False,
            opset_version=17,
            input_names=["image"],
            dynamic_axes={"image": {0: "-1"}},
        )
    for steady in (8, 3):
        with open_backend(path) as backend:
            for count in (steady, steady, steady, 1, 2):
                batch = images(count, size)
                np.testing.assert_array_equal(backend.run(batch), unfixed_scores(path, batch))
    fixed = [shape for shape in watched.shapes if isinstance(shape, int)]
    assert fixed == ([] if name == "regnety_002" else [8, 3])
    assert watched.most_alive == 1

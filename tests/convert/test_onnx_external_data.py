"""Models with more weights than one ONNX file can hold, at a size that tests can lower."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regcore import MismatchError, Recipe
from regcore.backends.registry import open_backend, read_metadata
from regcore.convert.onnx import export
from regcore.convert.onnx.check_scores import Images
from regcore.convert.onnx.embed import embed_in_onnx
from regcore.convert.onnx.export import export_model
from regcore.convert.tensorrt.engine import float16_file
from regcore.convert.tensorrt.job import EngineJob
from regcore.convert.tensorrt.python_builder import PythonBuilder
from regcore.models import onnx_package
from regcore.models.metadata import ModelMetadata
from regcore.models.onnx_file import read_onnx
from regcore.models.onnx_writer import writing_onnx

onnx = pytest.importorskip("onnx")
import tensorrt_stand_in  # noqa: E402

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

RECIPE = Recipe(resize=32, crop=32)
METADATA = ModelMetadata(RECIPE, "small", "pretrained")
PIXELS = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
FORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "fused": {"fuse_layout": "nhwc"},
    "float16": {"fp16": True},
    "fused float16": {"fuse_layout": "nchw", "fp16": True},
    "dynamo": {"dynamo": True},
}


def network(seed: int = 1) -> Any:
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 7, stride=8),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(128, 5),
    ).eval()


def write(out: Path, seed: int = 1, **form: Any) -> Path:
    made = export_model(network(seed), METADATA, out, Images(list(PIXELS), "photos"), **form)
    assert [out, *made.weights_files] == read_onnx(out).files
    return out


def scores(path: Path) -> Any:
    recipe = read_metadata(path).recipe
    with open_backend(path) as backend:
        shape = (6, *recipe.image_shape)
        return backend.run(np.random.default_rng(1).integers(0, 9, shape).astype(recipe.dtype))


@pytest.fixture
def most_bytes(monkeypatch: pytest.MonkeyPatch) -> int:
    """No message may hold so much, and ONNX's own functions refuse it, as they do above 2 GiB."""
    most = 2000

    def refusing(function: Any) -> Any:
        def called(model: Any, *args: Any, **options: Any) -> Any:
            assert sum(len(tensor.raw_data) for tensor in model.graph.initializer) <= most
            return function(model, *args, **options)

        return called

    float16 = pytest.importorskip("onnxruntime.transformers.float16")
    monkeypatch.setattr(onnx_package, "MOST_WEIGHTS_BYTES", most)
    monkeypatch.setattr(onnx.checker, "check_model", refusing(onnx.checker.check_model))
    infer_shapes = refusing(onnx.shape_inference.infer_shapes)
    monkeypatch.setattr(onnx.shape_inference, "infer_shapes", infer_shapes)
    monkeypatch.setattr(float16, "infer_shapes", infer_shapes)
    return most


@pytest.mark.slow
@pytest.mark.parametrize(
    "form", [pytest.param(n, marks=[pytest.mark.slow] * (n == "dynamo")) for n in FORMS]
)
def test_export_puts_the_weights_beside_the_model(
    tmp_path: Path, form: str, request: pytest.FixtureRequest
) -> None:
    whole = write(tmp_path / "whole.onnx", **FORMS[form])
    assert read_onnx(whole).data_files == {}
    expected = scores(whole)
    most = request.getfixturevalue("most_bytes")
    out = write(tmp_path / "m.onnx", **FORMS[form])
    found = read_onnx(out)
    found.check_data()
    (data,) = found.data_files
    assert data.startswith("m.onnx.")
    assert out.stat().st_size < 3 * most + len(found.producer) + 9000
    assert {file.name for file in tmp_path.iterdir()} == {"whole.onnx", "m.onnx", data}
    np.testing.assert_array_equal(scores(out), expected)
    assert found.weights == read_onnx(whole).weights


def test_weights_follow_their_model(most_bytes: int, tmp_path: Path) -> None:
    out = write(tmp_path / "m.onnx")
    first = list(read_onnx(out).data_files)
    assert list(read_onnx(write(out)).data_files) == first
    (tmp_path / "m.onnx.0123456789abcdef.data").write_bytes(b"of somebody else")
    second = list(read_onnx(write(out, seed=2)).data_files)
    assert first != second
    left = {"m.onnx", "m.onnx.0123456789abcdef.data", *second}
    assert {file.name for file in tmp_path.iterdir()} == left


def test_other_scores_leave_nothing(
    most_bytes: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = write(tmp_path / "m.onnx")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr(export, "FLOAT32_TOLERANCE", -1.0)
    for seed in (1, 2):
        with pytest.raises(MismatchError):
            write(out, seed=seed)
        assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_recipe_and_float16_of_such_a_model(most_bytes: int, tmp_path: Path) -> None:
    out = write(tmp_path / "m.onnx")
    other = ModelMetadata(Recipe(resize=40, crop=32), "other", "pretrained")
    embed_in_onnx(read_onnx(out), other, tmp_path / "n.onnx")
    assert read_metadata(tmp_path / "n.onnx") == other
    np.testing.assert_array_equal(scores(tmp_path / "n.onnx"), scores(out))
    (tmp_path / "folder").mkdir()
    half = read_onnx(float16_file(read_onnx(out), tmp_path / "folder"))
    half.check_data()
    assert set(half.weights) == {"float16"}


def test_tensorrt_finds_weights_beside_the_model(
    most_bytes: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = write(tmp_path / "m.onnx", batch=6)
    monkeypatch.setitem(sys.modules, "tensorrt", tensorrt_stand_in.module("10.1.0"))
    job = EngineJob(out, "image", (), fp16_flag=False, tf32=False, timing_cache=tmp_path / "cache")
    PythonBuilder().build(job, tmp_path / "m.engine", lambda _: None)
    assert (tmp_path / "m.engine").is_file()


@pytest.mark.slow
def test_more_than_two_gibibytes(tmp_path: Path) -> None:
    """Of zeros, which take no room on the disk, and of which the model looks at few."""
    helper = onnx.helper
    rows, width = 1_100_000, 500  # 2.2 GB
    table = onnx.TensorProto(name="table", data_type=onnx.TensorProto.FLOAT, dims=[rows, width])
    table.data_location = onnx.TensorProto.EXTERNAL
    size = 4 * rows * width
    for key, value in (("location", "m.data"), ("offset", "0"), ("length", str(size))):
        table.external_data.add(key=key, value=value)
    with (tmp_path / "m.data").open("wb") as file:
        file.truncate(size)
        file.seek(4 * width * (rows - 1))
        file.write(np.arange(width, dtype=np.float32).tobytes())
    nodes = [
        helper.make_node("ReduceSum", ["image", "sides"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["sum"], ["row"], to=onnx.TensorProto.INT64),
        helper.make_node("Gather", ["table", "row"], ["class"]),
    ]
    graph = helper.make_graph(
        nodes,
        "large",
        [helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, ["N", 3, 2, 2])],
        [helper.make_tensor_value_info("class", onnx.TensorProto.FLOAT, ["N", width])],
        [onnx.numpy_helper.from_array(np.array([1, 2, 3]), "sides"), table],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx_file = tmp_path / "m.onnx"
    with writing_onnx(model, onnx_file):
        pass
    found = read_onnx(onnx_file)
    found.check_data()
    assert found.weights["float32"] == rows * width
    metadata = ModelMetadata(Recipe(resize=2, crop=2), "large", "pretrained")
    embed_in_onnx(found, metadata, tmp_path / "n.onnx")
    images = np.zeros((2, 3, 2, 2), np.float32)
    images[1, 0, 0, 0] = rows - 1
    with open_backend(tmp_path / "n.onnx") as backend:
        given = backend.run(images)
    np.testing.assert_array_equal(given, np.stack([np.zeros(width), np.arange(width)]))

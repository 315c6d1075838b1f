"""What tells a model from another: also the weights that lie beside its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx_models import save_model

from regcore.api.inference_inputs import model_identity
from regcore.models.external_weights import model_files
from regcore.reports.provenance import provenance


def test_weights_beside_an_onnx_file_belong_to_it(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path, weights = tmp_path / "m.onnx", tmp_path / "m.data"
    model = onnx.load(save_model(tmp_path / "whole.onnx"))
    onnx.save(model, path, save_as_external_data=True, location=weights.name, size_threshold=0)
    (tmp_path / "other.data").write_bytes(b"of another model")
    before = model_identity(str(path))
    (tmp_path / "other.data").write_bytes(b"changed")
    assert model_identity(str(path)) == before
    content = bytearray(weights.read_bytes())
    content[0] ^= 1
    weights.write_bytes(content)
    assert model_identity(str(path)) != before
    assert model_identity(f"openvino:{path}") == f"openvino:{model_identity(str(path))}"
    assert model_identity("simulated:100") == "simulated:100"


def test_weights_of_a_torch_model_belong_to_it(tmp_path: Path) -> None:
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"of the first epoch")
    model = f"torch:resnet18.a1_in1k:{weights}"
    before, hashed = model_identity(model), provenance("", None, model, None).model_hash
    assert before.startswith("torch:resnet18.a1_in1k:")
    assert hashed is not None
    weights.write_bytes(b"of the second epoch")
    assert model_identity(model) != before
    assert provenance("", None, model, None).model_hash not in {hashed, None}
    assert model_identity("torch:resnet18.a1_in1k") == "torch:resnet18.a1_in1k"


@pytest.mark.parametrize("location", ["weights.data", "./weights.data", f"{'w' * 200}.data"])
def test_files_with_weights_are_those_that_a_model_names(tmp_path: Path, location: str) -> None:
    """And not those whose name is the end of such a one."""
    onnx = pytest.importorskip("onnx")
    path = tmp_path / "m.onnx"
    model = onnx.load(save_model(tmp_path / "whole.onnx"))
    onnx.save(model, path, save_as_external_data=True, location="first.data", size_threshold=0)
    named = onnx.load(path, load_external_data=False)
    for tensor in named.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    path.write_bytes(named.SerializeToString())
    (tmp_path / location).write_bytes((tmp_path / "first.data").read_bytes())
    (tmp_path / location[-6:]).write_bytes(b"of another model")  # s.data or w.data
    assert model_files(path) == [path, tmp_path / location]


def test_a_model_that_cannot_be_read_has_no_files(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").touch()
    (tmp_path / "other.bin").write_bytes(b"of another model")
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(b"\x0a\x08location\x12")
    for path in (tmp_path / "empty.onnx", cut):
        assert model_files(path) == [path]

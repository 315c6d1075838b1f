"""What tells a model from another: also the weights that lie beside its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx_models import save_model

from regcore.api.inference_inputs import model_identity


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

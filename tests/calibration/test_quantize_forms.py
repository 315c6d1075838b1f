"""Forms of a model that a quantiser must cope with: where constants stand, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import save_graph

from regcore import BackendError, calibrate_model, quantize_model
from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SMALL = Recipe(resize=8, crop=8, filter="bilinear", mean=(0, 0, 0), std=(1, 1, 1))
CONV = ("Conv", ["image", "w"], ["a"], {"name": "conv"})
POOL = ("GlobalAveragePool", ["a"], ["pooled"], {"name": "pool"})
FLAT = ("Flatten", ["pooled"], ["class"], {"name": "flat"})


def saved(path: Path, nodes: list[tuple[Any, ...]], constants: dict[str, Any]) -> Path:
    weights = np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32)
    return save_graph(
        path,
        nodes,
        ("float32", ["N", 4]),
        constants={"w": weights, **constants},
        properties=ModelMetadata(SMALL, "small", "none").to_properties(),
        opset=13,
    )


def quantised(model: Path, photos: Path, to: str = "int8-qdq") -> float:
    """Quantises a model; the noise of its scores in dB below them."""
    calibrate_model(model, photos, model.parent / "calibration", count=4)
    ratio = quantize_model(model, model.parent / "calibration", to=to).form.signal_to_noise_db
    assert ratio is not None
    return ratio


def test_sizes_that_are_constants_of_the_graph(
    photos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shape = ("Reshape", ["pooled", "shape"], ["class"], {"name": "reshape"})
    constants = {"shape": np.array([-1, 4], np.int64)}
    model = saved(tmp_path / "reshape.onnx", [CONV, POOL, shape], constants)
    assert quantised(model, photos) > 20
    assert capfd.readouterr().err == ""


def test_padding_that_is_a_constant_of_the_graph(photos: Path, tmp_path: Path) -> None:
    pad = ("Pad", ["image", "pads"], ["padded"], {"name": "pad", "mode": "edge"})
    conv = ("Conv", ["padded", "w"], ["a"], {"name": "conv"})
    constants = {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)}
    model = saved(tmp_path / "edge.onnx", [pad, conv, POOL, FLAT], constants)
    assert quantised(model, photos) > 20


@pytest.mark.parametrize("to", ["int8-qdq", "fp16"])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(("ir_version", "opset"), [(3, 13), (3, 9), (8, 13)])
def test_constants_that_are_inputs_too(
    photos: Path, tmp_path: Path, ir_version: int, opset: int, to: str, *, padded: bool
) -> None:
    """As all are in files of before IR version 4; padding is folded, and its constant goes."""
    pad = ("Pad", ["image", "pads"], ["padded"], {"name": "pad"})
    if opset < 11:
        pad = ("Pad", ["image"], ["padded"], {"name": "pad", "pads": [0, 0, 1, 1, 0, 0, 1, 1]})
    conv = ("Conv", ["padded", "w"], ["a"], {"name": "conv"})
    constants = {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)}
    nodes = [pad, conv, POOL, FLAT] if padded else [CONV, POOL, FLAT]
    path = saved(tmp_path / "old.onnx", nodes, constants if padded and opset > 10 else {})
    made = onnx.load(path)
    made.ir_version = ir_version
    made.opset_import[0].version = opset
    for tensor in made.graph.initializer:
        made.graph.input.append(
            onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        )
    onnx.save(made, path)
    assert quantised(path, photos, to) > 20
    written = path.with_name(f"old.{'int8' if to == 'int8-qdq' else 'fp16'}.onnx")
    session = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_inputs()] == ["image"]


def test_the_nodes_of_float16_are_counted_where_they_are(photos: Path, tmp_path: Path) -> None:
    """ONNX Runtime's converter leaves Max in float32; what computes sizes has neither."""
    lowest = ("Max", ["pooled", "zero"], ["positive"], {"name": "max"})
    nodes = [
        CONV,
        POOL,
        lowest,
        ("Shape", ["image"], ["sizes"], {"name": "shape"}),
        ("Gather", ["sizes", "first"], ["images"], {"name": "gather", "axis": 0}),
        ("Concat", ["images", "rest"], ["shape"], {"name": "concat", "axis": 0}),
        ("Reshape", ["positive", "shape"], ["class"], {"name": "reshape"}),
    ]
    constants = {
        "zero": np.zeros(1, np.float32),
        "first": np.array([0], np.int64),
        "rest": np.array([4], np.int64),
    }
    model = saved(tmp_path / "max.onnx", nodes, constants)
    calibrate_model(model, photos, tmp_path / "calibration", count=4)
    form = quantize_model(model, tmp_path / "calibration", to="fp16").form
    made = onnx.load(form.path)
    assert {node.op_type for node in made.graph.node} >= {"Max", "Cast"}
    assert (form.quantised_nodes, form.float_nodes) == (4, 3)
    kept = quantize_model(model, tmp_path / "calibration", to="fp16", keep=["conv"]).form
    assert (kept.quantised_nodes, kept.float_nodes) == (3, 4)


def test_scores_that_are_too_large_for_float16(photos: Path, tmp_path: Path) -> None:
    scaled = ("Mul", ["pooled", "large"], ["scaled"], {"name": "scaled"})
    flat = ("Flatten", ["scaled"], ["class"], {"name": "flat"})
    constants = {"large": np.array(60000, np.float32)}
    model = saved(tmp_path / "large.onnx", [CONV, POOL, scaled, flat], constants)
    calibrate_model(model, photos, tmp_path / "calibration", count=4)
    with pytest.raises(BackendError, match=r"no values above 65504, and the scores reach \d{5,}"):
        quantize_model(model, tmp_path / "calibration", to="fp16")
    assert not (tmp_path / "large.fp16.onnx").exists()


def test_scores_that_are_infinite_in_float32(photos: Path, tmp_path: Path) -> None:
    flat = ("Flatten", ["pooled"], ["all"], {"name": "flat"})
    mask = ("Where", ["mask", "all", "lowest"], ["class"], {"name": "masked"})
    constants = {
        "mask": np.array([[True, True, False, True]]),
        "lowest": np.array([[-np.inf]], np.float32),
    }
    model = saved(tmp_path / "masked.onnx", [CONV, POOL, flat, mask], constants)
    calibrate_model(model, photos, tmp_path / "calibration", count=4)
    form = quantize_model(model, tmp_path / "calibration", to="fp16").form
    assert form.signal_to_noise_db is not None
    assert 20 < form.signal_to_noise_db < 99
    assert 0 < form.agreement.largest_difference < form.agreement.largest_score < 99

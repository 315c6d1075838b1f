"""Nodes that are to stay in float are computed in float by ONNX Runtime, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import save_graph

from regcore import calibrate_model, quantize_model
from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SMALL = Recipe(resize=8, crop=8, filter="bilinear", mean=(0, 0, 0), std=(1, 1, 1))
PLAIN = ("Identity", {})


def coarse_model(path: Path, channels: int, between: tuple[str, dict[str, Any]]) -> Path:
    """Of several channels the first is always 0, with weights in `coarse` that int8 cannot hold."""
    random = np.random.default_rng(1)
    first = np.abs(random.normal(size=(channels, 3, 3, 3))).astype(np.float32)
    coarse = np.abs(random.normal(size=(4, channels, 1, 1))).astype(np.float32)
    last = random.normal(size=(5, 4, 3, 3)).astype(np.float32)
    if channels > 1:
        coarse[:, 0] = 1000
        first[0] = 0
    operator, options = between
    return save_graph(
        path,
        [
            ("Conv", ["image", "w1"], ["a"], {"name": "fine"}),
            ("Relu", ["a"], ["b"], {"name": "before"}),
            (operator, ["b"], ["m"], {"name": "between", **options}),
            ("Conv", ["m", "w2"], ["c"], {"name": "coarse"}),
            ("Relu", ["c"], ["d"], {"name": "after"}),
            ("Conv", ["d", "w3"], ["e"], {"name": "last"}),
            ("GlobalAveragePool", ["e"], ["pooled"], {"name": "pool"}),
            ("Flatten", ["pooled"], ["class"], {"name": "flat"}),
        ],
        ("float32", ["N", 5]),
        constants={"w1": first, "w2": coarse, "w3": last},
        properties=ModelMetadata(SMALL, "small", "none").to_properties(),
        opset=13,
    )


def optimised(path: Path) -> list[str]:
    """The operators that ONNX Runtime runs."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path.with_suffix(".optimised.onnx"))
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return [node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node]


@pytest.mark.parametrize("keep", [["coarse", "after"], ["between", "coarse", "after"]])
@pytest.mark.parametrize(
    ("channels", "between"),
    [
        (4, PLAIN),
        (4, ("MaxPool", {"kernel_shape": [2, 2]})),
        (4, ("Transpose", {"perm": [0, 1, 3, 2]})),
        (1, PLAIN),
        (1, ("MaxPool", {"kernel_shape": [2, 2]})),
    ],
)
def test_weights_that_are_kept(
    photos: Path,
    tmp_path: Path,
    channels: int,
    between: tuple[str, dict[str, Any]],
    keep: list[str],
) -> None:
    model = coarse_model(tmp_path / "model.onnx", channels, between)
    calibrate_model(model, photos, tmp_path / "calibration", count=4)
    if between == PLAIN:
        keep = [name for name in keep if name != "between"]  # which ONNX Runtime removes
    made = quantize_model(model, tmp_path / "calibration", keep=keep)
    assert optimised(made.path).count("QLinearConv") == 2
    assert made.form.signal_to_noise_db is not None
    assert made.form.signal_to_noise_db > 20


def added_model(path: Path) -> Path:
    random = np.random.default_rng(1)
    return save_graph(
        path,
        [
            ("Conv", ["image", "w1"], ["a"], {"name": "left"}),
            ("Conv", ["image", "w2"], ["b"], {"name": "right"}),
            ("Add", ["a", "b"], ["c"], {"name": "add"}),
            ("Conv", ["c", "w3"], ["d"], {"name": "last"}),
            ("GlobalAveragePool", ["d"], ["pooled"], {"name": "pool"}),
            ("Flatten", ["pooled"], ["class"], {"name": "flat"}),
        ],
        ("float32", ["N", 5]),
        constants={
            "w1": random.normal(size=(4, 3, 3, 3)).astype(np.float32),
            "w2": random.normal(size=(4, 3, 3, 3)).astype(np.float32),
            "w3": random.normal(size=(5, 4, 3, 3)).astype(np.float32),
        },
        properties=ModelMetadata(SMALL, "small", "none").to_properties(),
        opset=13,
    )


def test_a_node_without_weights_that_is_kept(photos: Path, tmp_path: Path) -> None:
    model = added_model(tmp_path / "model.onnx")
    calibrate_model(model, photos, tmp_path / "calibration", count=4)

    def form(*keep: str) -> Any:
        return quantize_model(model, tmp_path / "calibration", keep=keep).form

    plain = form()
    assert "QLinearAdd" in optimised(Path(plain.path))
    assert (plain.quantised_nodes, plain.float_nodes) == (6, 0)
    kept = form("add")
    operators = optimised(Path(kept.path))
    assert "Add" in operators
    assert "QLinearAdd" not in operators
    assert (kept.quantised_nodes, kept.float_nodes) == (5, 1)
    both = form("add", "last")
    assert optimised(Path(both.path)).count("QLinearConv") == 2
    assert (both.quantised_nodes, both.float_nodes) == (4, 2)

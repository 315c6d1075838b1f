"""Which paddings go into the convolution behind them, and that its results stay the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import save_graph

from regcore.convert.onnx.fold_padding import fold_padding

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

#: One row above, two columns to the left, three rows below, none to the right.
UNEVEN = np.array([0, 0, 1, 2, 0, 0, 3, 0], np.int64)
FIVE = np.array(5, np.float32)


def padded(
    path: Path,
    *,
    takes: tuple[str, ...] = ("image", "pads"),
    pad: dict[str, Any] | None = None,
    conv: dict[str, Any] | None = None,
    before: tuple[Any, ...] = (),
    constants: dict[str, Any] | None = None,
) -> Path:
    """A model whose scores show where in an image which value is."""
    random = np.random.default_rng(1)
    return save_graph(
        path,
        [
            *before,
            ("Pad", list(takes), ["padded"], {"name": "pad", **(pad or {})}),
            ("Conv", ["padded", "w"], ["a"], {"name": "conv", **(conv or {})}),
            ("Flatten", ["a"], ["class"], {"name": "flat"}),
        ],
        ("float32", ["N", None]),
        constants={
            "w": random.normal(size=(4, 3, 3, 3)).astype(np.float32),
            "pads": UNEVEN,
            **(constants or {}),
        },
        opset=18,
    )


def scores(model: Any, images: Any) -> Any:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"image": images})[0]


FORMS: dict[str, tuple[int, dict[str, Any]]] = {
    "uneven": (1, {}),
    "a value of 0": (
        1,
        {"takes": ("image", "pads", "value"), "constants": {"value": np.array(0, np.float32)}},
    ),
    "another value": (0, {"takes": ("image", "pads", "value"), "constants": {"value": FIVE}}),
    "another value of a node": (
        0,
        {
            "takes": ("image", "pads", "value"),
            "before": (("Constant", [], ["value"], {"value_float": 5.0}),),
        },
    ),
    "axes": (
        0,
        {
            "takes": ("image", "pads", "", "axes"),
            "constants": {"axes": np.array([0, 1, 3, 2], np.int64)},
        },
    ),
    "pads of its own": (1, {"conv": {"pads": [1, 0, 0, 2], "dilations": [2, 2]}}),
    "as much as is needed": (0, {"conv": {"auto_pad": "SAME_UPPER", "strides": [2, 2]}}),
    "none of its own": (1, {"conv": {"auto_pad": "VALID", "strides": [2, 2]}}),
    "reflected": (0, {"pad": {"mode": "reflect"}}),
    "cut off": (0, {"constants": {"pads": np.array([0, 0, -1, 2, 0, 0, 3, 0], np.int64)}}),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_results_stay(tmp_path: Path, form: str) -> None:
    folded, options = FORMS[form]
    model = onnx.load(padded(tmp_path / "m.onnx", **options))
    images = np.random.default_rng(3).normal(size=(2, 3, 8, 8)).astype(np.float32)
    before = scores(model, images)
    assert fold_padding(model, (3, 8, 8), None) == folded
    after = scores(model, images)
    assert after.shape == before.shape
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5)
    assert ("Pad" in {node.op_type for node in model.graph.node}) == (not folded)
    if folded:
        assert {tensor.name for tensor in model.graph.initializer} == {"w"}
